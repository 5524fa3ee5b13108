import type { NetworkPlugin } from '../pod-network/network-plugin.ts'
import type { LabNode } from '../topology/node-table.ts'
import type { Host } from './container/identity.ts'
import type { ImageStore } from './image-store.ts'
import type { ProcessTable } from './processes/table.ts'
import type { RecordStore } from './store.ts'

export type PodName = {
  namespace: string
  name: string
  uid: string
  node: string
  labels: Readonly<Record<string, string>>
}

/** What the sandboxes and containers of one node need. All but `node` and `store` is shared by all nodes. */
export type NodeContext = {
  readonly node: LabNode
  readonly labRoot: string
  readonly store: RecordStore
  readonly network: NetworkPlugin
  /** Starts containers in namespaces, in a lab that has them. */
  readonly labnet: string | undefined
  readonly images: ImageStore
  readonly table: ProcessTable
  readonly host: Host
  readonly log: (line: string) => void
  /** Reports what a pod asked for and the lab does not do. */
  readonly notice: (pod: PodName, lines: readonly string[]) => void
}
