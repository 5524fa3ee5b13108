import type { LabNode, NodeIdentity } from '../topology/node-table.ts'
import { labNode, labNodes, spareNumbers } from '../topology/node-table.ts'
import type { OwnerSpec } from './spec.ts'

/** The nodes that the lab has at the moment: those that it booted with, and those that joined it since. */
export type Roster = {
  /** Live: a node that joins or leaves changes this list. */
  readonly nodes: readonly LabNode[]
  /** Undefined when every number of the lab's place is taken. */
  join(identity: NodeIdentity): LabNode | undefined
  leave(name: string): void
}

/** `changed` is called after each change. */
export function createRoster({ nodes: count, place }: Pick<OwnerSpec, 'nodes' | 'place'>, changed: () => void): Roster {
  const nodes = [...labNodes(count, place)]
  return {
    nodes,
    join(identity) {
      const free = spareNumbers(place).find((number) => nodes.every(({ index }) => index !== number))
      if (free === undefined) return undefined
      const node = labNode(free, identity)
      nodes.push(node)
      changed()
      return node
    },
    leave(name) {
      const position = nodes.findIndex((node) => node.name === name)
      if (position < 0) return
      nodes.splice(position, 1)
      changed()
    },
  }
}
