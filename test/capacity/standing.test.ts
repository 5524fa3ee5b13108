import { describe, expect, it } from 'vitest'
import { createStandings } from '../../src/capacity/standing.ts'
import type { NodeSeen, PodSeen } from '../../src/domain/cluster.ts'
import type { Evidence, EvidenceOf } from '../../src/domain/evidence.ts'
import { instant } from '../../src/domain/units.ts'

type Change = EvidenceOf<'object-seen'>['change']
const at = instant(0)
const identity = (name: string) => ({ namespace: 'shop', name, uid: name })

const pod = (name: string, changes: Partial<PodSeen> = {}, change: Change = 'modified'): Evidence => ({
  kind: 'object-seen',
  at,
  change,
  object: {
    resource: 'Pod',
    ...identity(name),
    app: 'web',
    labels: {},
    podPhase: 'Pending',
    ready: false,
    deleting: false,
    restarts: 0,
    ...changes,
  },
})
const node = (name: string, ready: boolean, change: Change): Evidence => {
  const object: NodeSeen = {
    resource: 'Node',
    ...identity(name),
    zone: 'a',
    pool: 'api',
    ready,
    unschedulable: false,
    taints: [],
  }
  return { kind: 'object-seen', at, change, object }
}
const warm = (name: string, changes: Partial<PodSeen>) => pod(name, { app: 'warm', priority: -10, ...changes })
const placed = { node: 'n1', podPhase: 'Running' }

const usesOf = (...records: readonly Evidence[]) => {
  const standings = createStandings([])
  standings.begin()
  for (const each of records) standings.add(each)
  return standings.uses().map(({ kind, sentence }) => [kind, sentence])
}

describe('pods that wait for a node at a load', () => {
  it.each<[string, Evidence[], string[][]]>([
    ['are pending', [pod('w1')], [['pods-pending', 'a pod waits for a node, such as w1']]],
    [
      'wait for the node that came and is not Ready yet',
      [pod('w1'), node('n9', false, 'added')],
      [['node-late', 'a pod waits for a node, such as w1; node n9 is not Ready yet']],
    ],
    [
      'do not wait for a node that was there and lost its power',
      [node('n1', false, 'present'), pod('w1')],
      [['pods-pending', 'a pod waits for a node, such as w1']],
    ],
    [
      'wait because the warm pool has no place left, whatever comes',
      [warm('p1', { ...placed, deleting: true }), warm('p2', {}), pod('w1'), node('n9', false, 'added')],
      [['warm-pool-empty', 'a pod waits for a node, such as w1; the warm pool of 2 has no place left']],
    ],
    [
      'are pending although the warm pool keeps a place',
      [warm('p1', placed), pod('w1')],
      [['pods-pending', 'a pod waits for a node, such as w1']],
    ],
    ['are not those of the warm pool', [warm('p1', {})], []],
    ['are none when they have one', [pod('w1', placed)], []],
  ])('%s', (_, records, uses) => expect(usesOf(...records)).toEqual(uses))
})
