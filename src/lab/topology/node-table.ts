// The lab's machines. Three zones; pods of the public API, of realtime WebSockets and of batch work have node pools of their own.
// On this machine a cluster address 10.x.y.z is 127.x.y.z: EndpointSlices refuse loopback addresses, and Linux answers on all of 127/8.
import { FIRST_PLACE, NODES_A_PLACE, type Place } from './place.ts'

export type Zone = 'zone-a' | 'zone-b' | 'zone-c'
export type Pool = 'api' | 'realtime' | 'batch'

export type LabNode = {
  /** 1..6 at the machine's first place; the pod network of node n is 10.244.n.0/24. */
  readonly index: number
  readonly name: string
  readonly zone: Zone
  readonly pool: Pool
  readonly podCidr: string
  /** The address that the cluster knows. */
  readonly address: string
  /** Where the kubelet really listens. */
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

/** The same port on every node, as in any cluster: nodes differ by address. */
export const KUBELET_PORT = 10_250

/** The first `count` nodes of the table, with the addresses of that place. @throws RangeError outside 1..6 */
export function labNodes(count: number = NODE_COUNT_MAX, place: Place = FIRST_PLACE): readonly LabNode[] {
  if (!Number.isInteger(count) || count < 1 || count > NODE_COUNT_MAX) {
    throw new RangeError(`the lab has 1 to ${NODE_COUNT_MAX} nodes, got ${count}`)
  }
  return NODES.slice(0, count).map(([zone, pool], position) => {
    const index = place * NODES_A_PLACE + position + 1
    const address = `10.99.0.${10 + index}`
    return {
      index,
      name: `${zone}-${pool}`,
      zone,
      pool,
      podCidr: `10.244.${index}.0/24`,
      address,
      loopback: loopbackOf(address),
    }
  })
}

/** The address on this machine that stands for a cluster address. */
export const loopbackOf = (address: string): string => address.replace(/^10\./, '127.')
