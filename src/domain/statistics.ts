/**
 * What may be claimed from counts: one-sided exact binomial bounds (C. J. Clopper and E. S. Pearson, "The use of confidence or
 * fiducial limits illustrated in the case of the binomial", Biometrika 26, 1934) by way of the regularised incomplete beta
 * function, and quantiles of sparse histograms. Exact bounds, because near 100 % a normal approximation promises too much.
 */
import { type Ratio, ratio } from './units.ts'

/** The confidence at which an objective counts as proven. */
export const CONFIDENCE = 0.95

/**
 * Lower bound of the true share of good attempts: a platform below it would show `good` or more of `attempts` with a
 * probability of at most 1 − confidence. 0 without attempts or without good ones.
 */
export function lowerBound(good: number, attempts: number, confidence: number = CONFIDENCE): Ratio {
  const bad = checkedBad(good, attempts)
  checkedShare(confidence, 'confidence')
  if (attempts === 0 || good === 0) return ratio(0)
  const doubt = 1 - confidence
  if (bad === 0) return ratio(doubt ** (1 / attempts))
  // The chance of `bad` or fewer bad attempts falls as the true share of bad ones rises. So bisection finds the share at which it crosses the allowed
  // doubt.
  let [low, high] = [0, 1]
  for (let step = 0; step < 80 && high - low > 1e-15 * high; step++) {
    const middle = (low + high) / 2
    if (chanceOfAtMost(bad, attempts, middle) > doubt) low = middle
    else high = middle
  }
  return ratio(1 - high)
}

/** The fewest attempts, `bad` of them bad, that prove `objective`; undefined if no number can (an objective of 100 %). */
export function attemptsNeeded(objective: number, bad: number, confidence: number = CONFIDENCE): number | undefined {
  checkedShare(objective, 'objective')
  checkedShare(confidence, 'confidence')
  if (objective === 1 || confidence === 1) return undefined
  if (objective === 0) return Math.max(1, bad)
  const proves = (attempts: number) => chanceOfAtMost(bad, attempts, 1 - objective) <= 1 - confidence
  let [low, high] = [bad, bad + 1]
  while (!proves(high)) [low, high] = [high, high * 2]
  while (high - low > 1) {
    const middle = Math.floor((low + high) / 2)
    if (proves(middle)) high = middle
    else low = middle
  }
  return high
}

/** Chance of `count` or fewer events in `trials`, each with probability `chance`: the binomial distribution function. */
export function chanceOfAtMost(count: number, trials: number, chance: number): number {
  if (count >= trials) return 1
  return 1 - chance <= 0 ? 0 : regularisedBeta(1 - chance, trials - count, count + 1)
}

/**
 * Regularised incomplete beta function I_x(a, b) by its continued fraction (DLMF 8.17.22, evaluated by Lentz's method as
 * Thompson and Barnett modified it); the symmetry I_x(a, b) = 1 − I_{1−x}(b, a) keeps the fraction where it converges fast.
 */
export function regularisedBeta(x: number, a: number, b: number): number {
  if (x <= 0) return 0
  if (x >= 1) return 1
  const front = Math.exp(logGamma(a + b) - logGamma(a) - logGamma(b) + a * Math.log(x) + b * Math.log1p(-x))
  if (x < (a + 1) / (a + b + 2)) return (front * betaFraction(x, a, b)) / a
  return 1 - (front * betaFraction(1 - x, b, a)) / b
}

function betaFraction(x: number, a: number, b: number): number {
  const tiny = 1e-300
  const awayFromZero = (n: number) => (Math.abs(n) < tiny ? tiny : n)
  let c = 1
  let d = 1 / awayFromZero(1 - ((a + b) * x) / (a + 1))
  let fraction = d
  for (let m = 1; m < 10_000; m++) {
    const even = (m * (b - m) * x) / ((a + 2 * m - 1) * (a + 2 * m))
    const odd = (-(a + m) * (a + b + m) * x) / ((a + 2 * m) * (a + 2 * m + 1))
    let change = 1
    for (const term of [even, odd]) {
      d = 1 / awayFromZero(1 + term * d)
      c = awayFromZero(1 + term / c)
      change = d * c
      fraction *= change
    }
    if (Math.abs(change - 1) < 1e-15) break
  }
  return fraction
}

/** ln Γ(x) for x > 0: Stirling's series (DLMF 5.11.1), after shifting small x upwards to where seven terms are exact enough. */
function logGamma(x: number): number {
  let shift = 0
  let z = x
  while (z < 10) shift -= Math.log(z++)
  const inverse = 1 / z
  const square = inverse * inverse
  // Bernoulli numbers B2n / (2n (2n − 1)).
  const series =
    inverse *
    (1 / 12 +
      square * (-1 / 360 + square * (1 / 1260 + square * (-1 / 1680 + square * (1 / 1188 + square * (-691 / 360360))))))
  return shift + (z - 0.5) * Math.log(z) - z + 0.5 * Math.log(2 * Math.PI) + series
}

/** A latency histogram: `[upper bound in ms, count]`, ascending. */
export type SparseHistogram = readonly (readonly [number, number])[]

/** Upper bound of the bucket that holds the quantile ("at most"); undefined for an empty histogram. Used for charts, never for the verdict. */
export function quantileOf(histogram: SparseHistogram, quantile: number): number | undefined {
  let total = 0
  for (const [, count] of histogram) total += count
  if (total <= 0) return undefined
  const rank = Math.max(1, Math.ceil(quantile * total - 1e-9))
  let seen = 0
  for (const [upper, count] of histogram) {
    seen += count
    if (count > 0 && seen >= rank) return upper
  }
  return undefined
}

function checkedBad(good: number, attempts: number): number {
  const bad = attempts - good
  if (!(good >= 0 && bad >= 0 && Number.isFinite(attempts))) {
    throw new RangeError(`good must be within 0..attempts, got ${good} of ${attempts}`)
  }
  return bad
}

function checkedShare(share: number, what: string): void {
  if (!(share >= 0 && share <= 1)) throw new RangeError(`${what} must be within 0..1, got ${share}`)
}
