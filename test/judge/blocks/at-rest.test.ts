import { describe, expect, it } from 'vitest'
import type { ClusterObject } from '../../../src/domain/cluster.ts'
import type { Evidence } from '../../../src/domain/evidence.ts'
import { instant, millis, type Some } from '../../../src/domain/units.ts'
import { createAtRest } from '../../../src/judge/blocks/at-rest.ts'
import { blockPlan } from '../../support/evidence-blocks.ts'

const named = (name: string) => ({ namespace: 'casino', name, uid: name })
const hpa = (current: number, desired: number): ClusterObject => ({
  resource: 'HorizontalPodAutoscaler',
  ...named('gateway'),
  of: 'gateway',
  min: 1,
  max: 10,
  current,
  desired,
  metrics: [],
  conditions: [],
})
const deployment = (ready: number): ClusterObject => ({
  resource: 'Deployment',
  ...named('gateway'),
  wanted: 2,
  current: 2,
  ready,
  updated: 2,
})
const seenAt = (
  at: number,
  object: ClusterObject,
  change: 'present' | 'modified' | 'deleted' = 'modified',
): Evidence => ({
  kind: 'object-seen',
  at: instant(at),
  change,
  object,
})
const sample = (at: number, metrics: Readonly<Record<string, number>>): Evidence => ({
  kind: 'sample',
  at: instant(at),
  source: 'wallet',
  pod: 'wallet-1',
  ok: true,
  series: Object.entries(metrics).map(([name, value]) => ({ name, labels: {}, value })),
})
const source = (...metrics: Some<string>) => ({ namespace: 'casino', selector: {}, port: 1, path: '/metrics', metrics })
const target = {
  sources: { wallet: source('wallet_outbox_lag', 'payments_breaker_state'), gateway: source('http_requests_total') },
}
const calm = [
  seenAt(0, hpa(2, 2), 'present'),
  seenAt(0, deployment(2), 'present'),
  sample(9000, { wallet_outbox_lag: 0 }),
]

function unrest(records: readonly Evidence[], at = 10_000): readonly string[] {
  const fold = createAtRest(target)
  for (const record of records) fold.add(record)
  return fold.unrest(at)
}

