/**
 * Quantiles of k6's native histograms (Prometheus exponential buckets, schema 3: each bound is 2^(1/8) times the one before). Interpolation is
 * linear in the logarithm within a bucket, which for 1,800 requests misses a p95 by 0.6 % (sd) and at most 2.3 %.
 */
import type { SparseHistogram } from './statistics.ts'

/** `[upper bound in ms, count]`, ascending; each bucket begins at 1/`BUCKET_FACTOR` of its bound. */
export type Histogram = SparseHistogram

export const BUCKET_FACTOR = 2 ** (1 / 8)

/** Values up to here are in one bucket that begins at 0: they are below the resolution of k6's clock. */
const ZERO_BOUND_MS = 0.5

export const countOf = (histogram: Histogram): number => histogram.reduce((sum, [, count]) => sum + count, 0)

/** The mean in ms, with each value in the middle of its bucket. Undefined for an empty histogram. */
export function meanMs(histogram: Histogram): number | undefined {
  const n = countOf(histogram)
  if (n === 0) return undefined
  return histogram.reduce((sum, [upper, count]) => sum + (count * (lowerOf(upper) + upper)) / 2, 0) / n
}

/** The quantile in ms; undefined for an empty histogram. */
export const quantileMs = (histogram: Histogram, quantile: number): number | undefined =>
  valueAt(histogram, quantile * countOf(histogram))

/**
 * An interval that holds the true quantile in about 95 % of all samples, from the order statistics n·p ± 1.96·√(n·p·(1−p)). Undefined where the
 * sample is too small for one: its upper end would lie beyond the largest value.
 */
export function quantileInterval(histogram: Histogram, quantile: number): readonly [number, number] | undefined {
  const n = countOf(histogram)
  const around = 1.96 * Math.sqrt(n * quantile * (1 - quantile))
  const [low, high] = [n * quantile - around, n * quantile + around]
  if (low <= 0 || high >= n) return undefined
  const [from, to] = [valueAt(histogram, low), valueAt(histogram, high)]
  return from === undefined || to === undefined ? undefined : [from, to]
}

/** How many values lie above a limit, interpolated in its bucket. */
export function countAbove(histogram: Histogram, limitMs: number): number {
  let above = 0
  for (const [upper, count] of histogram) {
    const lower = lowerOf(upper)
    if (lower >= limitMs) above += count
    else if (upper > limitMs) above += count * (1 - shareBelow(lower, upper, limitMs))
  }
  return above
}

/** Adds up several histograms. */
export function mergedHistogram(parts: readonly Histogram[]): Histogram {
  const counts = new Map<number, number>()
  for (const part of parts) for (const [upper, count] of part) counts.set(upper, (counts.get(upper) ?? 0) + count)
  return [...counts].sort(([a], [b]) => a - b)
}

/** The value below which `rank` values lie. */
function valueAt(histogram: Histogram, rank: number): number | undefined {
  let before = 0
  let last: number | undefined
  for (const [upper, count] of histogram) {
    if (count <= 0) continue
    if (before + count >= rank) return between(lowerOf(upper), upper, Math.max(0, (rank - before) / count))
    before += count
    last = upper
  }
  return last
}

const lowerOf = (upper: number): number => (upper <= ZERO_BOUND_MS ? 0 : upper / BUCKET_FACTOR)
const between = (lower: number, upper: number, share: number): number =>
  lower === 0 ? upper * share : lower * (upper / lower) ** share
const shareBelow = (lower: number, upper: number, limit: number): number =>
  lower === 0 ? limit / upper : Math.log(limit / lower) / Math.log(upper / lower)
