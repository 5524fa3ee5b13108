// The nodes of the lab: three zones, and node pools for the public API, for realtime WebSockets and for batch work. A cluster address
// 10.x.y.z is 127.x.y.z on this machine: EndpointSlices refuse loopback addresses, and Linux answers on all of 127.0.0.0/8.
import { nodeAddress } from './addresses.ts'
import { FIRST_PLACE, NODES_A_PLACE, type Place } from './place.ts'
import { REAL_ADDRESSES } from './real-addresses.ts'

export const ZONES = ['zone-a', 'zone-b', 'zone-c'] as const
type Zone = (typeof ZONES)[number]
type Pool = 'api' | 'realtime' | 'batch'

export type LabNode = {
  /** 1 to 6 at the first place. The pod network of node n is 10.244.n.0/24. */
  readonly index: number
  readonly name: string
  readonly zone: string
  readonly pool: string
  readonly podCidr: string
  /** The address that the cluster uses. */
  readonly address: string
  /** Where the kubelet listens. */
  readonly loopback: string
}

const NODES: readonly (readonly [Zone, Pool])[] = [
  ['zone-a', 'api'],
  ['zone-b', 'api'],
  ['zone-c', 'api'],
  ['zone-a', 'realtime'],
  ['zone-b', 'realtime'],
  ['zone-c', 'batch'],
]

export const NODE_COUNT_MAX = NODES.length

/** All kubelets use the same port, as in any cluster. Their addresses differ. */
export const KUBELET_PORT = 10_250

/** The first `count` nodes of the table, with the addresses of that place. @throws RangeError outside 1..6 */
export function labNodes(count: number = NODE_COUNT_MAX, place: Place = FIRST_PLACE): readonly LabNode[] {
  if (!Number.isInteger(count) || count < 1 || count > NODE_COUNT_MAX) {
    throw new RangeError(`the lab has 1 to ${NODE_COUNT_MAX} nodes, got ${count}`)
  }
  return NODES.slice(0, count).map(([zone, pool], position) =>
    labNode(place * NODES_A_PLACE + position + 1, { name: `${zone}-${pool}`, zone, pool }),
  )
}

export type NodeIdentity = Pick<LabNode, 'name' | 'zone' | 'pool'>

/** A node with the addresses of its number. */
export function labNode(index: number, { name, zone, pool }: NodeIdentity): LabNode {
  const address = nodeAddress(index)
  return { index, name, zone, pool, podCidr: `10.244.${index}.0/24`, address, loopback: loopbackOf(address) }
}

/** The numbers of nodes that may join a lab while it runs: what the table leaves of the numbers of a place. */
export const spareNumbers = (place: Place = FIRST_PLACE): readonly number[] =>
  Array.from(
    { length: NODES_A_PLACE - NODE_COUNT_MAX },
    (_, spare) => place * NODES_A_PLACE + NODE_COUNT_MAX + spare + 1,
  )

/** The address on this machine that stands for a cluster address. */
export const loopbackOf = (address: string): string => (REAL_ADDRESSES ? address : address.replace(/^10\./, '127.'))
