/**
 * Computes the value of a metric from the readings of a pod. Missing data gives no value, never 0, because an autoscaler would act on a 0.
 */

import type { MetricRule } from './metric-rules.ts'
import type { Buckets, UsageReading } from './reading.ts'

export type MetricValue = { readonly value: number; readonly atMs: number; readonly windowMs: number }

// A pod whose last reading is older than this counts as silent.
const STALE_AFTER_MS = 4000
// A rate over a shorter time would be mostly noise.
const SPAN_MIN_MS = 900
// Scrapes come about once a second, a little early or late.
const SLACK_MS = 500

/** Readings, sorted by time. */
export function evaluate(rule: MetricRule, readings: readonly UsageReading[], nowMs: number): MetricValue | undefined {
  const newest = readings.at(-1)
  if (newest === undefined || nowMs - newest.atMs > STALE_AFTER_MS) return undefined
  switch (rule.kind) {
    case 'gauge': {
      const value = newest.totals.get(rule.gauge)
      return value === undefined ? undefined : { value, atMs: newest.atMs, windowMs: 0 }
    }
    case 'rate':
      return rateOf(rule.counter, within(readings, newest, rule.windowMs), newest)
    case 'quantile':
      return quantileOf(rule, within(readings, newest, rule.windowMs), newest)
  }
}

const within = (readings: readonly UsageReading[], newest: UsageReading, windowMs: number): readonly UsageReading[] =>
  readings.filter(({ atMs }) => newest.atMs - atMs <= windowMs + SLACK_MS)

const spanOf = (readings: readonly UsageReading[], newest: UsageReading): number =>
  newest.atMs - (readings[0]?.atMs ?? newest.atMs)

function rateOf(counter: string, window: readonly UsageReading[], newest: UsageReading): MetricValue | undefined {
  const known = window.filter(({ totals }) => totals.has(counter))
  const spanMs = spanOf(known, newest)
  if (spanMs < SPAN_MIN_MS || known.at(-1) !== newest) return undefined
  const grown = pairs(known).reduce(
    (total, [before, after]) => total + increase(before, after, ({ totals }) => totals.get(counter) ?? 0),
    0,
  )
  return { value: (grown * 1000) / spanMs, atMs: newest.atMs, windowMs: spanMs }
}

const pairs = (readings: readonly UsageReading[]): [UsageReading, UsageReading][] =>
  readings.slice(1).flatMap((after, index) => {
    const before = readings[index]
    return before === undefined ? [] : [[before, after]]
  })

/** The increase of a counter between two readings. If it fell, or the process is another one, it restarted at 0. */
function increase(before: UsageReading, after: UsageReading, countIn: (reading: UsageReading) => number): number {
  const count = countIn(after)
  const restarted = before.processStart !== after.processStart || count < countIn(before)
  return restarted ? count : count - countIn(before)
}

function quantileOf(
  rule: Extract<MetricRule, { kind: 'quantile' }>,
  window: readonly UsageReading[],
  newest: UsageReading,
): MetricValue | undefined {
  const { histogram, quantile } = rule
  const known = window.filter(({ buckets }) => buckets.has(histogram))
  const spanMs = spanOf(known, newest)
  if (spanMs < SPAN_MIN_MS || known.at(-1) !== newest) return undefined
  const bounds = (newest.buckets.get(histogram) ?? []).map(([bound]) => bound)
  const counted: Buckets = bounds.map((bound) => [bound, grownBelow(histogram, bound, known)])
  const seconds = quantileIn(counted, quantile)
  return seconds === undefined ? undefined : { value: seconds * 1000, atMs: newest.atMs, windowMs: spanMs }
}

function grownBelow(histogram: string, bound: number, readings: readonly UsageReading[]): number {
  const countIn = ({ buckets }: UsageReading): number =>
    buckets.get(histogram)?.find(([other]) => other === bound)?.[1] ?? 0
  return pairs(readings).reduce((total, [before, after]) => total + increase(before, after, countIn), 0)
}

/** Linear within the bucket, as in Prometheus. Above the last finite bound it is that bound. Undefined without observations. */
export function quantileIn(buckets: Buckets, quantile: number): number | undefined {
  const total = buckets.at(-1)?.[1] ?? 0
  if (total <= 0) return undefined
  const rank = quantile * total
  const index = buckets.findIndex(([, count]) => count >= rank)
  const [bound, count] = buckets[index] ?? [Number.POSITIVE_INFINITY, total]
  const [lower, below] = index > 0 ? (buckets[index - 1] ?? [0, 0]) : [0, 0]
  if (!Number.isFinite(bound)) return index > 0 ? lower : undefined
  return count === below ? bound : lower + ((bound - lower) * (rank - below)) / (count - below)
}
