// Which sandbox has which address. Kept on disk, because pods outlive the agent.
import { join } from 'node:path'
import { readState, writeState } from '../machine/state-file.ts'
import { podAddress } from '../topology/addresses.ts'
import type { SandboxIdentity } from './network-plugin.ts'

export type Allocated = SandboxIdentity & { ip: string }

export type Allocation = {
  all(): readonly Allocated[]
  get(id: string): Allocated | undefined
  /** Returns the same address for the same id. @throws Error when the node has no free address */
  allocate(pod: SandboxIdentity): Allocated
  release(id: string): Allocated | undefined
}

// .0 and .255 are not host addresses; .1 is usually the node's gateway.
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

  // Round robin, like the host-local IPAM plugin: a client's connection pool may still use an address that was just released.
  function freeHost(nodeIndex: number): number {
    const taken = new Set([...sandboxes.values()].map((sandbox) => sandbox.ip))
    const span = LAST_HOST - FIRST_HOST + 1
    const last = lastHosts[nodeIndex] ?? FIRST_HOST - 1
    for (let step = 1; step <= span; step++) {
      const host = FIRST_HOST + ((last - FIRST_HOST + step + span) % span)
      if (!taken.has(podAddress(nodeIndex, host))) return host
    }
    throw new Error(`node ${nodeIndex} has no free pod address: all ${span} of 10.244.${nodeIndex}.0/24 are in use`)
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
