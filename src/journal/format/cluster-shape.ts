/** Cluster objects as a journal holds them (format 2). */
import { amount, flag, list, moment, ms, number, object, oneOf, record, text, variants } from './shape.ts'

const named = { namespace: text, name: text, uid: text }
const labels = record(text)
const condition = object({ type: text, status: text, reason: text, message: text })

const pod = object(
  {
    ...named,
    app: text,
    labels,
    podPhase: text,
    ready: flag,
    deleting: flag,
    restarts: amount,
  },
  {
    owner: object({ kind: text, name: text }),
    node: text,
    ip: text,
    createdAt: moment,
    scheduledAt: moment,
    readyAt: moment,
    graceMs: ms,
    memoryLimit: amount,
    lastTermination: object({ container: text, reason: text, exitCode: number }, { at: moment }),
    images: list(object({ container: text, image: text }, { id: text })),
    unschedulable: text,
    priority: number,
  },
)

const hpa = object(
  {
    ...named,
    of: text,
    min: number,
    max: number,
    current: number,
    desired: number,
    metrics: list(object({ metric: text, target: number }, { value: number })),
    conditions: list(condition),
  },
  { ofKind: text, lastScaleAt: moment },
)

const scaledObject = object(
  {
    ...named,
    of: text,
    ofKind: text,
    min: number,
    max: number,
    pollingMs: ms,
    cooldownMs: ms,
    conditions: list(condition),
    metrics: list(text),
  },
  { idle: number, lastActiveAt: moment, hpaName: text },
)

const budget = object(
  { ...named, healthy: number, wantedHealthy: number, expected: number, allowed: number },
  { selector: labels },
)

const chaos = object(
  {
    ...named,
    chaosKind: text,
    conditions: labels,
    records: list(
      object(
        { id: text, selectorKey: text, phase: text, injectedCount: number, recoveredCount: number },
        { problem: text },
      ),
    ),
  },
  { desiredPhase: text },
)

export const clusterObject = variants('resource', {
  Pod: pod,
  HorizontalPodAutoscaler: hpa,
  ScaledObject: scaledObject,
  Deployment: object({ ...named, wanted: number, current: number, ready: number, updated: number }),
  StatefulSet: object({ ...named, wanted: number, current: number, ready: number }),
  PodDisruptionBudget: budget,
  Node: object(
    { ...named, zone: text, pool: text, ready: flag, unschedulable: flag, taints: list(text) },
    { arch: text },
  ),
  EndpointSlice: object({ ...named, service: text, ready: number, notReady: number }),
  Chaos: chaos,
})

const security = object(
  { privileged: flag, mayEscalate: flag, nonRoot: flag, readOnlyRoot: flag, added: list(text), dropped: list(text) },
  { user: number, seccomp: text },
)

const probe = object({ asks: text, periodMs: ms, timeoutMs: ms, failures: number })

const container = object(
  {
    name: text,
    image: text,
    init: flag,
    requests: list(text),
    limits: list(text),
    readiness: flag,
    liveness: flag,
    startup: flag,
    hostPorts: list(number),
    security,
  },
  { preStopMs: ms, readinessProbe: probe, livenessProbe: probe, secretEnv: list(text) },
)

const workload = object(
  {
    ...named,
    workloadKind: text,
    replicas: number,
    labels,
    graceMs: ms,
    spreadOver: list(text),
    hostNamespaces: list(text),
    volumes: list(text),
    containers: list(container),
  },
  { priorityClass: text, rollout: object({ unavailable: number, surge: number, written: text }) },
)

const selector = object(
  {},
  {
    matchLabels: labels,
    matchExpressions: list(object({ key: text, operator: text }, { values: list(text) })),
  },
)

const peer = variants('kind', { pods: object({}), block: object({ cidr: text, except: list(text) }) })
const networkPolicy = object(
  {
    ...named,
    selector,
    governs: list(oneOf('ingress', 'egress')),
    egress: list(object({ to: list(peer), ports: list(text) })),
  },
  { ingress: list(object({ from: list(peer), ports: list(text) })) },
)

const secret = object(named, { changedAt: moment, rotateWithin: object({ text }, { ms }) })

export const postureKind = oneOf(
  'Workload',
  'Service',
  'NetworkPolicy',
  'Secret',
  'PodDisruptionBudget',
  'HorizontalPodAutoscaler',
  'ScaledObject',
  'DryRun',
  'Dial',
)

export const postureObject = variants('resource', {
  Workload: workload,
  Service: object(named, { selector: labels }),
  NetworkPolicy: networkPolicy,
  Secret: secret,
  PodDisruptionBudget: budget,
  HorizontalPodAutoscaler: hpa,
  ScaledObject: scaledObject,
  DryRun: object({
    ...named,
    tried: oneOf('in-order', 'privileged', 'latest-tag', 'without-limits'),
    outcome: oneOf('accepted', 'corrected', 'refused', 'unanswered'),
    said: text,
  }),
  Dial: object(
    {
      ...named,
      from: text,
      to: text,
      port: number,
      allowed: flag,
      outcome: oneOf('connected', 'failed', 'undialled'),
      said: text,
    },
    { outside: oneOf('namespace', 'dns', 'api-server', 'endpoint', 'nobody') },
  ),
})
