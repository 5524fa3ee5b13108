/**
 * Paired differences: B minus A within each pair, of log p95 or of shares. What the machine, the day and the neighbours do to both sides of a pair
 * cancels out. Bootstrapping merged histograms would not see that the spread is between blocks: measured, it gives 8 to 10 times too many false alarms.
 */
import { tAbove, tOf, zOf } from './student.ts'

export type Paired = {
  readonly pairs: number
  readonly mean: number
  readonly sd: number
}

/**
 * `leastSd` is a spread that is known to be there, such as that of a count: identical pairs prove no more than it allows. Undefined below two pairs,
 * where no spread can be seen.
 */
export function paired(differences: readonly number[], leastSd = 0): Paired | undefined {
  const n = differences.length
  if (n < 2) return undefined
  const mean = differences.reduce((sum, each) => sum + each, 0) / n
  const variance = differences.reduce((sum, each) => sum + (each - mean) ** 2, 0) / (n - 1)
  return { pairs: n, mean, sd: Math.max(Math.sqrt(variance), leastSd, TINY) }
}

/** Equal differences, as of a clock too coarse, would divide by zero. */
const TINY = 1e-12

const errorOf = ({ sd, pairs }: Paired): number => sd / Math.sqrt(pairs)

/** One-sided p-value of "the true difference is at most `limit`": small when it is above. */
export const pAbove = (of: Paired, limit: number): number => tAbove((of.mean - limit) / errorOf(of), of.pairs - 1)
/** One-sided p-value of "the true difference is at least `limit`": small when it is below. */
export const pBelow = (of: Paired, limit: number): number => tAbove((limit - of.mean) / errorOf(of), of.pairs - 1)

/** Two-sided interval of the true difference. */
export function interval(of: Paired, confidence = 0.9): readonly [number, number] {
  const reach = tOf((1 - confidence) / 2, of.pairs - 1) * errorOf(of)
  return [of.mean - reach, of.mean + reach]
}

/** The usual chance with which a planned comparison finds what it looks for. */
export const POWER = 0.8

/** The smallest true difference that this many pairs with this spread find at `level` with the chance `power`. */
export const smallestDetectable = (of: Paired, level: number, power: number = POWER): number =>
  (tOf(level, of.pairs - 1) + tOf(1 - power, of.pairs - 1)) * errorOf(of)

/**
 * Pairs that find a difference of `distance` with spread `sd`: (z_level + z_power)² · sd² / distance². At least the fewest that can prove anything.
 */
export function pairsNeeded(sd: number, distance: number, level: number, power: number = POWER): number {
  if (!(distance > 0)) return Number.POSITIVE_INFINITY
  return Math.max(2, Math.ceil(((zOf(level) + zOf(1 - power)) ** 2 * sd ** 2) / distance ** 2 - 1e-9))
}
