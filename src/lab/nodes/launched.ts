// What Karpenter says about a node in its Node object.
import type { NodeIdentity } from '../topology/node-table.ts'

export type NodeObject = {
  metadata: {
    name: string
    labels?: Record<string, string>
    annotations?: Record<string, string>
    resourceVersion?: string
    deletionTimestamp?: string
  }
  spec?: { podCIDR?: string; providerID?: string; taints?: { key: string; effect: string; value?: string }[] }
  status?: { addresses?: { type: string; address: string }[]; conditions?: { type: string; status: string }[] }
}

// Nodes that KWOK itself simulates, as the bench has them, have no NodePool.
const NODE_POOL = 'karpenter.sh/nodepool'
const PROVIDER = 'kwok://'

/** Undefined for a node that Karpenter's KWOK provider did not launch, and for one that is going. */
export function identityOf({ metadata, spec }: NodeObject): NodeIdentity | undefined {
  const { name, labels = {}, deletionTimestamp } = metadata
  if (labels[NODE_POOL] === undefined || !spec?.providerID?.startsWith(PROVIDER)) return undefined
  if (deletionTimestamp !== undefined) return undefined
  return { name, zone: labels['topology.kubernetes.io/zone'] ?? '', pool: labels['matchday.dev/pool'] ?? '' }
}
