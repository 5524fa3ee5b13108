import type { Fields } from '../../protocols/fields.ts'
import { type ClusterClient, isConflict, isNotFound } from '../cluster-access/cluster.ts'
import { follow, type ListFollower } from '../cluster-access/follow.ts'
import { fieldsOf, textOf } from '../machine/json.ts'
import type { LabNode } from '../topology/node-table.ts'
import type { NodeObject } from './launched.ts'
import { type NodePower, POWER_ANNOTATION, POWER_CONTROL_LABEL } from './power.ts'

/**
 * The lab as cloud provider. Like the cloud-controller-manager of a cloud, it sets zone, pool and address of nodes; it also switches their
 * power. Node objects are created before their kubelets start, which saves a round trip at boot. A node that was deleted and registered
 * again by its kubelet is completed again, and loses the taint that keeps pods off until then.
 */
export type CloudProvider = {
  /** All node objects exist. */
  readonly registered: Promise<void>
  /** Every node has been Ready, and free of the control plane's taints, at least once. */
  allReady(): boolean
  stop(): void
}

const UNINITIALIZED = 'node.cloudprovider.kubernetes.io/uninitialized'

/** Nodes that others launch, and that the lab gives a machine. */
export type Newcomers = {
  /** True if the object is one of the lab's nodes from now on. */
  found(object: NodeObject): boolean
  /** True if the node goes with its object. */
  gone(name: string): boolean
}

/** `nodes` is read at each change, so that nodes may join and leave. */
export function startCloudProvider(
  api: ClusterClient,
  nodes: readonly LabNode[],
  power: NodePower,
  newcomers: Newcomers,
  log: (line: string) => void,
): CloudProvider {
  const stopped = new AbortController()
  const awaited = new Set(nodes.map((node) => node.name))
  const registered = Promise.all(nodes.map((node) => createNode(api, node))).then(() => undefined)
  const onNode = async (found: NodeObject) => {
    const isNamed = (one: LabNode) => one.name === found.metadata.name
    const node = nodes.find(isNamed) ?? (newcomers.found(found) ? nodes.find(isNamed) : undefined)
    if (!node) return
    power.want(node.name, found.metadata.annotations?.[POWER_ANNOTATION] === 'off' ? 'off' : 'on')
    await completeNode(api, node, found)
    if (isReady(found) && !isClosed(found)) awaited.delete(node.name)
  }
  // Nobody can ask for the power of a node that has no object. With power, its kubelet registers it again.
  const onGone = (name: string) => {
    if (newcomers.gone(name)) return
    if (nodes.some((node) => node.name === name)) power.want(name, 'on')
  }
  const follower = nodeFollower(nodes, onNode, onGone)
  void registered.then(
    () => follow(() => api, '/api/v1/nodes', follower, stopped.signal, log),
    () => undefined,
  )
  const stop = () => {
    power.stop()
    stopped.abort()
  }
  return { registered, allReady: () => awaited.size === 0, stop }
}

export const isReady = (node: NodeObject): boolean =>
  node.status?.conditions?.some((condition) => condition.type === 'Ready' && condition.status === 'True') ?? false

/** Whether the control plane's own taints, such as not-ready, are on the node. It removes them a moment after the node is ready. */
const isClosed = (node: NodeObject): boolean =>
  node.spec?.taints?.some((taint) => /^node\.(cloudprovider\.)?kubernetes\.io\//.test(taint.key)) ?? false

export const nodeLabels = (node: LabNode): Record<string, string> => ({
  'topology.kubernetes.io/region': 'lab',
  'topology.kubernetes.io/zone': node.zone,
  'matchday.dev/pool': node.pool,
  [POWER_CONTROL_LABEL]: 'true',
})

async function createNode(api: ClusterClient, node: LabNode): Promise<void> {
  const body = {
    apiVersion: 'v1',
    kind: 'Node',
    metadata: { name: node.name, labels: nodeLabels(node) },
    spec: { podCIDR: node.podCidr, podCIDRs: [node.podCidr] },
    status: { addresses: addressesOf(node) },
  }
  try {
    await api.create('/api/v1/nodes', body)
  } catch (error) {
    if (!isConflict(error)) throw error
  }
}

const addressesOf = (node: LabNode) => [
  { type: 'InternalIP', address: node.address },
  { type: 'Hostname', address: node.name },
]

async function completeNode(api: ClusterClient, node: LabNode, found: NodeObject): Promise<void> {
  const path = `/api/v1/nodes/${node.name}`
  if (!found.status?.addresses?.some((one) => one.type === 'InternalIP' && one.address === node.address)) {
    await patch(api, `${path}/status`, { status: { addresses: addressesOf(node) } })
  }
  const taints = found.spec?.taints ?? []
  const labels = Object.entries(nodeLabels(node)).filter(([key, value]) => found.metadata.labels?.[key] !== value)
  const tainted = taints.some((taint) => taint.key === UNINITIALIZED)
  if (!tainted && labels.length === 0) return
  // The resource version makes the patch fail if somebody else changed the taints meanwhile. The watch brings the new state.
  await patch(api, path, {
    metadata: { resourceVersion: found.metadata.resourceVersion, labels: Object.fromEntries(labels) },
    spec: {
      ...(found.spec?.podCIDR ? {} : { podCIDR: node.podCidr, podCIDRs: [node.podCidr] }),
      ...(tainted ? { taints: taints.filter((taint) => taint.key !== UNINITIALIZED) } : {}),
    },
  })
}

/** A node without an object counts as gone, even if it was deleted during a gap in the watch. */
function nodeFollower(
  nodes: readonly LabNode[],
  onNode: (node: NodeObject) => Promise<void>,
  onGone: (name: string) => void,
): ListFollower {
  const take = (item: Fields) => onNode(item as NodeObject) // the API server's own objects
  return {
    async replaced(items) {
      const names = items.map(nameOf)
      for (const item of items) await take(item)
      for (const { name } of nodes) if (!names.includes(name)) onGone(name)
    },
    changed: take,
    removed: (item) => onGone(nameOf(item)),
  }
}

const nameOf = (item: Fields): string => textOf(fieldsOf(item.metadata).name)

async function patch(api: ClusterClient, path: string, body: unknown): Promise<void> {
  try {
    await api.merge(path, body)
  } catch (error) {
    if (!isConflict(error) && !isNotFound(error)) throw error
  }
}
