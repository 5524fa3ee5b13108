import { describe, expect, it } from 'vitest'
import { type CapacityResult, capacityResult } from '../../src/capacity/result.ts'
import { createCapacitySeen } from '../../src/capacity/seen.ts'
import type { Evidence } from '../../src/domain/evidence.ts'
import { instant } from '../../src/domain/units.ts'
import { capacityPage } from '../../src/report/capacity-page.ts'
import { objectSeen, type Recorded, recordedSearch } from './recorded.ts'

function resultOf(platform: Recorded): CapacityResult {
  const result = capacityResult(recordedSearch(platform).seen)
  if (result === undefined) throw new Error('no result')
  return result
}

/** An autoscaler of at most three pods, as many Ready pods as it wants, two nodes, and a pool of 20 connections. */
const cluster = (perSecond: number, at: number): readonly Evidence[] => {
  const wanted = Math.min(3, Math.ceil(perSecond / 13))
  const named = (name: string) => ({ namespace: 'shop', name, uid: name })
  return [
    objectSeen(at, {
      resource: 'HorizontalPodAutoscaler',
      ...named('orders'),
      of: 'orders',
      min: 1,
      max: 3,
      current: wanted,
      desired: wanted,
      metrics: [],
      conditions: [],
    }),
    ...Array.from({ length: wanted }, (_, index) =>
      objectSeen(at, {
        resource: 'Pod',
        ...named(`orders-${index}`),
        app: 'orders',
        labels: {},
        node: 'node-a',
        podPhase: 'Running',
        ready: true,
        deleting: false,
        restarts: 0,
      }),
    ),
    ...['node-a', 'node-b'].map((name) =>
      objectSeen(at, {
        resource: 'Node',
        ...named(name),
        zone: 'a',
        pool: 'api',
        ready: true,
        unschedulable: false,
        taints: [],
      }),
    ),
    {
      kind: 'sample',
      at: instant(at),
      source: 'orders',
      pod: 'orders-0',
      ok: true,
      series: [{ name: 'pool_in_use', labels: {}, value: Math.min(20, perSecond / 4) }],
    },
  ]
}

const pool = { name: 'order pool', of: 'orders', metric: 'pool_in_use', where: {}, pods: 'sum', limit: 20 } as const

const waitingPod = {
  resource: 'Pod',
  namespace: 'shop',
  name: 'orders-9',
  uid: 'orders-9',
  app: 'orders',
  labels: {},
  podPhase: 'Pending',
  ready: false,
  deleting: false,
  restarts: 0,
} as const
const lateNode = {
  resource: 'Node',
  namespace: '',
  name: 'node-z',
  uid: 'node-z',
  zone: 'a',
  pool: 'api',
  ready: false,
  unschedulable: false,
  taints: [],
} as const

const added = (record: Evidence): Evidence => (record.kind === 'object-seen' ? { ...record, change: 'added' } : record)

describe('the journal of a search', () => {
  const { records } = recordedSearch({ limit: 40 })
  const found = records.filter(({ kind }) => kind !== 'run-ended')
  const resultWith = (...all: readonly Evidence[]) => {
    const seen = createCapacitySeen()
    for (const record of all) seen.add(record)
    return capacityResult(seen)
  }
  const last = records.at(-1)?.at ?? instant(0)
  const undo = { does: 'remove-taint', node: 'a1', key: 'k', effect: 'NoSchedule' } as const
  const written: Evidence = { kind: 'undo-written', at: last, id: 'taint/a1', undo }
  const done: Evidence = { kind: 'undo-done', at: last, id: 'taint/a1', by: 'heal', outcome: 'undone' }

  it('that was killed with an undo outstanding shows that it is not healed', () => {
    expect(resultWith(...found)).toMatchObject({ exitCode: 0, end: { kind: 'found' } })
    expect(resultWith(...found, written)).toMatchObject({ exitCode: 6, healed: false })
    expect(resultWith(...found, written, done)).toMatchObject({ exitCode: 0 })
  })

  it.each<[string, Evidence, string]>([
    [
      'that was changed',
      { kind: 'evidence-doubted', at: last, doubt: 'changed', problem: 'line 7' },
      'Stopped: the journal was changed after it was written: line 7.',
    ],
    [
      'of which a line is damaged',
      { kind: 'evidence-lost', at: last, about: 'journal line 7', problem: 'half a line' },
      'Stopped: journal line 7: half a line.',
    ],
  ])('%s proves nothing', (_, record, summary) => {
    expect(resultWith(...records, record)).toMatchObject({ exitCode: 3, summary })
    const ofWatch: Evidence = { kind: 'evidence-lost', at: last, about: 'watch of pods', problem: 'timeout' }
    expect(resultWith(...records, ofWatch)).toMatchObject({ exitCode: 0 })
  })
})

