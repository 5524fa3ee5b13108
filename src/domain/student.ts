/**
 * Student's t, Fisher's F and the normal distribution: what a few measurements prove. t and F by way of the regularised incomplete beta function
 * (DLMF 8.17; Abramowitz and Stegun 26.7.1 and 26.6.2), the normal by its series and continued fraction (DLMF 7.6, 7.9).
 */
import { regularisedBeta } from './statistics.ts'

/** P(T > t) with `df` degrees of freedom. */
export function tAbove(t: number, df: number): number {
  if (!(df > 0)) throw new RangeError(`degrees of freedom must be > 0, got ${df}`)
  if (Number.isNaN(t)) throw new RangeError('t must be a number')
  const both = regularisedBeta(df / (df + t * t), df / 2, 0.5)
  return t >= 0 ? both / 2 : 1 - both / 2
}

/** The t above which a share `upper` of the distribution lies; 0 < upper < 1. */
export const tOf = (upper: number, df: number): number => inverse(upper, (t) => tAbove(t, df))

/** P(F > value). */
export const fisherAbove = (value: number, dfUpper: number, dfLower: number): number =>
  value <= 0 ? 1 : regularisedBeta(dfLower / (dfLower + dfUpper * value), dfLower / 2, dfUpper / 2)

const SQRT_2PI = Math.sqrt(2 * Math.PI)
export const normalDensity = (z: number): number => Math.exp((-z * z) / 2) / SQRT_2PI

/** P(Z > z) of the standard normal distribution. */
export function normalAbove(z: number): number {
  if (z < 0) return 1 - normalAbove(-z)
  return z < 2.5 ? 0.5 - normalDensity(z) * fromSeries(z) : normalDensity(z) * fromFraction(z)
}

/** The z above which a share `upper` of the distribution lies; 0 < upper < 1. */
export const zOf = (upper: number): number => inverse(upper, normalAbove)

/** z + z³/3 + z⁵/15 + …: the area from 0 to z, divided by the density. */
function fromSeries(z: number): number {
  let term = z
  let sum = z
  for (let k = 3; term > 1e-17 * sum; k += 2) {
    term *= (z * z) / k
    sum += term
  }
  return sum
}

/**
 * 1/(z + 1/(z + 2/(z + …))), from the inside out: the area above z, divided by the density. The terms needed for 16 digits fall with 1/z²: 120 at 2.5,
 * where the fraction begins. A test compares them with 120 terms.
 */
function fromFraction(z: number): number {
  let fraction = z
  for (let k = 6 + Math.ceil(714 / (z * z)); k >= 1; k--) fraction = z + k / fraction
  return 1 / fraction
}

/** Bisection: `above` falls from 1 to 0. */
function inverse(upper: number, above: (x: number) => number): number {
  if (!(upper > 0 && upper < 1)) throw new RangeError(`a share must lie between 0 and 1, got ${upper}`)
  let [low, high] = [-1, 1]
  while (above(low) < upper) low *= 2
  while (above(high) > upper) high *= 2
  for (let step = 0; step < 200 && high - low > 1e-14 * Math.max(1, Math.abs(low)); step++) {
    const middle = (low + high) / 2
    if (above(middle) > upper) low = middle
    else high = middle
  }
  return (low + high) / 2
}
