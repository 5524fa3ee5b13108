/**
 * What held and broke say about the limit, and what may be promised. The limit differs a little from run to run (neighbours, caches, garbage
 * collection), so a single load is held with a chance: Φ((ln limit − ln load) ÷ spread), a probit. Both the median limit and the spread are unknown.
 * Their probabilities are kept on a grid (Bayes' rule), so that a promise pays for not knowing the spread as well as for the spread itself.
 */

import type { Estimate, LoadPoint } from '../domain/capacity.ts'
import { normalAbove } from '../domain/student.ts'

/**
 * Relative spreads between runs that are thought possible, from a quiet machine to a crowded one; all are equally likely before the first
 * measurement. Measured platforms lie between 2 % and 10 %.
 */
const SPREADS = [0.01, 0.02, 0.03, 0.05, 0.07, 0.1, 0.14] as const
/** Steps of the median limit: 0.7 % is finer than a resolution of 1 %, the least that can be asked for. */
const STEP = Math.log(1.007)
/** The limit may lie this far outside of the measured loads. */
const MARGIN = Math.log(1.6)

type Cell = { readonly logLimit: number; readonly spread: number; readonly weight: number }
export type Belief = readonly Cell[]

/** Undefined before the first load that held or broke. Recovery after overload is another question and does not count. */
export function beliefOf(points: readonly LoadPoint[]): Belief | undefined {
  const told = points.filter(
    ({ outcome, purpose }) => purpose !== 'recovery' && (outcome === 'held' || outcome === 'broke'),
  )
  if (told.length === 0) return undefined
  const tallies = talliesOf(told)
  const logs = tallies.map(({ logLoad }) => logLoad)
  const [from, to] = [Math.min(...logs) - MARGIN, Math.max(...logs) + MARGIN]
  const cells: { logLimit: number; spread: number; log: number }[] = []
  for (let logLimit = from; logLimit <= to; logLimit += STEP) {
    for (const spread of SPREADS) cells.push({ logLimit, spread, log: logLikelihood(tallies, logLimit, spread) })
  }
  const best = cells.reduce((most, { log }) => Math.max(most, log), Number.NEGATIVE_INFINITY)
  const total = cells.reduce((sum, { log }) => sum + Math.exp(log - best), 0)
  return cells.map(({ logLimit, spread, log }) => ({ logLimit, spread, weight: Math.exp(log - best) / total }))
}

/** How often one load held and broke. A search measures some loads again and again, and each costs every cell of the grid a probability. */
type Tally = { readonly logLoad: number; readonly held: number; readonly broke: number }

const talliesOf = (told: readonly LoadPoint[]): readonly Tally[] =>
  [...Map.groupBy(told, ({ load }) => load)].map(([load, at]) => {
    const held = at.filter(({ outcome }) => outcome === 'held').length
    return { logLoad: Math.log(load), held, broke: at.length - held }
  })

function logLikelihood(tallies: readonly Tally[], logLimit: number, spread: number): number {
  return tallies.reduce((sum, { logLoad, held, broke }) => {
    const holds = normalAbove((logLoad - logLimit) / spread)
    return sum + held * logOf(holds) + broke * logOf(1 - holds)
  }, 0)
}

/** No single result rules a cell out. */
const logOf = (chance: number): number => Math.log(Math.max(1e-12, chance))

/** Chance that a run at this load holds. */
export const chanceToHold = (belief: Belief, load: number): number =>
  belief.reduce(
    (sum, { logLimit, spread, weight }) => sum + weight * normalAbove((Math.log(load) - logLimit) / spread),
    0,
  )

/** All cells below this together weigh less than 1e-8: no digit of a load that is written with three. They are nine of ten. */
const NEGLIGIBLE = 1e-12

/** Highest load that a later run holds with at least these odds. */
export function promisedLoad(belief: Belief, odds: number): number {
  const likely = belief.filter(({ weight }) => weight > NEGLIGIBLE)
  let [low, high] = [(belief[0]?.logLimit ?? 0) - 1, belief.at(-1)?.logLimit ?? 0]
  for (let step = 0; step < 40; step += 1) {
    const middle = (low + high) / 2
    if (chanceToHold(likely, Math.exp(middle)) >= odds) low = middle
    else high = middle
  }
  return Math.exp(low)
}

export function estimateOf(belief: Belief): Estimate {
  const at = (share: number) => {
    let seen = 0
    for (const { logLimit, weight } of belief) {
      seen += weight
      if (seen >= share) return Math.exp(logLimit)
    }
    throw new Error('weights of a belief do not add up to 1')
  }
  const spread = Math.exp(belief.reduce((sum, cell) => sum + cell.weight * Math.log(cell.spread), 0))
  return { low: at(0.05), median: at(0.5), high: at(0.95), spread }
}
