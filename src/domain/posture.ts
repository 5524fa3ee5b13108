/**
 * Posture: what a cluster's objects say about the platform before anything is done to it. Each check names the kinds of objects that decide it. They
 * are listed once. An empty list is evidence that there are none.
 */
import type { BudgetSeen, HpaSeen, Named, ScaledObjectSeen } from './cluster.ts'
import type { DialSeen, DryRunSeen } from './effects.ts'
import type { LabelSelector, Labels } from './label-selector.ts'
import type { Instant, Millis } from './units.ts'

export type PostureObject =
  | WorkloadSeen
  | ServiceSeen
  | NetworkPolicySeen
  | SecretSeen
  | BudgetSeen
  | HpaSeen
  | ScaledObjectSeen
  | DryRunSeen
  | DialSeen
export type PostureKind = PostureObject['resource']

/** The posture checks. */
export const postureWants = [
  'default-deny',
  'bounded-egress',
  'bounded-ingress',
  'rotated-secrets',
  'pinned-images',
  'restricted-pods',
  'read-only-root',
  'resource-limits',
  'priorities',
  'probes',
  'redundancy',
  'rollouts',
  'spread',
  'autoscaling',
  'enforced-policies',
  'enforced-network',
] as const
export type PostureWant = (typeof postureWants)[number]

/** Checks that try something instead of reading objects. They need more permissions, so they run only if the rehearsal asks for them. */
export const effectWants = ['enforced-policies', 'enforced-network'] as const satisfies readonly PostureWant[]
export const readingWants: readonly PostureWant[] = postureWants.filter(
  (want) => !(effectWants as readonly PostureWant[]).includes(want),
)

/** The kinds that must be read for a check. */
export const postureKinds: Readonly<Record<PostureWant, readonly PostureKind[]>> = {
  'default-deny': ['NetworkPolicy', 'Workload'],
  'bounded-egress': ['NetworkPolicy', 'Workload'],
  'bounded-ingress': ['NetworkPolicy', 'Workload'],
  'rotated-secrets': ['Secret'],
  'pinned-images': ['Workload'],
  'restricted-pods': ['Workload'],
  'read-only-root': ['Workload'],
  'resource-limits': ['Workload'],
  priorities: ['Workload'],
  probes: ['Workload', 'Service'],
  redundancy: ['Workload', 'Service', 'PodDisruptionBudget'],
  rollouts: ['Workload', 'PodDisruptionBudget'],
  spread: ['Workload'],
  autoscaling: ['HorizontalPodAutoscaler', 'ScaledObject'],
  'enforced-policies': ['DryRun'],
  'enforced-network': ['Dial'],
}

/** A Deployment, StatefulSet or DaemonSet, described by its pod template. */
export type WorkloadSeen = Named & {
  readonly resource: 'Workload'
  readonly workloadKind: string
  readonly replicas: number
  /** Labels of its pods. */
  readonly labels: Labels
  readonly graceMs: Millis
  /** Pods that a rollout may remove at once, and add before it, rounded as Kubernetes does. Absent: one at a time, or not recorded. */
  readonly rollout?: RolloutSeen
  readonly priorityClass?: string
  /** Topology keys over which its pods are spread, by constraint or by anti-affinity. */
  readonly spreadOver: readonly string[]
  /** `hostNetwork`, `hostPID`, `hostIPC`: those that it uses. */
  readonly hostNamespaces: readonly string[]
  /** Kinds of its volumes: `configMap`, `hostPath`, … */
  readonly volumes: readonly string[]
  readonly containers: readonly ContainerSeen[]
}

/** `written` is the strategy as the object has it, for messages. */
export type RolloutSeen = { readonly unavailable: number; readonly surge: number; readonly written: string }

export type ContainerSeen = {
  readonly name: string
  readonly image: string
  /** Ends before the pod serves. */
  readonly init: boolean
  /** Names of the resources that have a request, and of those that have a limit. */
  readonly requests: readonly string[]
  readonly limits: readonly string[]
  readonly readiness: boolean
  readonly liveness: boolean
  readonly startup: boolean
  /** The numbers of its probes. Absent in older evidence. */
  readonly readinessProbe?: ProbeSeen
  readonly livenessProbe?: ProbeSeen
  /** How long its preStop hook sleeps, if that can be read from the hook. */
  readonly preStopMs?: Millis
  readonly hostPorts: readonly number[]
  /** Secrets of its environment (`env`, `envFrom`): read once, when it starts. Absent if there are none, and in older evidence. */
  readonly secretEnv?: readonly string[]
  readonly security: SecuritySeen
}

/** `asks` names the request, such as `GET /healthz :8080`. Probes with the same text ask the same question. */
export type ProbeSeen = {
  readonly asks: string
  readonly periodMs: Millis
  readonly timeoutMs: Millis
  /** Failed probes in a row until Kubernetes acts. */
  readonly failures: number
}

/** The effective values: fields that a container leaves out come from its pod. */
export type SecuritySeen = {
  readonly privileged: boolean
  readonly mayEscalate: boolean
  readonly nonRoot: boolean
  readonly readOnlyRoot: boolean
  readonly user?: number
  readonly seccomp?: string
  readonly added: readonly string[]
  readonly dropped: readonly string[]
}

export type ServiceSeen = Named & { readonly resource: 'Service'; readonly selector?: Labels }

export type NetworkPolicySeen = Named & {
  readonly resource: 'NetworkPolicy'
  readonly selector: LabelSelector
  readonly governs: readonly ('ingress' | 'egress')[]
  readonly egress: readonly EgressRule[]
  /** Absent in older evidence. */
  readonly ingress?: readonly IngressRule[]
}
/** No peer means all peers, no port means all ports. Ports as `TCP/443`. */
export type EgressRule = { readonly to: readonly EgressPeer[]; readonly ports: readonly string[] }
export type EgressPeer =
  | { readonly kind: 'pods' }
  | { readonly kind: 'block'; readonly cidr: string; readonly except: readonly string[] }

export type IngressRule = { readonly from: readonly EgressPeer[]; readonly ports: readonly string[] }

/** Metadata only: the contents of a secret are never read. */
export type SecretSeen = Named & {
  readonly resource: 'Secret'
  /** When its data was last written, from its managed fields; otherwise its creation time. */
  readonly changedAt?: Instant
  /** The annotation `matchday.dev/rotate-within` as written, and parsed if it is a duration. */
  readonly rotateWithin?: { readonly text: string; readonly ms?: Millis }
}
