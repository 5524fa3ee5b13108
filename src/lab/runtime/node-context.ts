import type { NetworkPlugin } from '../pod-network/network-plugin.ts'
import type { LabNode } from '../topology/node-table.ts'
import type { Host } from './container/identity.ts'
import type { ImageStore } from './image-store.ts'
import type { ProcessTable } from './processes/table.ts'
import type { Store } from './store.ts'

export type PodName = {
  namespace: string
  name: string
  uid: string
  node: string
  labels: Readonly<Record<string, string>>
}

/** What the sandboxes and containers of one node work with; all but `node` and `store` is shared by the nodes. */
export type NodeContext = {
  readonly node: LabNode
  readonly labRoot: string
  readonly store: Store
  readonly network: NetworkPlugin
  readonly images: ImageStore
  readonly table: ProcessTable
  readonly host: Host
  readonly log: (line: string) => void
  /** Tells the user what a pod asked for and the lab doesn't do. */
  readonly notice: (pod: PodName, lines: readonly string[]) => void
}
