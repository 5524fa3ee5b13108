/** Student's t and Fisher's F by the regularised incomplete beta function (DLMF 8.17; Abramowitz and Stegun 26.7.1 and 26.6.2). */
import { regularisedBeta } from '../../domain/statistics.ts'

/** The value that |t| exceeds with a probability of 1 − confidence, for `df` degrees of freedom: 2.776 for 95 % and 4. */
export function studentTwoSided(confidence: number, df: number): number {
  const exceeded = (t: number) => regularisedBeta(df / (df + t * t), df / 2, 0.5)
  let [low, high] = [0, 2]
  while (exceeded(high) > 1 - confidence) high *= 2
  for (let step = 0; step < 60; step += 1) {
    const middle = (low + high) / 2
    if (exceeded(middle) > 1 - confidence) low = middle
    else high = middle
  }
  return high
}

/** Probability that F with these degrees of freedom exceeds `value`. */
export const fisherAbove = (value: number, dfUpper: number, dfLower: number): number =>
  value <= 0 ? 1 : regularisedBeta(dfLower / (dfLower + dfUpper * value), dfLower / 2, dfUpper / 2)
