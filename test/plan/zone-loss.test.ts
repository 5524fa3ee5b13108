import { describe, expect, it } from 'vitest'
import type { Inventory } from '../../src/plan/inventory.ts'
import { zoneToLose } from '../../src/plan/zone-loss.ts'

const node = (name: string, zone?: string) => ({
  metadata: { name, labels: zone === undefined ? {} : { 'topology.kubernetes.io/zone': zone } },
})
const pod = (nodeName: string, namespace = 'shop', phase = 'Running') => ({
  metadata: { namespace, name: 'pod' },
  spec: { nodeName },
  status: { phase },
})
const target = { namespace: 'shop' }
const nodes = [node('node-c', 'zone-c'), node('node-a', 'zone-a'), node('node-b', 'zone-b'), node('node-b2', 'zone-b')]

describe('the zone that a search goes without', () => {
  it.each<[string, Inventory['pods'], string]>([
    ['the one with the most pods', [pod('node-a'), pod('node-c'), pod('node-c')], 'zone-c'],
    ['counted over all nodes of the zone', [pod('node-b'), pod('node-b2'), pod('node-c')], 'zone-b'],
    ['the first by name of several with as many', [pod('node-c'), pod('node-b')], 'zone-b'],
    ['whatever pods of others there are', [pod('node-a', 'mail'), pod('node-a', 'mail'), pod('node-c')], 'zone-c'],
    ['whatever pods are finished', [pod('node-a', 'shop', 'Succeeded'), pod('node-c')], 'zone-c'],
    ['the first by name where there is no pod', [], 'zone-a'],
  ])('is %s', (_, pods, zone) => {
    expect(zoneToLose({ nodes, pods }, target)).toBe(zone)
  })

  it.each<[string, Inventory['nodes']]>([
    ['one zone', [node('node-a', 'zone-a'), node('node-b', 'zone-a')]],
    ['no zones', [node('node-a'), node('node-b')]],
    ['one zone, and nodes without any', [node('node-a', 'zone-a'), node('node-b')]],
  ])('does not exist with %s', (_, few) => {
    expect(zoneToLose({ nodes: few, pods: [pod('node-a')] }, target)).toBeUndefined()
  })
})
