// Nodes without power. Their pods are cut off before they are killed, because a dead machine could not announce the end of a connection.
// They stay cut off until the node is back. Kept on disk, because the agent may restart meanwhile.
import { join } from 'node:path'
import { readState, writeState } from '../machine/state-file.ts'
import type { Allocated } from './allocation.ts'
import type { RulesBySource } from './mirror.ts'

export type SilentNodes = {
  set(nodeIndex: number, silent: boolean): void
  rules(pods: readonly Allocated[]): RulesBySource
}

// Names of experiments contain no blank, so these rules cannot be mistaken for an experiment's.
const SOURCE = 'no power'

export function openSilentNodes(netFolder: string): SilentNodes {
  const path = join(netFolder, 'silent-nodes.json')
  const found = readState(path)
  const silent = new Set<number>(Array.isArray(found) ? found.map(Number) : [])
  return {
    set(nodeIndex, isSilent) {
      if (isSilent) silent.add(nodeIndex)
      else silent.delete(nodeIndex)
      writeState(path, [...silent], 0o600)
    },
    rules(pods) {
      const cutOff = pods.filter((pod) => silent.has(pod.nodeIndex))
      if (cutOff.length === 0) return new Map()
      const effect = { kind: 'partition' } as const
      return new Map([[SOURCE, cutOff.map(({ uid }) => ({ podUid: uid, direction: 'both', peers: 'any', effect }))]])
    },
  }
}
