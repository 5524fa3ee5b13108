/**
 * The decision of a comparison after so many pairs: regressed, proven not worse, or undecided. Regressed needs one objective that is proven worse, at
 * a level that Holm's correction and the looks leave to it. Not worse needs every objective proven within its margin, each at the full level of its
 * look: no correction is needed where all must hold.
 */
import type { ComparisonOutcome } from './comparison.ts'
import { holm, nominalLevels } from './looks.ts'
import { type Paired, pAbove, paired, pairsNeeded, pBelow, smallestDetectable } from './paired.ts'

/** One objective: differences of the pairs in order, on the scale on which its limits are given (log ratio, difference of shares). */
export type Gate = {
  readonly differences: readonly number[]
  /** A loss up to here is no regression, a loss below `margin` is not worse. */
  readonly worse: number
  readonly margin: number
  /** Spread that is known to be there. */
  readonly leastSd?: number
}

export type GateState = {
  readonly state: ComparisonOutcome
  readonly test?: Paired
  readonly pWorse?: number
  readonly pNotWorse?: number
}

/** What a comparison could have found, and what it would take to decide. */
export type Outlook = {
  /** The smallest loss that is found in 4 of 5 cases. */
  readonly smallest: number
  /** Pairs in all that would decide; undefined when it is decided or never will be. */
  readonly needs?: number
}

/** `looks`: the numbers of pairs at which one looked so far, ascending, the last one now. `most`: how many are planned. */
export type Looking = { readonly alpha: number; readonly looks: readonly number[]; readonly most: number }

export function decide(gates: readonly Gate[], looking: Looking): readonly GateState[] {
  const tests = gates.map(({ differences, leastSd }) => paired(differences, leastSd))
  const pWorse = tests.map((test, index) => (test ? pAbove(test, gates[index]?.worse ?? 0) : 1))
  const regressed = holm(pWorse, looking.alpha, (part) => levelNow(part, looking))
  return gates.map((gate, index): GateState => {
    const test = tests[index]
    if (test === undefined) return { state: 'undecided' }
    const pNotWorse = pBelow(test, gate.margin)
    const isProven = pNotWorse <= levelNow(looking.alpha, looking)
    const state = regressed[index] ? 'regressed' : isProven ? 'not-worse' : 'undecided'
    return { state, test, pWorse: pWorse[index] ?? 1, pNotWorse }
  })
}

/** `gates`: how many objectives share the alpha. */
export function outlookOf(
  gate: Gate,
  { state, test }: GateState,
  looking: Looking,
  gates: number,
): Outlook | undefined {
  if (test === undefined) return undefined
  const strictest = levelNow(looking.alpha / Math.max(1, gates), looking)
  const smallest = smallestDetectable(test, strictest)
  const needs = state === 'undecided' ? needed(test, gate, levelNow(looking.alpha, looking), strictest) : undefined
  return { smallest, ...(needs === undefined ? {} : { needs }) }
}

/** The p-value that suffices at the look of now. */
const levelNow = (alpha: number, { looks, most }: Looking): number => nominalLevels(alpha, looks, most).at(-1) ?? 0

/** If the estimate is the truth, the nearer of both proofs takes this many pairs. */
function needed(test: Paired, { worse, margin }: Gate, level: number, strictest: number): number | undefined {
  const proofs = [
    pairsNeeded(test.sd, margin - test.mean, level),
    pairsNeeded(test.sd, test.mean - worse, strictest),
  ].filter(Number.isFinite)
  return proofs.length === 0 ? undefined : Math.max(test.pairs + 1, Math.min(...proofs))
}

/** Of all objectives together: the worst wins. */
export function outcomeOf(states: readonly ComparisonOutcome[]): ComparisonOutcome {
  if (states.includes('regressed')) return 'regressed'
  return states.length > 0 && states.every((state) => state === 'not-worse') ? 'not-worse' : 'undecided'
}
