/** A curve through the phases of a rehearsal as stages, with bursts where it asks for them. */
import { type ArrivalCurve, curveAt } from '../domain/arrival-curve.ts'
import { arrivalsBetween } from '../domain/arrivals.ts'
import { createRandom, type Random } from '../domain/random.ts'
import type { Phase } from '../domain/rehearsal.ts'
import type { LoadStage } from '../domain/timeline.ts'
import { isSome, millis, perSecond, type Some } from '../domain/units.ts'

/** Curve × phase × `factor`. The seed of a run and the profile's name choose the bursts. */
export function curveStages(
  phases: readonly Phase[],
  curve: ArrivalCurve,
  factor: number,
  seed: number,
  profile: string,
): Some<LoadStage> {
  const smooth = phases.flatMap((phase, index) => {
    const fromMs = phases.slice(0, index).reduce((sum, { rampMs, forMs }) => sum + rampMs + forMs, 0)
    const before = phases[index - 1]?.factor ?? 0
    return [
      ...pieces(curve, factor, fromMs, fromMs + phase.rampMs, before, phase.factor),
      ...pieces(curve, factor, fromMs + phase.rampMs, fromMs + phase.rampMs + phase.forMs, phase.factor, phase.factor),
    ]
  })
  const stages =
    curve.dispersion === undefined
      ? smooth
      : bursts(smooth, curve.dispersion, createRandom(seed, `bursts of ${profile}`))
  if (!isSome(stages)) throw new Error('a rehearsal without phases was let through')
  return stages
}

/** From one moment to another, cut where the curve bends; the phase goes from one multiple to the other. */
function pieces(
  curve: ArrivalCurve,
  factor: number,
  fromMs: number,
  toMs: number,
  before: number,
  after: number,
): readonly LoadStage[] {
  if (toMs <= fromMs) return []
  const bends = curve.points.map(([atMs]) => atMs).filter((atMs) => atMs > fromMs && atMs < toMs)
  const times = [fromMs, ...bends, toMs]
  const rate = (atMs: number) => {
    const multiple = before + ((after - before) * (atMs - fromMs)) / (toMs - fromMs)
    return perSecond(curveAt(curve, atMs) * multiple * factor)
  }
  return times.slice(1).map((to, index) => {
    const from = times[index] ?? fromMs
    return { durationMs: millis(to - from), from: rate(from), to: rate(to) }
  })
}

const SECOND = 1000

/** Each second gets a count of its own. The mean is kept, and the variance is `dispersion` times the mean. */
function bursts(smooth: readonly LoadStage[], dispersion: number, draw: Random): readonly LoadStage[] {
  const totalMs = smooth.reduce((sum, { durationMs }) => sum + durationMs, 0)
  return Array.from({ length: Math.ceil(totalMs / SECOND) }, (_, second) => {
    const [from, to] = [second * SECOND, Math.min(totalMs, (second + 1) * SECOND)]
    const count = countOf(arrivalsBetween(smooth, from, to), dispersion, draw)
    const rate = perSecond((count * SECOND) / (to - from))
    return { durationMs: millis(to - from), from: rate, to: rate }
  })
}

/** Poisson; or, where the counts vary by more than that, Poisson with a mean that is gamma distributed (negative binomial). */
function countOf(mean: number, dispersion: number, draw: Random): number {
  if (mean <= 0) return 0
  if (dispersion <= 1) return poisson(mean, draw)
  const scale = dispersion - 1
  return poisson(gamma(mean / scale, draw) * scale, draw)
}

/** D. E. Knuth's multiplication, in parts that stay far from the smallest number. */
function poisson(mean: number, draw: Random): number {
  let count = 0
  for (let left = mean; left > 0; left -= 30) {
    const limit = Math.exp(-Math.min(30, left))
    for (let product = draw.fraction(); product > limit; product *= draw.fraction()) count += 1
  }
  return count
}

/** G. Marsaglia and W. W. Tsang, "A simple method for generating gamma variables", ACM TOMS 26, 2000. */
function gamma(shape: number, draw: Random): number {
  if (shape < 1) return gamma(shape + 1, draw) * (1 - draw.fraction()) ** (1 / shape)
  const d = shape - 1 / 3
  for (;;) {
    const x = normal(draw)
    const v = (1 + x / Math.sqrt(9 * d)) ** 3
    if (v > 0 && Math.log(1 - draw.fraction()) < (x * x) / 2 + d - d * v + d * Math.log(v)) return d * v
  }
}

/** G. E. P. Box and M. E. Muller, 1958. */
const normal = (draw: Random): number =>
  Math.sqrt(-2 * Math.log(1 - draw.fraction())) * Math.cos(2 * Math.PI * draw.fraction())
