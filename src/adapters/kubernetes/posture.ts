/** Kubernetes objects → posture values. Pure. Absent fields read as Kubernetes' defaults. */
import { type Labels, selects } from '../../domain/label-selector.ts'
import type {
  ContainerSeen,
  EgressPeer,
  NetworkPolicySeen,
  ProbeSeen,
  RolloutSeen,
  SecretSeen,
  SecuritySeen,
  ServiceSeen,
  WorkloadSeen,
} from '../../domain/posture.ts'
import { instant, type Millis, millis, seconds } from '../../domain/units.ts'
import type { Fields } from '../../protocols/fields.ts'
import type { KubeObject } from '../../protocols/kubernetes/api.ts'
import { fields, labelsOf, list, named, optional, selectorOf, text, texts, timeOf } from './fields.ts'

const ROTATE_WITHIN = 'matchday.dev/rotate-within'

export function workloadSeen(kind: string, object: KubeObject): WorkloadSeen {
  const spec = fields(object.spec)
  const template = fields(spec.template)
  const pod = fields(template.spec)
  const labels = labelsOf(fields(template.metadata).labels)
  const grace = pod.terminationGracePeriodSeconds
  return {
    resource: 'Workload',
    ...named(object),
    workloadKind: kind,
    replicas: numberOr(spec.replicas, 1),
    labels,
    graceMs: seconds(Math.max(0, numberOr(grace, 30))),
    ...optional('rollout', rolloutOf(kind, spec)),
    ...optional('priorityClass', text(pod.priorityClassName) || undefined),
    spreadOver: spreadOf(pod, labels),
    hostNamespaces: ['hostNetwork', 'hostPID', 'hostIPC'].filter((key) => pod[key] === true),
    volumes: list(pod.volumes).flatMap((volume) => Object.keys(volume).filter((key) => key !== 'name')),
    containers: [
      ...list(pod.initContainers).map((each) => containerSeen(each, pod, each.restartPolicy !== 'Always')),
      ...list(pod.containers).map((each) => containerSeen(each, pod, false)),
    ],
  }
}

/** Constraints and anti-affinities that select the pods of the workload itself. */
function spreadOf(pod: Fields, labels: Labels): readonly string[] {
  const anti = fields(fields(pod.affinity).podAntiAffinity)
  const terms = [
    ...list(pod.topologySpreadConstraints),
    ...list(anti.requiredDuringSchedulingIgnoredDuringExecution),
    ...list(anti.preferredDuringSchedulingIgnoredDuringExecution).map((each) => fields(each.podAffinityTerm)),
  ]
  const own = terms.filter(
    (each) => each.labelSelector !== undefined && selects(selectorOf(each.labelSelector), labels),
  )
  return [...new Set(own.map((each) => text(each.topologyKey)))]
}

function containerSeen(container: Fields, pod: Fields, init: boolean): ContainerSeen {
  const resources = fields(container.resources)
  const has = (probe: string): boolean => container[probe] !== undefined && container[probe] !== null
  return {
    name: text(container.name),
    image: text(container.image),
    init,
    requests: Object.keys(fields(resources.requests)),
    limits: Object.keys(fields(resources.limits)),
    readiness: has('readinessProbe'),
    liveness: has('livenessProbe'),
    startup: has('startupProbe'),
    ...optional('readinessProbe', probeOf(container.readinessProbe)),
    ...optional('livenessProbe', probeOf(container.livenessProbe)),
    ...optional('preStopMs', preStopOf(fields(fields(container.lifecycle).preStop))),
    hostPorts: list(container.ports).flatMap(({ hostPort }) => (typeof hostPort === 'number' ? [hostPort] : [])),
    ...optional('secretEnv', secretEnvOf(container)),
    security: securityOf(fields(container.securityContext), fields(pod.securityContext)),
  }
}

function secretEnvOf({ env, envFrom }: Fields): readonly string[] | undefined {
  const refs = [
    ...list(envFrom).map(({ secretRef }) => secretRef),
    ...list(env).map(({ valueFrom }) => fields(valueFrom).secretKeyRef),
  ]
  const names = new Set(refs.map((ref) => text(fields(ref).name)).filter((name) => name !== ''))
  return names.size === 0 ? undefined : [...names].sort()
}

/**
 * What a Deployment's strategy lets a rollout do, with Kubernetes' rounding: unavailable pods down, surge up, each 25 % by default
 * (API reference, DeploymentStrategy). StatefulSets replace one pod at a time.
 */
function rolloutOf(kind: string, spec: Fields): RolloutSeen | undefined {
  if (kind !== 'Deployment') return undefined
  const replicas = numberOr(spec.replicas, 1)
  const strategy = fields(spec.strategy)
  if (strategy.type === 'Recreate') return { unavailable: replicas, surge: 0, written: 'strategy Recreate' }
  const { maxUnavailable = '25%', maxSurge = '25%' } = fields(strategy.rollingUpdate)
  const surge = podsOf(maxSurge, replicas, Math.ceil)
  const unavailable = podsOf(maxUnavailable, replicas, Math.floor)
  const written = `maxUnavailable ${maxUnavailable}, maxSurge ${maxSurge}`
  // If both round to 0, Kubernetes uses 1 unavailable pod; otherwise a rollout could not progress.
  return { unavailable: unavailable === 0 && surge === 0 ? 1 : unavailable, surge, written }
}

function podsOf(written: unknown, replicas: number, round: (share: number) => number): number {
  if (typeof written === 'number') return written
  const percent = /^(\d+)%$/.exec(text(written))?.[1]
  return percent === undefined ? 0 : round((Number(percent) * replicas) / 100)
}

