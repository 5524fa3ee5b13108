import type { NetworkPlugin } from '../pod-network/network-plugin.ts'
import type { LabNode } from '../topology/node-table.ts'
import type { Containers } from './containers.ts'
import type { Sandboxes } from './sandboxes.ts'

/** The power of one node, as far as its pods go. Both may be asked again after a failure, or by the next runtime. */
export type PowerSwitch = { off(): Promise<void>; on(): Promise<void> }

export function powerSwitch(parts: {
  node: LabNode
  sandboxes: Sandboxes
  containers: Containers
  network: NetworkPlugin
}): PowerSwitch {
  const { node, sandboxes, containers, network } = parts
  return {
    async off() {
      // Peers first: on one machine the kernel says farewell for a process that is killed, and a dead node says nothing.
      await network.setSilent?.(node, true)
      await containers.killAll()
    },
    async on() {
      // What was found after a boot is dead: the kubelet makes new sandboxes, with new addresses, for pods that are still the node's.
      for (const { id } of sandboxes.list()) await sandboxes.stop(id)
      await network.setSilent?.(node, false)
      containers.allowStarts()
    },
  }
}
