import { mkdirSync } from 'node:fs'
import { labPaths } from '../machine/paths.ts'
import type { LabNode } from '../topology/node-table.ts'
import { openWay } from './container/view.ts'
import { createContainers } from './containers.ts'
import type { ControlledNode, NodeDoors } from './control.ts'
import type { NodeContext } from './node-context.ts'
import { createPowerSwitch } from './power.ts'
import { createSandboxes } from './sandboxes.ts'
import { openStore } from './store.ts'

/** What all nodes share. */
export type SharedContext = Omit<NodeContext, 'node' | 'store'>

/** A node whose CRI server answers. */
export type ServedNode = ControlledNode & { readonly node: LabNode; readonly server: { stop(): void } }

/** Opens the CRI server of one node. */
export type ServeNode = (node: Omit<ServedNode, 'server'>) => Promise<ServedNode['server']>

export type NodeSet = NodeDoors & {
  /** Live: a node that joins or leaves changes this list. */
  readonly nodes: readonly ServedNode[]
}

/** Opens the nodes that the lab has, and later those that join it. */
export async function openNodeSet(
  initial: readonly LabNode[],
  shared: SharedContext,
  serve: ServeNode,
): Promise<NodeSet> {
  const open = async (node: LabNode): Promise<ServedNode> => {
    const one = await openNode(node, shared)
    return { ...one, server: await serve(one) }
  }
  const nodes = await Promise.all(initial.map(open))
  return {
    nodes,
    async join(node) {
      if (!nodes.some(({ name }) => name === node.name)) nodes.push(await open(node))
    },
    async leave(name) {
      const position = nodes.findIndex((each) => each.name === name)
      const [left] = position < 0 ? [] : nodes.splice(position, 1)
      if (left) await empty(left, shared)
    },
  }
}

async function openNode(node: LabNode, shared: SharedContext): Promise<Omit<ServedNode, 'server'>> {
  const folder = labPaths(shared.labRoot).node(node.name).root
  mkdirSync(folder, { recursive: true, mode: 0o755 })
  const log = (line: string) => shared.log(`${node.name}: ${line}`)
  const store = openStore(folder, log)
  if (shared.host.isRoot) openWay(shared.labRoot, `${store.containerFolder('x')}/record`)
  const context: NodeContext = { ...shared, node, store, log }
  const sandboxes = createSandboxes(context)
  const containers = createContainers(context)
  const found = store.load()
  await sandboxes.adopt(found.sandboxes)
  containers.adopt(found.containers, sandboxes.find)
  const power = createPowerSwitch({ node, sandboxes, containers, network: shared.network })
  return { node, name: node.name, sandboxes, containers, power }
}

/** Ends what runs on a node that leaves, and gives back its addresses. Its kubelet must not run any more. */
async function empty({ node, server, sandboxes, containers }: ServedNode, { network }: SharedContext): Promise<void> {
  server.stop()
  await containers.killAll()
  for (const { id } of containers.list()) await containers.remove(id)
  for (const { id } of sandboxes.list()) await sandboxes.remove(id)
  await network.setSilent?.(node, false)
}
