import { describe, expect, it } from 'vitest'
import { nodeLabels } from '../../../src/lab/nodes/cloud-provider.ts'
import { labNode, labNodes, loopbackOf, NODE_COUNT_MAX, spareNumbers } from '../../../src/lab/topology/node-table.ts'
import { hostOf, NODES_A_PLACE, PLACES_MAX } from '../../../src/lab/topology/place.ts'

/** Those that may join later. */
const spares = (place: number) =>
  spareNumbers(place).map((index) => labNode(index, { name: 'n', zone: 'z', pool: 'p' }))

describe('the nodes', () => {
  it('have their own zone, pool, address and pod network', () => {
    const nodes = labNodes()
    expect(nodes.map((node) => node.name)).toEqual([
      'zone-a-api',
      'zone-b-api',
      'zone-c-api',
      'zone-a-realtime',
      'zone-b-realtime',
      'zone-c-batch',
    ])
    expect(nodes[3]).toMatchObject({
      index: 4,
      address: '10.99.0.14',
      loopback: '127.99.0.14',
      podCidr: '10.244.4.0/24',
    })
    expect(nodeLabels(nodes[5] ?? labNodes()[0] ?? expect.fail())).toEqual({
      'topology.kubernetes.io/region': 'lab',
      'topology.kubernetes.io/zone': 'zone-c',
      'matchday.dev/pool': 'batch',
      'matchday.dev/power-control': 'true',
    })
  })

  it('have different addresses at each place, as the ingresses do', () => {
    const places = Array.from({ length: PLACES_MAX }, (_, place) => place)
    const addresses = places.flatMap((place) => [
      hostOf(place),
      ...[...labNodes(NODE_COUNT_MAX, place), ...spares(place)].flatMap(({ loopback, podCidr }) => [loopback, podCidr]),
    ])
    expect(new Set(addresses).size).toBe(PLACES_MAX * (1 + 2 * NODES_A_PLACE))
    expect(labNodes(4, 1)[3]).toMatchObject({ address: '10.99.0.24', podCidr: '10.244.14.0/24' })
    expect([hostOf(0), hostOf(1)]).toEqual(['127.99.0.1', '127.99.0.2'])
  })

  it.each([PLACES_MAX, -1, 0.5])('cannot be at place %d', (place) => expect(() => hostOf(place)).toThrow(RangeError))

  it.each([0, 7, 1.5, Number.NaN, -1])('cannot be %d', (count) => expect(() => labNodes(count)).toThrow(RangeError))

  it(`can be 1 to ${NODE_COUNT_MAX}`, () => expect(labNodes(1)).toHaveLength(1))

  it.each([
    ['10.244.1.9', '127.244.1.9'],
    ['127.0.0.1', '127.0.0.1'],
    ['110.1.1.1', '110.1.1.1'],
  ])('%s is %s on the machine', (address, loopback) => expect(loopbackOf(address)).toBe(loopback))
})
