import type { SelectableNode, SelectablePod } from '../protocols/chaos-mesh/selector.ts'

/** What the cluster has now, as far as a fault's selectors may look: handed in as data, so that planning stays pure. */
export type Inventory = { readonly pods: readonly SelectablePod[]; readonly nodes: readonly SelectableNode[] }

/** `namespace/name`, the form in which chaos records and evidence name a pod. */
export const podId = (pod: SelectablePod): string =>
  `${pod.metadata?.namespace ?? 'default'}/${pod.metadata?.name ?? ''}`
