/** Kubernetes objects → the reduced snapshots in the journal. Pure. A field that is absent in the object stays absent here. */
import type {
  BudgetSeen,
  DeploymentSeen,
  EndpointsSeen,
  HpaSeen,
  ImageSeen,
  NodeSeen,
  PodOwner,
  PodSeen,
  StatefulSetSeen,
  Termination,
} from '../../domain/cluster.ts'
import { type Millis, millis } from '../../domain/units.ts'
import type { Fields } from '../../protocols/fields.ts'
import type { KubeObject } from '../../protocols/kubernetes/api.ts'
import { quantity } from '../../protocols/kubernetes/quantity.ts'
import { conditionsOf, count, fields, list, named, optional, text, timeOf } from './fields.ts'

const appOf = (labels: Readonly<Record<string, string>>): string =>
  labels['app.kubernetes.io/name'] ?? labels.app ?? labels['k8s-app'] ?? ''

/** Labels that hold the hash with which a Deployment (an Argo Rollout) ends the names of its ReplicaSets. */
const HASH_LABELS = [
  ['pod-template-hash', 'Deployment'],
  ['rollouts-pod-template-hash', 'Rollout'],
] as const

/**
 * The controller among the owner references. A ReplicaSet named `<name>-<hash>` was made by a Deployment called `<name>`, which then
 * counts as the owner: so no permission to read ReplicaSets is needed.
 */
function ownerOf({ metadata: { name, labels = {}, ownerReferences = [] } }: KubeObject): PodOwner {
  const controller = ownerReferences.find((each) => each.controller === true)
  if (!controller) return { kind: 'Pod', name }
  const { kind = '', name: owner = '' } = controller
  const made = HASH_LABELS.find(([label]) => labels[label] !== undefined && owner.endsWith(`-${labels[label]}`))
  if (kind !== 'ReplicaSet' || !made) return { kind, name: owner }
  const [label, maker] = made
  return { kind: maker, name: owner.slice(0, -`-${labels[label]}`.length) }
}

export function podSeen(object: KubeObject): PodSeen {
  const spec = fields(object.spec)
  const status = fields(object.status)
  const labels = object.metadata.labels ?? {}
  const condition = (type: string) =>
    list(status.conditions).find((each) => each.type === type && each.status === 'True')
  return {
    resource: 'Pod',
    ...named(object),
    app: appOf(labels),
    labels,
    owner: ownerOf(object),
    ...optional('node', text(spec.nodeName) || undefined),
    ...optional('ip', text(status.podIP) || undefined),
    podPhase: text(status.phase),
    ready: condition('Ready') !== undefined,
    deleting: object.metadata.deletionTimestamp !== undefined,
    restarts: list(status.containerStatuses).reduce((sum, each) => sum + count(each.restartCount), 0),
    ...optional('createdAt', timeOf(object.metadata.creationTimestamp)),
    ...optional('scheduledAt', timeOf(condition('PodScheduled')?.lastTransitionTime)),
    ...optional('readyAt', timeOf(condition('Ready')?.lastTransitionTime)),
    ...optional('unschedulable', unschedulable(status)),
    ...optional('priority', count(spec.priority) || undefined),
    ...optional(
      'graceMs',
      graceOf(fields(object.metadata).deletionGracePeriodSeconds ?? spec.terminationGracePeriodSeconds),
    ),
    ...optional('memoryLimit', memoryLimitOf(spec)),
    ...optional('lastTermination', lastTerminationOf(status)),
    images: imagesOf(spec, status),
  }
}

/** A pod that waits because something else than the scheduler has not let it through yet (SchedulingGated) is not meant. */
function unschedulable(status: Fields): string | undefined {
  const found = list(status.conditions).find(
    ({ type, status: is, reason }) => type === 'PodScheduled' && is === 'False' && reason === 'Unschedulable',
  )
  return found && text(found.message)
}

/** The spec names the image that was asked for, the status says which one runs. */
function imagesOf(spec: Fields, status: Fields): readonly ImageSeen[] {
  const ids = new Map(list(status.containerStatuses).map(({ name, imageID }) => [text(name), text(imageID)]))
  return list(spec.containers).map(({ name, image }) => ({
    container: text(name),
    image: text(image),
    ...optional('id', ids.get(text(name)) || undefined),
  }))
}

function memoryLimitOf(spec: Fields): number | undefined {
  const limits = list(spec.containers).map(({ resources }) => quantity(fields(fields(resources).limits).memory))
  return limits.length === 0 || limits.includes(undefined)
    ? undefined
    : limits.reduce<number>((sum, each) => sum + (each ?? 0), 0)
}

/** Of all containers the one that ended last. The kubelet keeps one earlier state of each. */
function lastTerminationOf(status: Fields): Termination | undefined {
  const all = list(status.containerStatuses).flatMap(({ name, lastState }): Termination[] => {
    const terminated = fields(lastState).terminated
    if (terminated === undefined) return []
    const { reason, exitCode, finishedAt } = fields(terminated)
    return [
      { container: text(name), reason: text(reason), exitCode: count(exitCode), ...optional('at', timeOf(finishedAt)) },
    ]
  })
  return all.sort((a, b) => (b.at ?? 0) - (a.at ?? 0))[0]
}

