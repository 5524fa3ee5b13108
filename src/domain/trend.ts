/**
 * Whether a series grows, without assuming a shape or normal noise: the Mann-Kendall test with Sen's slope. Pure.
 * M. G. Kendall, Rank Correlation Methods, 4th ed., ch. 4; P. K. Sen, JASA 63 (1968) 1379-1389.
 */
export type TrendPoint = { readonly at: number; readonly value: number }

export type Trend = {
  /** Standard score of the test: above 3.29 by chance in one of 2,000 series without a trend. */
  readonly z: number
  /** Median slope over all pairs, in the value's unit per ms. */
  readonly slope: number
}

/** Undefined for fewer than two points. Takes n² steps. */
export function trendOf(points: readonly TrendPoint[]): Trend | undefined {
  const n = points.length
  if (n < 2) return undefined
  const slopes: number[] = []
  let score = 0
  for (const [index, late] of points.entries()) {
    for (const early of points.slice(0, index)) {
      score += Math.sign(late.value - early.value)
      if (late.at > early.at) slopes.push((late.value - early.value) / (late.at - early.at))
    }
  }
  const sd = Math.sqrt((n * (n - 1) * (2 * n + 5)) / 18)
  return { z: (score - Math.sign(score)) / sd, slope: median(slopes) ?? 0 }
}

export function median(values: readonly number[]): number | undefined {
  return [...values].sort((a, b) => a - b)[values.length >> 1]
}
