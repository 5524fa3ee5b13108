import type { LabNode } from '../../topology/node-table.ts'
import type { Containers } from '../containers.ts'
import type { ProcessTable } from '../processes/table.ts'
import type { Sandboxes } from '../sandboxes.ts'
import type { StreamingServer } from '../streaming/server.ts'
import type { RuntimeCalls } from './messages.ts'

/** What the calls of one node need. */
export type NodeParts = {
  node: LabNode
  sandboxes: Sandboxes
  containers: Containers
  table: ProcessTable
  streaming: StreamingServer
}

export type SomeCalls<Names extends keyof RuntimeCalls> = Pick<RuntimeCalls, Names>