/** Kubernetes' defaults: every 10 s, 1 s timeout, three failures in a row (API reference, Probe). */
function probeOf(value: unknown): ProbeSeen | undefined {
  if (value === undefined || value === null) return undefined
  const probe = fields(value)
  return {
    asks: asksOf(probe),
    periodMs: seconds(numberOr(probe.periodSeconds, 10)),
    timeoutMs: seconds(numberOr(probe.timeoutSeconds, 1)),
    failures: numberOr(probe.failureThreshold, 3),
  }
}

function asksOf(probe: Fields): string {
  const { path = '/', port } = fields(probe.httpGet)
  if (probe.httpGet !== undefined) return `GET ${path} :${port}`
  if (probe.tcpSocket !== undefined) return `TCP :${fields(probe.tcpSocket).port}`
  if (probe.grpc !== undefined) return `gRPC :${fields(probe.grpc).port} ${text(fields(probe.grpc).service)}`.trim()
  const { command } = fields(probe.exec)
  return `exec ${Array.isArray(command) ? command.map(text).join(' ') : ''}`.trim()
}

/** `sleep: {seconds: 5}`, or `sleep 5` as a command, also inside a shell. */
function preStopOf(hook: Fields): Millis | undefined {
  const { seconds: slept } = fields(hook.sleep)
  if (typeof slept === 'number') return millis(slept * 1000)
  const command = fields(hook.exec).command
  const words = Array.isArray(command) ? command.map(text).join(' ') : ''
  const match = /\bsleep (\d+)\b/.exec(words)
  return match?.[1] === undefined ? undefined : millis(Number(match[1]) * 1000)
}

function securityOf(own: Fields, pod: Fields): SecuritySeen {
  const { add, drop } = fields(own.capabilities)
  const user = own.runAsUser ?? pod.runAsUser
  return {
    privileged: own.privileged === true,
    mayEscalate: own.allowPrivilegeEscalation !== false,
    nonRoot: (own.runAsNonRoot ?? pod.runAsNonRoot) === true,
    readOnlyRoot: own.readOnlyRootFilesystem === true,
    ...optional('user', typeof user === 'number' ? user : undefined),
    ...optional('seccomp', text(fields(own.seccompProfile ?? pod.seccompProfile).type) || undefined),
    added: texts(add),
    dropped: texts(drop),
  }
}

export function serviceSeen(object: KubeObject): ServiceSeen {
  const selector = labelsOf(fields(object.spec).selector)
  return {
    resource: 'Service',
    ...named(object),
    ...optional('selector', Object.keys(selector).length > 0 ? selector : undefined),
  }
}

export function networkPolicySeen(object: KubeObject): NetworkPolicySeen {
  const spec = fields(object.spec)
  // The API server fills in policyTypes. Without them a policy always governs ingress, and egress if it has an egress rule.
  const types = Array.isArray(spec.policyTypes)
    ? texts(spec.policyTypes)
    : ['Ingress', ...(spec.egress ? ['Egress'] : [])]
  return {
    resource: 'NetworkPolicy',
    ...named(object),
    selector: selectorOf(spec.podSelector),
    governs: [
      ...(types.includes('Ingress') ? (['ingress'] as const) : []),
      ...(types.includes('Egress') ? (['egress'] as const) : []),
    ],
    egress: list(spec.egress).map((rule) => ({ to: peersOf(rule.to), ports: portsOf(rule) })),
    ingress: list(spec.ingress).map((rule) => ({ from: peersOf(rule.from), ports: portsOf(rule) })),
  }
}

const peersOf = (peers: unknown): readonly EgressPeer[] =>
  list(peers).map((peer) => {
    const block = fields(peer.ipBlock)
    if (peer.ipBlock === undefined) return { kind: 'pods' }
    return { kind: 'block', cidr: text(block.cidr), except: texts(block.except) }
  })

const portsOf = (rule: Fields): readonly string[] =>
  list(rule.ports).map(({ protocol, port, endPort }) =>
    [text(protocol) || 'TCP', `${port ?? '*'}${endPort === undefined ? '' : `-${endPort}`}`].join('/'),
  )

export function secretSeen(object: KubeObject): SecretSeen {
  const written = object.metadata.annotations?.[ROTATE_WITHIN]
  return {
    resource: 'Secret',
    ...named(object),
    ...optional('changedAt', changedAt(object)),
    ...optional(
      'rotateWithin',
      written === undefined ? undefined : { text: written, ...optional('ms', periodOf(written)) },
    ),
  }
}

/**
 * Managed fields name keys, never values, and the time of their owner's last write, even if it changed only an annotation. So a secret may look
 * younger than it is.
 */
function changedAt({ metadata }: KubeObject) {
  const times = list(fields(metadata).managedFields).flatMap(({ time, fieldsV1 }) => {
    const owned = fields(fieldsV1)
    return 'f:data' in owned || 'f:stringData' in owned ? (timeOf(time) ?? []) : []
  })
  return times.length > 0 ? instant(Math.max(...times)) : timeOf(metadata.creationTimestamp)
}

const UNIT_HOURS: Readonly<Record<string, number>> = { d: 24, h: 1 }

/** `90d`, `12h`. */
function periodOf(written: string): Millis | undefined {
  const match = /^([1-9]\d{0,4})([dh])$/.exec(written.trim())
  const hours = UNIT_HOURS[match?.[2] ?? '']
  return match?.[1] === undefined || hours === undefined ? undefined : millis(Number(match[1]) * hours * 3_600_000)
}

const numberOr = (value: unknown, otherwise: number): number => (typeof value === 'number' ? value : otherwise)
