/** The part of Kubernetes objects that the release checklist looks at; objects of any Kubernetes client fit. */
import type { LabelSelector } from '../../protocols/kubernetes/label-selector.ts'

type Named = { readonly kind?: string; readonly metadata: { readonly name: string; readonly namespace?: string } }

export type SecurityContext = {
  readonly runAsNonRoot?: boolean
  readonly privileged?: boolean
  readonly readOnlyRootFilesystem?: boolean
  readonly seccompProfile?: { readonly type?: string }
  readonly capabilities?: { readonly drop?: readonly string[] }
}
export type Container = {
  readonly name: string
  readonly image?: string
  readonly ports?: readonly unknown[]
  readonly readinessProbe?: unknown
  readonly livenessProbe?: unknown
  readonly resources?: {
    readonly requests?: Readonly<Record<string, string>>
    readonly limits?: Readonly<Record<string, string>>
  }
  readonly securityContext?: SecurityContext
}
export type PodSpec = {
  readonly containers?: readonly Container[]
  readonly priorityClassName?: string
  readonly topologySpreadConstraints?: readonly unknown[]
  readonly affinity?: { readonly podAntiAffinity?: unknown }
  readonly securityContext?: SecurityContext
}
export type WorkloadObject = Named & {
  readonly spec?: {
    readonly replicas?: number
    readonly template?: {
      readonly metadata?: { readonly labels?: Readonly<Record<string, string>> }
      readonly spec?: PodSpec
    }
  }
}
export type BudgetObject = Named & {
  readonly spec?: {
    readonly selector?: LabelSelector
    readonly maxUnavailable?: number | string
    readonly minAvailable?: number | string
  }
}
export type AutoscalerObject = Named & {
  readonly spec?: {
    readonly minReplicas?: number
    readonly maxReplicas?: number
    readonly scaleTargetRef?: { readonly kind?: string; readonly name?: string }
    readonly metrics?: readonly { readonly type?: string; readonly resource?: { readonly name?: string } }[]
  }
}
export type PolicyObject = Named & {
  readonly spec?: {
    readonly podSelector?: LabelSelector
    readonly policyTypes?: readonly string[]
    readonly ingress?: readonly unknown[]
    readonly egress?: readonly unknown[]
  }
}

/** What a namespace holds, handed in as data. */
export type Release = {
  readonly workloads: readonly WorkloadObject[]
  readonly budgets: readonly BudgetObject[]
  readonly autoscalers: readonly AutoscalerObject[]
  readonly policies: readonly PolicyObject[]
}
