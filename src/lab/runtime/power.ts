import type { NetworkPlugin } from '../pod-network/network-plugin.ts'
import type { LabNode } from '../topology/node-table.ts'
import type { Containers } from './containers.ts'
import type { Sandboxes } from './sandboxes.ts'

/** Switches the power of one node, as far as its pods are concerned. Both may be called again after a failure, or by the next runtime. */
export type PowerSwitch = { off(): Promise<void>; on(): Promise<void> }

export function createPowerSwitch(parts: {
  node: LabNode
  sandboxes: Sandboxes
  containers: Containers
  network: NetworkPlugin
}): PowerSwitch {
  const { node, sandboxes, containers, network } = parts
  return {
    async off() {
      // Peers are cut off first: the kernel closes the connections of a killed process, but a dead node sends nothing.
      await network.setSilent?.(node, true)
      await containers.killAll()
    },
    async on() {
      // All containers from before the power loss are dead. The kubelet makes new sandboxes, with new addresses, for the pods that are
      // still on the node.
      for (const { id } of sandboxes.list()) await sandboxes.stop(id)
      await network.setSilent?.(node, false)
      containers.allowStarts()
    },
  }
}