describe('the platform is at rest', () => {
  it('when nothing moves, queues are empty and breakers are closed', () => {
    expect(unrest(calm)).toEqual([])
  })

  it.each<readonly [string, readonly Evidence[], string]>([
    ['an autoscaler scales', [seenAt(1000, hpa(2, 4))], 'HorizontalPodAutoscaler casino/gateway scales from 2 to 4'],
    [
      'a workload has fewer pods than it wants',
      [seenAt(1000, deployment(1))],
      'Deployment casino/gateway has 1 of 2 pods Ready',
    ],
    [
      'it has been at rest only for a moment',
      [seenAt(1000, deployment(1)), seenAt(8000, deployment(2))],
      'Deployment casino/gateway changed 2 s ago',
    ],
    ['a queue holds work', [sample(9500, { wallet_outbox_lag: 3 })], 'wallet_outbox_lag of wallet/wallet-1 is 3'],
    [
      'a breaker is open',
      [sample(9500, { payments_breaker_state: 2 })],
      'payments_breaker_state of wallet/wallet-1 is 2: not closed',
    ],
  ])('but not when %s', (_, more, reason) => {
    expect(unrest([...calm, ...more])).toEqual([reason])
  })

  it('but not while load runs, and not before its queues were read after the load', () => {
    const started: Evidence = {
      kind: 'block-started',
      at: instant(500),
      ...blockPlan('b1', 'a', 1),
      zeroAt: instant(500),
    }
    const ended: Evidence = { kind: 'block-ended', at: instant(9500), block: 'b1', outcome: 'completed', problems: [] }
    expect(unrest([...calm, started])).toEqual(['load runs (b1)'])
    expect(unrest([...calm, started, ended])).toEqual(['source wallet was not read since the load ended'])
    expect(unrest([...calm, started, ended, sample(9800, { wallet_outbox_lag: 0 })])).toEqual([])
  })

  it('but not when its queues were never read, or not for a long time', () => {
    const unread = ['source wallet was not read since the load ended']
    expect(unrest(calm.slice(0, 2))).toEqual(unread)
    expect(unrest(calm, 60_000)).toEqual(unread)
  })

  it('again when the object that moved is gone', () => {
    expect(unrest([...calm, seenAt(1000, hpa(2, 4)), seenAt(9000, hpa(2, 4), 'deleted')])).toEqual([])
  })

  const pod = (changes: { deleting?: boolean; podPhase?: 'Pending' | 'Running' }): ClusterObject => ({
    resource: 'Pod',
    ...named('gateway-1'),
    app: 'gateway',
    labels: {},
    podPhase: 'Running',
    ready: true,
    deleting: false,
    restarts: 0,
    ...changes,
  })
  const set = (ready: number): ClusterObject => ({
    resource: 'StatefulSet',
    ...named('kafka'),
    wanted: 3,
    current: 3,
    ready,
  })

  it.each<readonly [string, ClusterObject, readonly string[]]>([
    [
      'an old pod is still there',
      { ...deployment(2), current: 3 } as ClusterObject,
      ['Deployment casino/gateway has 2 of 2 pods Ready'],
    ],
    [
      'a pod is not yet new',
      { ...deployment(2), updated: 1 } as ClusterObject,
      ['Deployment casino/gateway has 2 of 2 pods Ready'],
    ],
    ['a database lacks a pod', set(2), ['StatefulSet casino/kafka has 2 of 3 pods Ready']],
    ['a database has its pods', set(3), []],
    ['a pod goes', pod({ deleting: true }), ['Pod casino/gateway-1 is being deleted']],
    ['a pod waits for a node', pod({ podPhase: 'Pending' }), ['Pod casino/gateway-1 is pending']],
    ['a pod runs', pod({}), []],
  ])('as its objects say: %s', (_, object, reasons) => {
    expect(unrest([...calm, seenAt(1000, object)])).toEqual(reasons)
  })

  it('for 5 s, since its objects last changed, and not since they were last seen', () => {
    const changed = [...calm, seenAt(1000, hpa(2, 3)), seenAt(5000, hpa(3, 3))]
    expect(unrest(changed, 9999)).toEqual(['HorizontalPodAutoscaler casino/gateway changed 5 s ago'])
    expect(unrest(changed, 10_000)).toEqual([])
    expect(unrest([...changed, seenAt(9000, hpa(3, 3))], 10_000)).toEqual([])
    expect(unrest([...calm, seenAt(1, hpa(2, 2), 'present')], 1)).toEqual([])
  })

  it('by readings that are not older than 15 s and younger than the load', () => {
    expect(unrest(calm, 24_000)).toEqual([])
    expect(unrest(calm, 24_001)).toEqual(['source wallet was not read since the load ended'])
    const failed: Evidence = {
      kind: 'sample',
      at: instant(20_000),
      source: 'wallet',
      pod: 'wallet-1',
      ok: false,
      problem: 'no',
    }
    expect(unrest([...calm, failed], 24_001)).toEqual(['source wallet was not read since the load ended'])
    const gone = sample(9000, { wallet_outbox_lag: 3 })
    const other = { ...sample(24_000, { wallet_outbox_lag: 0 }), pod: 'wallet-2' } as Evidence
    expect(unrest([...calm, gone, other], 24_000)).toEqual(['wallet_outbox_lag of wallet/wallet-1 is 3'])
    expect(unrest([...calm, gone, other], 24_001)).toEqual([])
  })

  it('by the sum of the series of a gauge', () => {
    const labelled = sample(9500, { wallet_outbox_lag: 0 })
    if (labelled.kind !== 'sample' || !labelled.ok) throw new Error('a sample')
    const series = [1, 2].map((value) => ({ name: 'wallet_outbox_lag', labels: { shard: String(value) }, value }))
    expect(unrest([...calm, { ...labelled, series }])).toEqual(['wallet_outbox_lag of wallet/wallet-1 is 3'])
    expect(unrest([...calm, sample(9500, { http_requests_total: 9 })])).toEqual([])
  })

  it('by rules of its own', () => {
    const fold = createAtRest(target, { stableMs: millis(1000), queueMost: 3 })
    for (const record of [...calm, sample(9500, { wallet_outbox_lag: 3 }), seenAt(9000, hpa(3, 3))]) fold.add(record)
    expect(fold.unrest(10_000)).toEqual([])
    fold.add(sample(10_000, { wallet_outbox_lag: 4 }))
    expect(fold.unrest(10_000)).toEqual(['wallet_outbox_lag of wallet/wallet-1 is 4'])
  })
})
