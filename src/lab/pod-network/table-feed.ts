// Keeps the cluster table current on disk and in every process of every pod.
import { randomUUID } from 'node:crypto'
import { join } from 'node:path'
import { writeState } from '../machine/state-file.ts'
import type { Endpoint } from '../topology/addresses.ts'
import { type AddressedPod, changesBetween, clusterTable } from './cluster-table.ts'
import { type AgentMessage, type ClusterTable, type ClusterVersion, emptyTable, type OutsideEntry } from './messages.ts'
import type { ClusterObjects } from './objects.ts'

export type FeedOptions = {
  /** `<root>/net` */
  netFolder: string
  outside: OutsideEntry
  livePods(): readonly AddressedPod[]
  broadcast(message: AgentMessage): void
  /** Called after changes from the API server were applied. */
  onRefresh(): void
}

export type TableFeed = {
  objects(): ClusterObjects
  table(): ClusterTable
  /** Cheap to call often: changes are collected for some milliseconds. */
  setObjects(objects: ClusterObjects, apiServer?: Endpoint): void
  /** For a new pod: its peers must know it before it starts. */
  refresh(): void
  refreshSoon(): void
  /** The whole table, unless the process has this version already. */
  tableFor(version: ClusterVersion): AgentMessage | undefined
  stop(): void
}

// A rollout changes dozens of objects within a second. Pods see the changes at most this much later.
const GATHER_MS = 20

const NOTHING: ClusterObjects = { services: [], slices: [], pods: [], namespaces: [], policies: [] }

export function createTableFeed({ netFolder, outside, livePods, broadcast, onRefresh }: FeedOptions): TableFeed {
  const epoch = randomUUID()
  let objects = NOTHING
  let apiServer: Endpoint | undefined
  let table = emptyTable()
  let number = 0
  let gathering: NodeJS.Timeout | undefined
  const version = () => `${epoch}.${number}`

  function refresh(): void {
    clearTimeout(gathering)
    gathering = undefined
    const next = clusterTable({ objects, livePods: livePods(), outside, ...(apiServer ? { apiServer } : {}) })
    const changes = changesBetween(table, next)
    if (changes.length === 0 && number > 0) return
    table = next
    number += 1
    writeState(join(netFolder, 'cluster.json'), { version: version(), table }, 0o644)
    broadcast({ kind: 'change', version: version(), changes })
  }

  function refreshSoon(): void {
    gathering ??= setTimeout(() => {
      refresh()
      onRefresh()
    }, GATHER_MS)
  }

  return {
    objects: () => objects,
    table: () => table,
    setObjects(next, server) {
      objects = next
      apiServer = server
      refreshSoon()
    },
    refresh,
    refreshSoon,
    tableFor: (known) => (known === version() ? undefined : { kind: 'cluster', version: version(), table }),
    stop: () => clearTimeout(gathering),
  }
}
