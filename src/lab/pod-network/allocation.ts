// Which sandbox has which address: kept on disk, since pods outlive the agent.
import { join } from 'node:path'
import { readState, writeState } from '../machine/state-file.ts'
import { podAddress } from '../topology/addresses.ts'
import type { SandboxIdentity } from './network-plugin.ts'

export type Allocated = SandboxIdentity & { ip: string }

export type Allocation = {
  all(): readonly Allocated[]
  get(id: string): Allocated | undefined
  /** The same address for the same id. @throws Error when the node has no address left */
  allocate(pod: SandboxIdentity): Allocated
  release(id: string): Allocated | undefined
}

// .0 and .255 are no host addresses, .1 is the node's gateway on ordinary bridges.
const FIRST_HOST = 2
const LAST_HOST = 254

type Stored = { sandboxes: Allocated[]; lastHosts: Record<string, number> }

export function openAllocation(netFolder: string): Allocation {
  const path = join(netFolder, 'addresses.json')
  const stored = (readState(path) as Stored | undefined) ?? { sandboxes: [], lastHosts: {} }
  const sandboxes = new Map(stored.sandboxes.map((sandbox) => [sandbox.id, sandbox]))
  const { lastHosts } = stored
  const save = () => writeState(path, { sandboxes: [...sandboxes.values()], lastHosts }, 0o600)

  function allocate(pod: SandboxIdentity): Allocated {
    const known = sandboxes.get(pod.id)
    if (known) return known
    const host = freeHost(pod.nodeIndex)
    lastHosts[pod.nodeIndex] = host
    const allocated = { ...pod, ip: podAddress(pod.nodeIndex, host) }
    sandboxes.set(pod.id, allocated)
    save()
    return allocated
  }

  // Round robin, as the host-local IPAM plugin does: an address that was just given back may still be in somebody's pool.
  function freeHost(nodeIndex: number): number {
    const taken = new Set([...sandboxes.values()].map((sandbox) => sandbox.ip))
    const span = LAST_HOST - FIRST_HOST + 1
    const last = lastHosts[nodeIndex] ?? FIRST_HOST - 1
    for (let step = 1; step <= span; step++) {
      const host = FIRST_HOST + ((last - FIRST_HOST + step + span) % span)
      if (!taken.has(podAddress(nodeIndex, host))) return host
    }
    throw new Error(`node ${nodeIndex} has no pod address left: all ${span} of 10.244.${nodeIndex}.0/24 are taken`)
  }

  function release(id: string): Allocated | undefined {
    const known = sandboxes.get(id)
    if (!known) return undefined
    sandboxes.delete(id)
    save()
    return known
  }

  return { all: () => [...sandboxes.values()], get: (id) => sandboxes.get(id), allocate, release }
}
