import type { SelectableNode, SelectablePod } from '../protocols/chaos-mesh/selector.ts'
import type { LiveWorkload } from './workload.ts'

/** A pod and its owner: pods of a DaemonSet are never evicted, mirrors of static pods cannot be. */
export type LivePod = SelectablePod & {
  readonly metadata?: { readonly ownerReferences?: readonly { readonly kind?: string }[] }
}

/** The present objects of the cluster that a fault or an action may select. Passed in as data, so that planning stays pure. */
export type Inventory = {
  readonly pods: readonly LivePod[]
  readonly nodes: readonly SelectableNode[]
  readonly workloads?: readonly LiveWorkload[]
}

/** `namespace/name`, the form in which chaos records and evidence name a pod. */
export const podId = (pod: SelectablePod): string => `${podNamespace(pod)}/${pod.metadata?.name ?? ''}`
export const podNamespace = (pod: SelectablePod): string => pod.metadata?.namespace ?? 'default'

/** A finished pod cannot be harmed, and must not make the share look smaller. */
export const isLiving = (pod: SelectablePod): boolean =>
  pod.status?.phase !== 'Succeeded' && pod.status?.phase !== 'Failed'
