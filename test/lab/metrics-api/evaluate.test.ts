import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { evaluate, quantileIn } from '../../../src/lab/metrics-api/evaluate.ts'
import type { MetricRule } from '../../../src/lab/metrics-api/metric-rules.ts'
import { readingOf, type UsageReading } from '../../../src/lab/metrics-api/reading.ts'

const rate: MetricRule = { kind: 'rate', counter: 'http_requests_total', windowMs: 5000 }
const gauge: MetricRule = { kind: 'gauge', gauge: 'realtime_sockets' }
const p95: MetricRule = {
  kind: 'quantile',
  histogram: 'http_request_duration_seconds',
  quantile: 0.95,
  windowMs: 10_000,
}

const requests = (second: number, count: number, start = 7): UsageReading =>
  readingOf(`http_requests_total{code="200"} ${count}\nprocess_start_time_seconds ${start}\n`, second * 1000)
const rateAt = (readings: UsageReading[], nowMs = readings.at(-1)?.atMs ?? 0) => evaluate(rate, readings, nowMs)?.value

describe('a rate', () => {
  it('is the increase over the last five seconds, summed over the label sets', () => {
    const at = (second: number, ok: number, bad: number) =>
      readingOf(`http_requests_total{code="200"} ${ok}\nhttp_requests_total{code="500"} ${bad}\n`, second * 1000)
    const readings = [at(0, 1000, 0), at(10, 1000, 0), at(11, 1100, 10), at(15, 1500, 50)]
    expect(rateAt(readings)).toBeCloseTo((500 + 50) / 5)
  })

  it.each<[string, UsageReading[], number?]>([
    ['nothing was scraped', []],
    ['there is only one reading', [requests(0, 5)]],
    ['the readings are too close together', [requests(0, 5), requests(0.3, 50)]],
    ['the pod has been silent', [requests(0, 5), requests(1, 50)], 9000],
    ['the counter is not exposed', [readingOf('other 1', 0), readingOf('other 2', 1000)]],
    ['the counter has disappeared', [requests(0, 5), requests(1, 50), readingOf('other 2', 2000)]],
    ['the answer was not an exposition', [readingOf('<html>', 0), readingOf('<html>', 1000)]],
  ])('has no value when %s', (_, readings, nowMs) => {
    expect(rateAt(readings, nowMs)).toBeUndefined()
  })

  it('is 0 for a counter that is declared and has not counted yet', () => {
    const idle = (second: number) => readingOf('# TYPE http_requests_total counter\n', second * 1000)
    expect(rateAt([idle(0), idle(1)])).toBe(0)
  })

  it('continues over a restarted counter', () => {
    expect(rateAt([requests(0, 900), requests(1, 1000), requests(2, 30)])).toBeCloseTo(65)
  })

  it('detects a restart even if the new counter is already higher', () => {
    expect(rateAt([requests(0, 10), requests(2, 40, 99)])).toBe(20)
  })

  it('is never negative and never more than what was counted', () => {
    fc.assert(
      fc.property(fc.array(fc.nat(1000), { minLength: 3, maxLength: 5 }), (counts) => {
        const value = rateAt(counts.map((count, second) => requests(second, count))) ?? Number.NaN
        const span = counts.length - 1
        expect(value).toBeGreaterThanOrEqual(0)
        expect(value * span).toBeLessThanOrEqual(counts.reduce((sum, count) => sum + count, 0) + 1e-6)
      }),
    )
  })
})

describe('a gauge', () => {
  it('is the latest value', () => {
    const readings = [readingOf('realtime_sockets 3', 0), readingOf('realtime_sockets 8', 1000)]
    expect(evaluate(gauge, readings, 1000)).toEqual({ value: 8, atMs: 1000, windowMs: 0 })
  })

  it('has no value when it is not a number', () => {
    expect(evaluate(gauge, [readingOf('realtime_sockets NaN', 0)], 0)).toBeUndefined()
  })
})

describe('a quantile', () => {
  const histogram = (second: number, fast: number, slow: number) =>
    readingOf(
      [
        `http_request_duration_seconds_bucket{le="0.1",route="/a"} ${fast}`,
        `http_request_duration_seconds_bucket{le="0.5",route="/a"} ${fast + slow}`,
        `http_request_duration_seconds_bucket{le="+Inf",route="/a"} ${fast + slow}`,
      ].join('\n'),
      second * 1000,
    )

  it('counts only observations in the window', () => {
    const slowBefore = [histogram(0, 0, 10_000), histogram(100, 0, 10_000), histogram(101, 100, 10_000)]
    expect(evaluate(p95, slowBefore, 101_000)?.value).toBeCloseTo(95)
  })

  it('has no value without requests', () => {
    expect(evaluate(p95, [histogram(0, 5, 5), histogram(1, 5, 5)], 1000)).toBeUndefined()
  })

  it.each<[string, [number, number][], number, number | undefined]>([
    [
      'lies within its bucket',
      [
        [1, 50],
        [2, 100],
        [Infinity, 100],
      ],
      0.75,
      1.5,
    ],
    [
      'begins at zero',
      [
        [1, 100],
        [Infinity, 100],
      ],
      0.5,
      0.5,
    ],
    [
      'is the last finite bound when it lies beyond',
      [
        [1, 10],
        [Infinity, 100],
      ],
      0.95,
      1,
    ],
    ['is unknown when there is no finite bound', [[Infinity, 100]], 0.95, undefined],
    [
      'is unknown when nothing was counted',
      [
        [1, 0],
        [Infinity, 0],
      ],
      0.95,
      undefined,
    ],
    ['is unknown without buckets', [], 0.95, undefined],
  ])('%s', (_, buckets, quantile, value) => {
    expect(quantileIn(buckets, quantile)).toBe(value)
  })
})