export function hpaSeen(object: KubeObject): HpaSeen {
  const spec = fields(object.spec)
  const status = fields(object.status)
  return {
    resource: 'HorizontalPodAutoscaler',
    ...named(object),
    of: text(fields(spec.scaleTargetRef).name),
    ...optional('ofKind', text(fields(spec.scaleTargetRef).kind) || undefined),
    min: typeof spec.minReplicas === 'number' ? spec.minReplicas : 1,
    max: count(spec.maxReplicas),
    current: count(status.currentReplicas),
    desired: count(status.desiredReplicas),
    metrics: list(spec.metrics).map((metric, index) => metricSeen(metric, list(status.currentMetrics)[index] ?? {})),
    conditions: conditionsOf(status),
    ...optional('lastScaleAt', timeOf(status.lastScaleTime)),
  }
}

/** One metric of autoscaling/v2: its source type names the field under which metric, target and current stand. */
function metricSeen(wanted: Fields, current: Fields): HpaSeen['metrics'][number] {
  const type = text(wanted.type)
  const source = sourceField(type)
  const body = fields(wanted[source])
  const target = fields(body.target)
  const now = current.type === wanted.type ? fields(fields(current[source]).current) : {}
  const name = text(fields(body.metric).name) || text(body.name)
  const field =
    target.type === 'Utilization' ? 'averageUtilization' : target.type === 'AverageValue' ? 'averageValue' : 'value'
  return { metric: `${type}/${name}`, target: quantity(target[field]) ?? 0, ...optional('value', quantity(now[field])) }
}

function sourceField(type: string): string {
  return type === 'ContainerResource' ? 'containerResource' : type.charAt(0).toLowerCase() + type.slice(1)
}

export function deploymentSeen(object: KubeObject): DeploymentSeen {
  const spec = fields(object.spec)
  const status = fields(object.status)
  return {
    resource: 'Deployment',
    ...named(object),
    wanted: typeof spec.replicas === 'number' ? spec.replicas : 1,
    current: count(status.replicas),
    ready: count(status.readyReplicas),
    updated: count(status.updatedReplicas),
  }
}

export function statefulSetSeen(object: KubeObject): StatefulSetSeen {
  const spec = fields(object.spec)
  const status = fields(object.status)
  return {
    resource: 'StatefulSet',
    ...named(object),
    wanted: typeof spec.replicas === 'number' ? spec.replicas : 1,
    current: count(status.replicas),
    ready: count(status.readyReplicas),
  }
}

const textsOf = (labels: Fields): Readonly<Record<string, string>> =>
  Object.fromEntries(Object.entries(labels).map(([label, value]) => [label, text(value)]))

/** What a deletion was given counts more than what the pod's spec asks for. */
const graceOf = (seconds: unknown): Millis | undefined =>
  typeof seconds === 'number' && seconds >= 0 ? millis(seconds * 1000) : undefined

export function budgetSeen(object: KubeObject): BudgetSeen {
  const status = fields(object.status)
  const selector = fields(fields(object.spec).selector)
  const labels = fields(selector.matchLabels)
  const byLabels = list(selector.matchExpressions).length === 0 && Object.keys(labels).length > 0
  return {
    resource: 'PodDisruptionBudget',
    ...named(object),
    healthy: count(status.currentHealthy),
    wantedHealthy: count(status.desiredHealthy),
    expected: count(status.expectedPods),
    allowed: count(status.disruptionsAllowed),
    ...optional('selector', byLabels ? textsOf(labels) : undefined),
  }
}

export function nodeSeen(object: KubeObject): NodeSeen {
  const labels = object.metadata.labels ?? {}
  const spec = fields(object.spec)
  return {
    resource: 'Node',
    ...named(object),
    zone: labels['topology.kubernetes.io/zone'] ?? '',
    pool: labels['matchday.dev/pool'] ?? labels['node.kubernetes.io/pool'] ?? '',
    ready: list(fields(object.status).conditions).some((each) => each.type === 'Ready' && each.status === 'True'),
    unschedulable: spec.unschedulable === true,
    taints: list(spec.taints).map((each) => `${text(each.key)}=${text(each.value)}:${text(each.effect)}`),
    ...optional('arch', labels['kubernetes.io/arch']),
  }
}

export function endpointsSeen(object: KubeObject): EndpointsSeen {
  const endpoints = list(object.endpoints)
  // A missing `ready` means unknown, which consumers must read as ready (EndpointConditions in discovery/v1).
  const ready = endpoints.filter((each) => fields(each.conditions).ready !== false).length
  return {
    resource: 'EndpointSlice',
    ...named(object),
    service: object.metadata.labels?.['kubernetes.io/service-name'] ?? '',
    ready,
    notReady: endpoints.length - ready,
  }
}
