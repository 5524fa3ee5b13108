/**
 * Looking at a comparison while it runs, without more false alarms: group-sequential looks by alpha spending (K. K. G. Lan, D. L. DeMets, "Discrete
 * sequential boundaries for clinical trials", Biometrika 70, 1983), and Holm's correction over several objectives (W. Maurer, F. Bretz, "Multiple
 * testing in group sequential trials using graphical approaches", 2013).
 */
import { normalAbove, normalDensity, zOf } from './student.ts'

/** Pocock-like spending: by the share `t` of the planned pairs, this much of `alpha` may be spent. It ends a comparison soonest. */
export const pocockSpending = (alpha: number, t: number): number =>
  alpha * Math.log1p((Math.E - 1) * Math.min(1, Math.max(0, t)))

/**
 * One-sided p-values at which each look may stop, in order. `looks` are numbers of pairs, ascending; the last one is where `alpha` is spent
 * unless `most` says that more are planned. The boundary is computed for a Brownian motion, by integrating the density of what did not stop.
 */
export function nominalLevels(
  alpha: number,
  looks: readonly number[],
  most: number = looks.at(-1) ?? 1,
): readonly number[] {
  const key = `${alpha} ${most} ${looks.join(' ')}`
  const known = computed.get(key)
  if (known) return known
  const levels = levelsOf(alpha, looks, most)
  computed.set(key, levels)
  return levels
}

/** A few alphas and one list of looks are asked for again and again while a comparison runs. */
const computed = new Map<string, readonly number[]>()

const GRID = 240
/** Beyond 8 standard deviations there is nothing. */
const FAR = 8

/** Density of the motion on a grid of `GRID` steps from `from` to the boundary. */
type Staying = { readonly from: number; readonly step: number; readonly density: readonly number[]; readonly t: number }

function levelsOf(alpha: number, looks: readonly number[], most: number): readonly number[] {
  const levels: number[] = []
  let staying: Staying | undefined
  let spent = 0
  for (const look of looks) {
    const t = Math.min(1, look / most)
    const goal = pocockSpending(alpha, t)
    const bound = boundary(staying, t, goal - spent)
    levels.push(normalAbove(bound / Math.sqrt(t)))
    staying = continued(staying, t, bound)
    spent = goal
  }
  return levels
}

/** The height at which exactly `toSpend` of all paths stop at `t`. */
function boundary(staying: Staying | undefined, t: number, toSpend: number): number {
  if (staying === undefined) return zOf(toSpend) * Math.sqrt(t)
  let [low, high] = [-FAR * Math.sqrt(t), FAR * Math.sqrt(t)]
  for (let step = 0; step < 60; step++) {
    const middle = (low + high) / 2
    if (crossing(staying, t, middle) > toSpend) low = middle
    else high = middle
  }
  return (low + high) / 2
}

const crossing = (staying: Staying, t: number, bound: number): number => {
  const spread = Math.sqrt(t - staying.t)
  return integral(staying, (at) => normalAbove((bound - at) / spread))
}

/** The density at `t` of the paths that have not stopped. */
function continued(before: Staying | undefined, t: number, bound: number): Staying {
  const from = -FAR * Math.sqrt(t)
  const step = (bound - from) / GRID
  const densityAt = (at: number): number => {
    if (before === undefined) return normalDensity(at / Math.sqrt(t)) / Math.sqrt(t)
    const spread = Math.sqrt(t - before.t)
    return integral(before, (earlier) => normalDensity((at - earlier) / spread) / spread)
  }
  return { from, step, t, density: Array.from({ length: GRID + 1 }, (_, n) => densityAt(from + n * step)) }
}

/** Simpson's rule over the grid. */
function integral({ from, step, density }: Staying, weight: (at: number) => number): number {
  let sum = 0
  for (const [n, value] of density.entries()) {
    const share = n === 0 || n === GRID ? 1 : n % 2 === 1 ? 4 : 2
    sum += share * value * weight(from + n * step)
  }
  return (sum * step) / 3
}

/**
 * Which of several tests reject, with a chance of at most `alpha` that any does so wrongly (Holm 1979). `levelOf` gives the p-value that suffices for
 * a test which may spend a part of `alpha`: that part itself, or what a look allows of it.
 */
export function holm(
  pValues: readonly number[],
  alpha: number,
  levelOf: (alpha: number) => number = (part) => part,
): readonly boolean[] {
  const rejected = pValues.map(() => false)
  const order = pValues.map((p, index) => ({ p, index })).sort((a, b) => a.p - b.p)
  for (const [rank, { p, index }] of order.entries()) {
    if (!(p <= levelOf(alpha / (order.length - rank)))) break
    rejected[index] = true
  }
  return rejected
}
