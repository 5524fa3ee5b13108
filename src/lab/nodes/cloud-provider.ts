import type { ApiClient } from '../cluster-access/api-client.ts'
import type { LabNode } from '../topology/node-table.ts'
import { type NodePower, POWER_ANNOTATION, POWER_CONTROL_LABEL } from './power.ts'

/**
 * The lab as cloud provider: it says where nodes are (zone, pool, address), as the cloud-controller-manager does in a cloud, and takes and
 * gives their power. Node objects are made before their kubelets start, which saves a round at boot; a node that was
 * deleted, and that its kubelet registered anew, is completed again and loses the taint that keeps pods off until then.
 */
export type CloudProvider = {
  /** All node objects exist. */
  readonly registered: Promise<void>
  /** Every node has been Ready, and open to pods, at least once. */
  allReady(): boolean
  stop(): void
}

const UNINITIALIZED = 'node.cloudprovider.kubernetes.io/uninitialized'
const MERGE_PATCH = 'application/merge-patch+json'
const RETRY_MS = 500

export type NodeObject = {
  metadata: {
    name: string
    labels?: Record<string, string>
    annotations?: Record<string, string>
    resourceVersion?: string
  }
  spec?: { podCIDR?: string; taints?: { key: string; effect: string; value?: string }[] }
  status?: { addresses?: { type: string; address: string }[]; conditions?: { type: string; status: string }[] }
}

export function startCloudProvider(
  api: ApiClient,
  nodes: readonly LabNode[],
  power: NodePower,
  log: (line: string) => void,
): CloudProvider {
  const stopped = new AbortController()
  const awaited = new Set(nodes.map((node) => node.name))
  const registered = Promise.all(nodes.map((node) => createNode(api, node))).then(() => undefined)
  const onNode = async (found: NodeObject) => {
    const node = nodes.find((one) => one.name === found.metadata.name)
    if (!node) return
    power.want(node.name, found.metadata.annotations?.[POWER_ANNOTATION] === 'off' ? 'off' : 'on')
    await completeNode(api, node, found)
    if (isReady(found) && !isClosed(found)) awaited.delete(node.name)
  }
  // Nobody could ask for the power of a node without an object; with power its kubelet registers it anew.
  const onGone = (name: string) => {
    if (nodes.some((node) => node.name === name)) power.want(name, 'on')
  }
  void registered.then(
    () => watchNodes(api, { nodes, onNode, onGone }, stopped.signal, log),
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

/** A taint that the control plane itself puts on nodes, such as not-ready, and takes away a moment after they are. */
const isClosed = (node: NodeObject): boolean =>
  node.spec?.taints?.some((taint) => /^node\.(cloudprovider\.)?kubernetes\.io\//.test(taint.key)) ?? false

export const nodeLabels = (node: LabNode): Record<string, string> => ({
  'topology.kubernetes.io/region': 'lab',
  'topology.kubernetes.io/zone': node.zone,
  'matchday.dev/pool': node.pool,
  [POWER_CONTROL_LABEL]: 'true',
})

async function createNode(api: ApiClient, node: LabNode): Promise<void> {
  const body = {
    apiVersion: 'v1',
    kind: 'Node',
    metadata: { name: node.name, labels: nodeLabels(node) },
    spec: { podCIDR: node.podCidr, podCIDRs: [node.podCidr] },
    status: { addresses: addressesOf(node) },
  }
  const answer = await api.call({ method: 'POST', path: '/api/v1/nodes', body })
  if (answer.status !== 201 && answer.status !== 409) throw new Error(`node ${node.name} was refused: ${answer.body}`)
}

const addressesOf = (node: LabNode) => [
  { type: 'InternalIP', address: node.address },
  { type: 'Hostname', address: node.name },
]

async function completeNode(api: ApiClient, node: LabNode, found: NodeObject): Promise<void> {
  const path = `/api/v1/nodes/${node.name}`
  if (!found.status?.addresses?.some((one) => one.type === 'InternalIP' && one.address === node.address)) {
    await patch(api, `${path}/status`, { status: { addresses: addressesOf(node) } })
  }
  const taints = found.spec?.taints ?? []
  const labels = Object.entries(nodeLabels(node)).filter(([key, value]) => found.metadata.labels?.[key] !== value)
  const tainted = taints.some((taint) => taint.key === UNINITIALIZED)
  if (!tainted && labels.length === 0) return
  // The resource version makes the patch fail when somebody else changed the taints meanwhile; the watch brings the new state.
  await patch(api, path, {
    metadata: { resourceVersion: found.metadata.resourceVersion, labels: Object.fromEntries(labels) },
    spec: {
      ...(found.spec?.podCIDR ? {} : { podCIDR: node.podCidr, podCIDRs: [node.podCidr] }),
      ...(tainted ? { taints: taints.filter((taint) => taint.key !== UNINITIALIZED) } : {}),
    },
  })
}

async function patch(api: ApiClient, path: string, body: unknown): Promise<void> {
  const answer = await api.call({ method: 'PATCH', path, body, contentType: MERGE_PATCH })
  if (answer.status >= 300 && answer.status !== 409 && answer.status !== 404)
    throw new Error(`PATCH ${path}: ${answer.body}`)
}

type Follower = {
  readonly nodes: readonly LabNode[]
  readonly onNode: (node: NodeObject) => Promise<void>
  readonly onGone: (name: string) => void
}

/** List, watch, and begin again when the watch ends: one place for every change, also those made while nobody watched. */
async function watchNodes(
  api: ApiClient,
  { nodes, onNode, onGone }: Follower,
  signal: AbortSignal,
  log: (line: string) => void,
): Promise<void> {
  while (!signal.aborted) {
    try {
      const list: { items?: NodeObject[]; metadata?: { resourceVersion?: string } } = JSON.parse(
        (await api.call({ path: '/api/v1/nodes' })).body,
      )
      for (const node of list.items ?? []) await onNode(node)
      for (const { name } of nodes) if (list.items?.every((item) => item.metadata.name !== name)) onGone(name)
      const path = `/api/v1/nodes?watch=1&resourceVersion=${list.metadata?.resourceVersion ?? ''}`
      for await (const line of api.lines(path, signal)) {
        const event = JSON.parse(line)
        if (event.type === 'ADDED' || event.type === 'MODIFIED') await onNode(event.object)
        if (event.type === 'DELETED') onGone(event.object.metadata.name)
        if (event.type === 'ERROR') break
      }
    } catch (error) {
      if (!signal.aborted) log(`nodes can't be watched: ${error instanceof Error ? error.message : error}`)
    }
    if (!signal.aborted) await new Promise((resolve) => setTimeout(resolve, RETRY_MS))
  }
}
