import { describe, expect, it } from 'vitest'
import { createStandings } from '../../src/capacity/standing.ts'
import type { LimitedResource } from '../../src/domain/capacity.ts'
import type { HpaSeen, NodeSeen, PodSeen } from '../../src/domain/cluster.ts'
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

const usesOf = (...records: readonly Evidence[]) => usedWith([], ...records)
const usedWith = (resources: readonly LimitedResource[], ...records: readonly Evidence[]) => {
  const standings = createStandings(resources)
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

const scaler = (desired: number, reason: string): Evidence => {
  const object: HpaSeen = {
    resource: 'HorizontalPodAutoscaler',
    ...identity('web'),
    of: 'web',
    min: 2,
    max: 5,
    current: 5,
    desired,
    metrics: [],
    conditions: [{ type: 'AbleToScale', status: 'True', reason, message: '' }],
  }
  return { kind: 'object-seen', at, change: 'modified', object }
}

describe('an autoscaler at a load', () => {
  it('is at its maximum if it wants it', () => {
    expect(usesOf(scaler(5, 'ReadyForNewScale'))).toEqual([['autoscaler-maximum', 'web wants 5 of at most 5 pods']])
  })

  it('is not while it only waits until its scale-down window is over', () => {
    expect(usesOf(scaler(5, 'ScaleDownStabilized'))).toEqual([])
  })
})

describe('workers of two pods, four in all', () => {
  const workers: LimitedResource = {
    name: 'workers',
    of: 'api',
    metric: 'busy_seconds_total',
    where: { to: 'bank' },
    pods: 'sum',
    limit: 4,
    reading: 'rate',
  }
  const reading = (second: number, podName: string, value: number): Evidence => ({
    kind: 'sample',
    at: instant(second * 1000),
    source: 'api',
    pod: podName,
    ok: true,
    series: [
      { name: 'busy_seconds_total', labels: { to: 'bank' }, value },
      { name: 'busy_seconds_total', labels: { to: 'other' }, value: 7 * second },
    ],
  })
  const failed = (second: number, podName: string): Evidence => ({
    kind: 'sample',
    at: instant(second * 1000),
    source: 'api',
    pod: podName,
    ok: false,
    problem: 'no answer within 1 s',
  })
  const started = [reading(0, 'a', 100), reading(0, 'b', 50)]

  it.each<[string, Evidence[], string]>([
    ['add up over the pods', [reading(10, 'a', 115), reading(10, 'b', 60)], '2.5 of 4'],
    [
      'are counted by the time between the first and the last reading',
      [reading(1, 'a', 102), reading(10, 'a', 115)],
      '1.5 of 4',
    ],
    [
      'are counted over readings that failed',
      [failed(5, 'a'), reading(10, 'a', 115), reading(10, 'b', 60)],
      '2.5 of 4',
    ],
    ['go on from 0 with a new process', [reading(5, 'a', 105), reading(10, 'a', 5), reading(10, 'b', 50)], '1 of 4'],
  ])('%s', (_, records, used) => {
    const uses = usedWith([workers], ...started, ...records)
    expect(uses).toEqual([['utilization', `workers: ${used} (busy_seconds_total), on average`]])
  })

  it('are those of the busiest pod where that is asked for', () => {
    const uses = usedWith([{ ...workers, pods: 'max' }], ...started, reading(10, 'a', 115), reading(10, 'b', 60))
    expect(uses).toEqual([['utilization', 'workers: 1.5 of 4 (busy_seconds_total), on average']])
  })

  it('are not known before a pod was read twice at this load', () => {
    expect(usedWith([workers], ...started)).toEqual([])
    const standings = createStandings([workers])
    for (const each of [...started, reading(5, 'a', 105)]) standings.add(each)
    standings.begin()
    standings.add(reading(10, 'a', 115))
    expect(standings.uses()).toEqual([])
    standings.add(reading(12, 'a', 119))
    expect(standings.uses()).toMatchObject([{ share: 0.5 }])
  })
})
