/**
 * Cluster objects, reduced to what is judged and drawn. Adapters make them from Kubernetes objects; only adapters know the full shapes. Times named
 * `…At` are on the cluster's clock, with a resolution of one second where Kubernetes has no better one.
 */
import type { Instant, Millis } from './units.ts'

export type ClusterObject =
  | PodSeen
  | HpaSeen
  | ScaledObjectSeen
  | DeploymentSeen
  | StatefulSetSeen
  | BudgetSeen
  | NodeSeen
  | EndpointsSeen
  | ChaosSeen

export type Named = { readonly namespace: string; readonly name: string; readonly uid: string }

export type PodSeen = Named & {
  readonly resource: 'Pod'
  readonly app: string
  readonly labels: Readonly<Record<string, string>>
  /** Undefined in journals that were written before owners were recorded. */
  readonly owner?: PodOwner
  readonly node?: string
  readonly ip?: string
  readonly podPhase: string
  readonly ready: boolean
  readonly deleting: boolean
  readonly restarts: number
  readonly createdAt?: Instant
  readonly scheduledAt?: Instant
  readonly readyAt?: Instant
  /** Why the scheduler finds no node for it, in the scheduler's words; undefined once it has one, and in journals from before it was recorded. */
  readonly unschedulable?: string
  /** Undefined is 0, as in most pods. A pod below 0 keeps a place warm until another one needs it. */
  readonly priority?: number
  /** Its termination grace period. */
  readonly graceMs?: Millis
  /** Sum over its containers, in bytes; undefined if one of them has no limit, or in journals that were written before it was recorded. */
  readonly memoryLimit?: number
  /** How the container that ended last ended, if one was started again. Undefined in journals that were written before it was recorded. */
  readonly lastTermination?: Termination
  /** Its containers' images, without init containers. Undefined in journals that were written before they were recorded. */
  readonly images?: readonly ImageSeen[]
}

/**
 * `image` is the name in the pod's spec: the name in its status may be any other one of the same image. `id` is the runtime's `imageID`, mostly
 * `repository@sha256:…`, undefined until the container was started.
 */
export type ImageSeen = { readonly container: string; readonly image: string; readonly id?: string }

/** The last state of a container: Kubernetes' reason (`OOMKilled`, `Error`, `Completed`, …) and the exit code of its first process. */
export type Termination = {
  readonly container: string
  readonly reason: string
  readonly exitCode: number
  readonly at?: Instant
}

/** The workload that a pod belongs to, in the pod's namespace. A pod without a controller is its own owner, of kind `Pod`. */
export type PodOwner = { readonly kind: string; readonly name: string }

export type HpaSeen = Named & {
  readonly resource: 'HorizontalPodAutoscaler'
  readonly of: string
  /** Kind of the workload that it scales; undefined in journals that were written before it was recorded. */
  readonly ofKind?: string
  readonly min: number
  readonly max: number
  readonly current: number
  readonly desired: number
  /** One per metric of the spec: its current value over its target (1 = on target); undefined while the HPA has no value. */
  readonly metrics: readonly { readonly metric: string; readonly target: number; readonly value?: number }[]
  readonly conditions: readonly ConditionSeen[]
  readonly lastScaleAt?: Instant
}

export type ConditionSeen = {
  readonly type: string
  readonly status: string
  readonly reason: string
  readonly message: string
}

/**
 * KEDA's own object. It scales between zero and one or more. The HPA that it makes, `hpaName`, scales between one and many; its metrics are
 * `External/<name>` for each of `metrics`.
 */
export type ScaledObjectSeen = Named & {
  readonly resource: 'ScaledObject'
  readonly of: string
  /** Kind of the workload that it scales. */
  readonly ofKind: string
  readonly min: number
  readonly max: number
  /** Replicas while idle, if that is not `min`. */
  readonly idle?: number
  readonly pollingMs: Millis
  readonly cooldownMs: Millis
  /** `Ready`, `Active`, `Fallback`, `Paused`, `HPAActive`: those that KEDA has set. */
  readonly conditions: readonly ConditionSeen[]
  /** Names under which external.metrics.k8s.io serves its triggers. */
  readonly metrics: readonly string[]
  readonly lastActiveAt?: Instant
  readonly hpaName?: string
}

export type DeploymentSeen = Named & {
  readonly resource: 'Deployment'
  readonly wanted: number
  readonly current: number
  readonly ready: number
  readonly updated: number
}

export type StatefulSetSeen = Named & {
  readonly resource: 'StatefulSet'
  readonly wanted: number
  readonly current: number
  readonly ready: number
}

export type BudgetSeen = Named & {
  readonly resource: 'PodDisruptionBudget'
  readonly healthy: number
  readonly wantedHealthy: number
  readonly expected: number
  readonly allowed: number
  /** Labels of the pods that it covers, if it selects them by labels alone. */
  readonly selector?: Readonly<Record<string, string>>
}

export type NodeSeen = Named & {
  readonly resource: 'Node'
  readonly zone: string
  readonly pool: string
  readonly ready: boolean
  readonly unschedulable: boolean
  readonly taints: readonly string[]
  /** `amd64`, `arm64` …; undefined in journals that were written before it was recorded. */
  readonly arch?: string
}

/** Ready addresses of one Service, summed over its slices. */
export type EndpointsSeen = Named & {
  readonly resource: 'EndpointSlice'
  readonly service: string
  readonly ready: number
  readonly notReady: number
}

/** A chaos object's status as its controller shows it. */
export type ChaosSeen = Named & {
  readonly resource: 'Chaos'
  readonly chaosKind: string
  readonly desiredPhase?: string
  readonly conditions: Readonly<Record<string, string>>
  readonly records: readonly {
    readonly id: string
    readonly selectorKey: string
    readonly phase: string
    readonly injectedCount: number
    readonly recoveredCount: number
    readonly problem?: string
  }[]
}