describe('the result of a search', () => {
  it('promises less than the limit, and more than nine tenths of it on a platform that does not vary', () => {
    const result = resultOf({ limit: 40 })
    expect(result).toMatchObject({ exitCode: 0, end: { kind: 'found', limitedBy: 'platform', recovery: 'recovered' } })
    expect(result.promisedPerSecond).toBeLessThanOrEqual(40)
    expect(result.promisedPerSecond).toBeGreaterThan(36)
    expect(result.end.kind === 'found' && Math.abs(result.end.estimate.median * 10 - 40)).toBeLessThan(2)
  })

  it('names the resource that was used up first, with pods, nodes and cost at each load', () => {
    const prices = { currency: 'EUR', pods: { orders: 0.05 }, node: 0.1 }
    const result = resultOf({ limit: 40, beside: cluster, session: { resources: [pool], prices } })
    expect(result.bottleneck).toMatchObject({ kind: 'autoscaler-maximum', name: 'orders' })
    expect(result.next).toMatch(/orders wants 3 of at most 3/)
    const first = result.loads[0]
    expect(first).toMatchObject({ load: 1, pods: { orders: 1 }, nodes: 2, cost: { currency: 'EUR' } })
    // 1 pod and 2 nodes cost 0.25 an hour, for 36,000 orders.
    expect(first?.cost?.perHour).toBeCloseTo(0.25)
    expect(first?.cost?.per1000).toBeCloseTo(0.25 / 36)
  })

  it('names a pool that was used up before the autoscaler', () => {
    const small = { ...pool, limit: 6 }
    const result = resultOf({ limit: 40, beside: cluster, session: { resources: [small] } })
    expect(result.bottleneck).toMatchObject({ kind: 'resource', name: 'order pool' })
  })

  it('does not name what has room at a higher load', () => {
    // Full at 2x, where it is still left over from the load before, and never again.
    const left = (perSecond: number, at: number) =>
      cluster(perSecond, at).map((record) =>
        record.kind === 'sample' && record.ok
          ? { ...record, series: [{ name: 'pool_in_use', labels: {}, value: perSecond < 20 ? 20 : 1 }] }
          : record,
      )
    const result = resultOf({ limit: 40, beside: left, session: { resources: [pool] } })
    expect(result.loads[0]?.uses).toContainEqual(expect.objectContaining({ name: 'order pool', share: 1 }))
    expect(result.bottleneck).toMatchObject({ kind: 'autoscaler-maximum', name: 'orders' })
  })

  it('names pods that wait for a node, although the reason is another one at a higher load', () => {
    const waiting = (perSecond: number, at: number) => [
      ...cluster(1, at),
      ...(perSecond < 15 ? [] : [objectSeen(at, waitingPod)]),
      ...(perSecond < 35 ? [] : [added(objectSeen(at, lateNode))]),
    ]
    const result = resultOf({ limit: 40, beside: waiting })
    const kinds = result.loads.flatMap(({ uses }) => uses.filter(({ name }) => name === 'pods').map(({ kind }) => kind))
    expect(new Set(kinds)).toEqual(new Set(['pods-pending', 'node-late']))
    expect(result.bottleneck).toMatchObject({ kind: 'pods-pending', name: 'pods' })
  })

  it.each([
    { busy: 0.84, name: 'orders' },
    { busy: 0.85, name: 'workers' },
  ])('names workers that are busy for $busy of the time: $name', ({ busy, name }) => {
    const workers = {
      name: 'workers',
      of: 'orders',
      metric: 'busy',
      where: {},
      pods: 'sum',
      limit: 1,
      reading: 'rate',
    } as const
    const worked = (perSecond: number, at: number) =>
      cluster(perSecond, at).map((record) =>
        record.kind === 'sample' && record.ok
          ? { ...record, series: [{ name: 'busy', labels: {}, value: (at / 1000) * (busy + 1e-6) }] }
          : record,
      )
    const result = resultOf({ limit: 40, beside: worked, session: { resources: [workers] } })
    expect(result.bottleneck).toMatchObject({ name })
  })

  it('fails a promise below the planned event, and says by how much', () => {
    const short = resultOf({ limit: 40, session: { event: 5 } })
    expect(short).toMatchObject({ exitCode: 1, summary: expect.stringMatching(/\d+ % short/) })
    const room = resultOf({ limit: 40, session: { event: 3 } })
    expect(room).toMatchObject({ exitCode: 0, summary: expect.stringMatching(/2\d % headroom/) })
  })

  it('says that a zone was drained, in every sentence that a reader could take for the whole platform', () => {
    const result = resultOf({ limit: 40, session: { withoutZone: 'zone-b' } })
    expect(result).toMatchObject({ withoutZone: 'zone-b', end: { kind: 'found' } })
    expect(result.summary).toMatch(/^Without zone-b: it carries [\d.]+x /)
    const page = capacityPage(result, recordedSearch({ limit: 40, session: { withoutZone: 'zone-b' } }).seen)
    expect(page).toContain('<dt>drained for all loads</dt><dd>zone-b</dd>')
    expect(resultOf({ limit: 0.1, session: { withoutZone: 'zone-b' } }).summary).toMatch(
      /^Without zone-b: no load held/,
    )
    expect(resultOf({ limit: 40 })).not.toHaveProperty('withoutZone')
  })

  it('names a platform that stays down after an overload', () => {
    const result = resultOf({ limit: 40, metastable: true })
    expect(result).toMatchObject({
      exitCode: 1,
      end: { kind: 'metastable' },
      summary: expect.stringMatching(/^Metastable/),
    })
  })

  it('gives no limit on a full machine', () => {
    const result = resultOf({ limit: 40, hostBusy: 0.99 })
    expect(result.end).toMatchObject({ kind: 'found', limitedBy: 'generator' })
    expect(result.loads.map(({ outcome }) => outcome)).not.toContain('broke')
    expect(resultOf({ limit: 40, hostBusy: 0.99, session: { event: 9 } }).exitCode).toBe(3)
  })

  it('is reported as stopped when the operator stops it', () => {
    const { records } = recordedSearch({ limit: 40 })
    const seen = createCapacitySeen()
    for (const record of records.slice(0, 300)) seen.add(record)
    seen.add({ kind: 'stop-requested', at: instant(0), by: 'operator', reason: 'the operator asked to stop' })
    expect(capacityResult(seen)).toMatchObject({ exitCode: 4, end: { kind: 'stopped' } })
  })
})

describe('the page of a search', () => {
  it('shows the promise, each load, and no text that is not escaped', () => {
    const evil = { ...pool, name: '<script>alert(1)</script>', limit: 6 }
    const { seen } = recordedSearch({ limit: 40, beside: cluster, session: { resources: [evil], event: 3 } })
    const result = capacityResult(seen)
    if (result === undefined) throw new Error('no result')
    const page = capacityPage(result, seen)
    expect(page).toContain('promise')
    expect(page).not.toContain('<script>')
    for (const { load } of result.loads) expect(page).toContain(`${load}x`)
  })
})
