/**
 * Cluster objects, reduced to what is judged and drawn. Adapters make them from Kubernetes objects; nothing else knows the
 * full shapes. Times named `…At` are the cluster's clock, of one second's resolution where Kubernetes has no better.
 */
import type { Instant } from './units.ts'

export type ClusterObject = PodSeen | HpaSeen | DeploymentSeen | BudgetSeen | NodeSeen | EndpointsSeen | ChaosSeen

type Named = { readonly namespace: string; readonly name: string; readonly uid: string }

export type PodSeen = Named & {
  readonly resource: 'Pod'
  readonly app: string
  readonly labels: Readonly<Record<string, string>>
  readonly node?: string
  readonly ip?: string
  readonly podPhase: string
  readonly ready: boolean
  readonly deleting: boolean
  readonly restarts: number
  readonly createdAt?: Instant
  readonly scheduledAt?: Instant
  readonly readyAt?: Instant
}

export type HpaSeen = Named & {
  readonly resource: 'HorizontalPodAutoscaler'
  readonly of: string
  readonly min: number
  readonly max: number
  readonly current: number
  readonly desired: number
  /** One per metric of the spec: its current value over its target (1 = on target); undefined while the HPA has no value. */
  readonly metrics: readonly { readonly metric: string; readonly target: number; readonly value?: number }[]
  readonly conditions: readonly {
    readonly type: string
    readonly status: string
    readonly reason: string
    readonly message: string
  }[]
  readonly lastScaleAt?: Instant
}

export type DeploymentSeen = Named & {
  readonly resource: 'Deployment'
  readonly wanted: number
  readonly current: number
  readonly ready: number
  readonly updated: number
}

export type BudgetSeen = Named & {
  readonly resource: 'PodDisruptionBudget'
  readonly healthy: number
  readonly wantedHealthy: number
  readonly expected: number
  readonly allowed: number
}

export type NodeSeen = Named & {
  readonly resource: 'Node'
  readonly zone: string
  readonly pool: string
  readonly ready: boolean
  readonly unschedulable: boolean
  readonly taints: readonly string[]
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
