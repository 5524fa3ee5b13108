/** Arrivals that follow a measured curve, as a rehearsal file names it and as it was read. */
import { type Millis, millis, type PerSecond, perSecond, type Some } from './units.ts'

export type ArrivalCurve = {
  readonly file: string
  /** Time from its start, ascending, and the rate at load 1x; linear between them. */
  readonly points: Some<CurvePoint>
  /**
   * Variance ÷ mean of the counts per second, as they are measured where a curve is only a mean over its scrapes. 1 is Poisson. Undefined: the rate is
   * followed smoothly.
   */
  readonly dispersion?: number
  /** How many times faster than it was recorded. */
  readonly speed: number
}
export type CurvePoint = readonly [atMs: Millis, rate: PerSecond]

export const curveEndMs = ({ points }: ArrivalCurve): Millis => (points.at(-1) ?? points[0])[0]

/** Rate of the curve at a moment; its last one after its end. */
export function curveAt({ points }: ArrivalCurve, atMs: number): PerSecond {
  let [low, high] = [0, points.length - 1]
  while (high - low > 1) {
    const middle = (low + high) >> 1
    if ((points[middle] ?? points[0])[0] <= atMs) low = middle
    else high = middle
  }
  const [from, fromRate] = points[low] ?? points[0]
  const [to, toRate] = points[high] ?? points[0]
  if (atMs <= from || to <= from) return fromRate
  return atMs >= to ? toRate : perSecond(fromRate + ((toRate - fromRate) * (atMs - from)) / (to - from))
}

/** Mean rate from its start to a moment. */
export function curveMean(curve: ArrivalCurve, untilMs: number): PerSecond {
  const times = [...curve.points.map(([atMs]) => atMs).filter((atMs) => atMs < untilMs), millis(untilMs)]
  let area = 0
  for (const [index, to] of times.entries()) {
    const from = times[index - 1]
    if (from !== undefined) area += ((curveAt(curve, from) + curveAt(curve, to)) / 2) * (to - from)
  }
  return perSecond(untilMs > 0 ? area / untilMs : curveAt(curve, 0))
}
