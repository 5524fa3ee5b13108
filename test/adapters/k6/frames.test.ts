import { describe, expect, it } from 'vitest'
import { createFraming } from '../../../src/adapters/k6/frames.ts'
import type { LoadPlan } from '../../../src/domain/timeline.ts'
import { instant, millis, perSecond } from '../../../src/domain/units.ts'
import type { NativeHistogram, TimeSeries } from '../../../src/protocols/prometheus/remote-write.ts'

const level = [{ durationMs: millis(1000), from: perSecond(5), to: perSecond(5) }] as const
const plan: LoadPlan = {
  run: 'r',
  seed: 1,
  entry: 'http://127.0.0.1:1',
  profiles: [
    { name: 'login', stages: level },
    { name: 'deposit', stages: level },
  ],
  sockets: { lifetimeMs: millis(1000), stages: level, sli: 'ws-rtt' },
  unions: { api: ['login', 'deposit', 'bet'] },
  limits: {},
}

const number = (name: string, labels: Record<string, string>, value: number): TimeSeries => ({
  name: `k6_${name}`,
  labels,
  samples: [{ value, timestampMs: 0 }],
  histograms: [],
})

/** With schema 0, bucket 0 ends at 1 s, bucket -1 at 0.5 s, and so on. */
const histogram = (
  name: string,
  labels: Record<string, string>,
  buckets: readonly (readonly [number, number])[],
  zero = 0,
) => {
  const value: NativeHistogram = {
    timestampMs: 0,
    count: zero + buckets.reduce((sum, [, count]) => sum + count, 0),
    sum: 0,
    schema: 0,
    zeroThreshold: 0,
    zeroCount: zero,
    positive: buckets,
    negative: [],
  }
  return { name: `k6_${name}_seconds`, labels, samples: [], histograms: [value] } satisfies TimeSeries
}

const latency = (sli: string, buckets: readonly (readonly [number, number])[], zero = 0) =>
  histogram('md_latency', { scenario: sli, sli }, buckets, zero)

const at = instant(1)
const frames = () => {
  const frameOf = createFraming('k6', plan)
  return (...series: TimeSeries[]) => frameOf({ series }, at)
}

describe('a frame', () => {
  it('has zeros for every profile of the plan before anything was measured', () => {
    const nothing = { good: 0, bad: 0, badBy: {}, slow: 0, overCeiling: 0, histogram: [] }
    expect(frames()()).toEqual({
      at,
      instance: 'k6',
      slis: { login: nothing, deposit: nothing, api: nothing },
      profiles: { login: { iterations: 0, dropped: 0 }, deposit: { iterations: 0, dropped: 0 } },
      operations: {},
      unknownKeys: [],
      sockets: { open: 0, connected: 0, failed: 0, dropped: 0, sentAway: 0, kept: 0, moved: 0 },
      vus: 0,
    })
  })

  it('counts good responses by the histogram and bad ones by reason, and holds the new part of the histogram', () => {
    const push = frames()
    push(latency('login', [[-3, 10]], 1), number('md_bad_total', { sli: 'login', reason: 'timeout' }, 2))
    const { slis } = push(
      latency(
        'login',
        [
          [-3, 12],
          [-1, 1],
        ],
        1,
      ),
      number('md_bad_total', { sli: 'login', reason: 'http-503' }, 1),
      number('md_bad_total', { sli: 'login', reason: 'refused' }, 0),
      number('md_slow_total', { sli: 'login', limit: 'target' }, 4),
      number('md_slow_total', { sli: 'login', limit: 'ceiling' }, 1),
    )
    expect(slis.login).toEqual({
      good: 14,
      bad: 3,
      badBy: { timeout: 2, 'http-503': 1 },
      slow: 4,
      overCeiling: 1,
      histogram: [
        [125, 2],
        [500, 1],
      ],
    })
  })

  it('keeps the value of a series that a push leaves out', () => {
    const push = frames()
    push(latency('login', [[0, 3]]), number('iterations_total', { scenario: 'login' }, 3))
    const frame = push(number('vus', {}, 7))
    expect(frame.slis.login).toMatchObject({ good: 3, histogram: [] })
    expect(frame.profiles.login).toEqual({ iterations: 3, dropped: 0 })
    expect(frame.vus).toBe(7)
  })

  it('adds up the parts of a combined indicator without samples of its own', () => {
    const { slis } = frames()(
      latency('login', [[0, 3]]),
      latency('deposit', [
        [-1, 2],
        [0, 1],
      ]),
      number('md_bad_total', { sli: 'deposit', reason: 'network' }, 1),
      number('md_slow_total', { sli: 'login', limit: 'target' }, 1),
    )
    expect(slis.api).toEqual({
      good: 6,
      bad: 1,
      badBy: { network: 1 },
      slow: 1,
      overCeiling: 0,
      histogram: [
        [500, 2],
        [1000, 4],
      ],
    })
  })

  it('continues counting after a restart of k6', () => {
    const push = frames()
    push(latency('login', [[0, 5]]), number('iterations_total', { scenario: 'login' }, 5))
    const frame = push(latency('login', [[0, 2]]), number('iterations_total', { scenario: 'login' }, 2))
    expect(frame.slis.login).toMatchObject({ good: 7, histogram: [[1000, 2]] })
    expect(frame.profiles.login?.iterations).toBe(7)
  })

  it('treats a stale marker as no value', () => {
    const push = frames()
    push(number('md_acknowledged_total', { op: 'deposit' }, 4), latency('login', [[0, 5]]))
    const end = { ...latency('login', [[0, 6]]), samples: [{ value: Number.NaN, timestampMs: 1 }] }
    const frame = push(number('md_acknowledged_total', { op: 'deposit' }, Number.NaN), end)
    expect(frame.operations.deposit?.acknowledged).toBe(4)
    expect(frame.slis.login?.good).toBe(6)
  })

  it('lists each unknown key once and always gives their number', () => {
    const push = frames()
    const keyed = (key: string) => number('md_unknown_total', { op: 'deposit', key }, 1)
    expect(push(keyed('r.deposit.1'), number('md_unknown_count_total', { op: 'deposit' }, 1)).unknownKeys).toEqual([
      { operation: 'deposit', key: 'r.deposit.1' },
    ])
    const frame = push(
      keyed('r.deposit.1'),
      keyed('r.deposit.9'),
      number('md_unknown_count_total', { op: 'deposit' }, 2),
    )
    expect(frame.unknownKeys).toEqual([{ operation: 'deposit', key: 'r.deposit.9' }])
    expect(frame.operations.deposit?.unknown).toBe(2)
  })

  it('adds up the sockets of all VUs, and holds the lag of their event loops since the last frame', () => {
    const push = frames()
    push(histogram('md_loop_lag', {}, [[2, 100]]))
    const frame = push(
      number('md_sockets_open', { part: '0' }, 90),
      number('md_sockets_open', { part: '1' }, 60),
      number('md_socket_events_total', { outcome: 'connected' }, 160),
      number('md_socket_events_total', { outcome: 'dropped' }, 10),
      number('md_socket_events_total', { outcome: 'sent-away' }, 7),
      histogram('md_loop_lag', {}, [
        [-9, 19],
        [2, 101],
      ]),
    )
    expect(frame.sockets).toEqual({ open: 150, connected: 160, failed: 0, dropped: 10, sentAway: 7, kept: 0, moved: 0 })
    expect(frame.loopLag).toEqual({ count: 20, p95Ms: 1.9531 })
  })
})
