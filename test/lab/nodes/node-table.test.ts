import { describe, expect, it } from 'vitest'
import { nodeLabels } from '../../../src/lab/nodes/cloud-provider.ts'
import { labNodes, loopbackOf, NODE_COUNT_MAX } from '../../../src/lab/nodes/node-table.ts'

describe('the nodes', () => {
  it('have a place, a pool, an address and a pod network of their own', () => {
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

  it.each([0, 7, 1.5, Number.NaN, -1])('can not be %d', (count) => expect(() => labNodes(count)).toThrow(RangeError))

  it(`can be 1 to ${NODE_COUNT_MAX}`, () => expect(labNodes(1)).toHaveLength(1))

  it.each([
    ['10.244.1.9', '127.244.1.9'],
    ['127.0.0.1', '127.0.0.1'],
    ['110.1.1.1', '110.1.1.1'],
  ])('%s is %s on the machine', (address, loopback) => expect(loopbackOf(address)).toBe(loopback))
})
