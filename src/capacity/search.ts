/**
 * The search for the limit, as a function of what was measured so far: the same points always give the same next load, so a search can be
 * continued and checked from its journal. Bracket by `growth`, bisect to `resolution`, check that the platform recovers from an overload, measure
 * near the limit to learn its spread, then prove the promise by long holds.
 */

import type { LoadPoint, NextLoad, Purpose, SearchEnd, SearchSpec } from '../domain/capacity.ts'
import { millis } from '../domain/units.ts'
import { type Belief, beliefOf, estimateOf, promisedLoad } from './belief.ts'
import { doubtful, type Edge, edgeOf, type Tally, talliesOf } from './edge.ts'

export type SearchStep = NextLoad | SearchEnd

/** A hold that breaks lowers the promise. After this many holds the platform is too unsteady for a promise. */
const HOLDS_MAX = 6
/** One failure could be chance, because the limit varies between runs. Each try follows an overload of its own. */
const STAYED_DOWN = 2
const RECOVERIES_MAX = 3
/** The overload before the recovery is at least this far above the limit. */
const OVERLOAD = 1.5

/** What to do after these points, when `spentMs` of the budget are used. */
export function nextStep(spec: SearchSpec, points: readonly LoadPoint[], spentMs: number): SearchStep {
  const stop = endOf(spec, points)
  if (stop) return stop
  const tallies = talliesOf(points)
  const edge = edgeOf(tallies)
  const climb = climbing(spec, points, tallies, edge)
  // The holds need their time: without them nothing is promised.
  const left = spec.budgetMs - spentMs - spec.holds * spec.holdMs
  if (climb) return climb.kind === 'measure' && left < spec.measureMs ? outOfTime(edge) : climb
  const limitedBy = edge.broke !== undefined ? 'platform' : generatorLimit(points) === undefined ? 'max' : 'generator'
  const belief = beliefOf(points)
  if (belief === undefined || edge.held === undefined) return outOfTime(edge)
  const recovery =
    limitedBy === 'platform' && left >= spec.measureMs ? recovering(spec, points, belief, edge) : undefined
  if (recovery) return recovery
  const repeat = limitedBy === 'platform' && left >= spec.measureMs ? repeating(spec, points, belief) : undefined
  return repeat ?? holding(spec, points, belief, edge.held, limitedBy, spentMs)
}

const outOfTime = (edge: Edge): SearchEnd => ({ kind: 'unproven', why: 'out-of-time', ...edge })

/** Ends that leave nothing to search for. */
function endOf(spec: SearchSpec, points: readonly LoadPoint[]): SearchStep | undefined {
  const held = edgeOf(talliesOf(points)).held
  if (held !== undefined) return stayedDown(spec, points, held)
  const tooFew = points.find(({ outcome, met }) => outcome === 'unproven' && met)
  if (tooFew) return { kind: 'unproven', why: 'too-few-samples' }
  const limit = generatorLimit(points)
  return limit !== undefined && limit <= spec.min * spec.growth ? { kind: 'generator-limit', load: limit } : undefined
}

/** Metastable: down after an overload, twice, at a load that the platform carries when it starts from rest. That last point is measured for control. */
function stayedDown(spec: SearchSpec, points: readonly LoadPoint[], held: number): SearchStep | undefined {
  const down = points.filter(({ purpose, outcome }) => purpose === 'recovery' && outcome === 'broke')
  const load = down[0]?.load
  if (down.length < STAYED_DOWN || load === undefined) return undefined
  const control = talliesOf(points).find((tally) => tally.load === load)
  if (control === undefined) return asked(load, 'again', spec)
  return control.state === 'held' ? { kind: 'metastable', overload: overloadOf(spec, points), load, held } : undefined
}

const generatorLimit = (points: readonly LoadPoint[]): number | undefined => {
  const loads = points.filter(({ outcome }) => outcome === 'generator-limit').map(({ load }) => load)
  return loads.length === 0 ? undefined : Math.min(...loads)
}

/** The next load of bracket and bisection, or an end; undefined when the limit is enclosed closely enough. */
function climbing(
  spec: SearchSpec,
  points: readonly LoadPoint[],
  tallies: readonly Tally[],
  { held, broke }: Edge,
): SearchStep | undefined {
  const again = doubtful(tallies)
  if (again !== undefined) return asked(again, 'again', spec)
  const limit = generatorLimit(points)
  if (held === undefined) {
    const lowest = Math.min(broke ?? Number.POSITIVE_INFINITY, limit ?? Number.POSITIVE_INFINITY)
    if (lowest === Number.POSITIVE_INFINITY) return asked(spec.from, 'bracket', spec)
    if (lowest <= spec.min) return { kind: 'nothing-held', lowest }
    return asked(Math.max(spec.min, lowest / spec.growth), 'bracket', spec)
  }
  if (broke === undefined) {
    if (limit !== undefined || held >= spec.max) return undefined
    return asked(Math.min(spec.max, held * spec.growth), 'bracket', spec)
  }
  const next = rounded(Math.sqrt(held * broke))
  if (broke / held <= 1 + spec.resolution || next <= held || next >= broke) return undefined
  return asked(next, 'bisect', spec)
}

const overloadOf = (spec: SearchSpec, points: readonly LoadPoint[]): number => {
  const { held = spec.from } = edgeOf(talliesOf(points))
  return rounded(Math.min(Math.max(held * OVERLOAD, spec.min), generatorLimit(points) ?? Number.POSITIVE_INFINITY))
}

/** An overload, and right after it a load that the platform carried before. One recovery is enough; one that is not proven is tried again. */
function recovering(
  spec: SearchSpec,
  points: readonly LoadPoint[],
  belief: Belief,
  { held }: Edge,
): NextLoad | undefined {
  const tries = points.filter(({ purpose }) => purpose === 'recovery')
  if (held === undefined || tries.length >= RECOVERIES_MAX || tries.some(({ outcome }) => outcome === 'held'))
    return undefined
  // Every try uses the load of the first one, so that they answer the same question.
  const load = tries[0]?.load ?? Math.min(held, estimateOf(belief).median) * spec.recovery.at
  return { ...asked(load, 'recovery', spec), overload: overloadOf(spec, points) }
}

function recoveryOf(points: readonly LoadPoint[]): Extract<SearchEnd, { kind: 'found' }>['recovery'] {
  const tries = points.filter(({ purpose }) => purpose === 'recovery')
  if (tries.length === 0) return 'not-tried'
  return tries.some(({ outcome }) => outcome === 'held') ? 'recovered' : 'unproven'
}

/** Alternately below and above the limit by its spread: results there tell most about the limit and the spread. */
function repeating(spec: SearchSpec, points: readonly LoadPoint[], belief: Belief): NextLoad | undefined {
  const done = points.filter(({ purpose }) => purpose === 'repeat').length
  if (done >= spec.repeats) return undefined
  const { median, spread } = estimateOf(belief)
  const aside = Math.max(spread, spec.resolution / 2)
  return asked(median * Math.exp(done % 2 === 0 ? -aside : aside), 'repeat', spec)
}

type LimitedBy = Extract<SearchEnd, { kind: 'found' }>['limitedBy']

function holding(
  spec: SearchSpec,
  points: readonly LoadPoint[],
  belief: Belief,
  held: number,
  limitedBy: LimitedBy,
  spentMs: number,
): SearchStep {
  const holds = points.filter(({ purpose }) => purpose === 'hold')
  const last = holds.at(-1)
  const promise = promiseOf(spec, belief, held, limitedBy)
  if (last?.outcome === 'held') {
    const inRow = holds.filter(({ load, outcome }) => load === last.load && outcome === 'held').length
    if (inRow < spec.holds) return timed(spec, last.load, spentMs, { held })
    const recovery = recoveryOf(points)
    return { kind: 'found', promise: last.load, odds: spec.odds, estimate: estimateOf(belief), limitedBy, recovery }
  }
  if (holds.length >= HOLDS_MAX) return { kind: 'unproven', why: 'holds-broke', held }
  const lower = last === undefined ? promise : Math.min(promise, last.load * (1 - spec.resolution))
  return timed(spec, roundedDown(lower), spentMs, { held })
}

/** Where nothing broke, the limit is unknown and the highest load that held is all that can be promised. */
const promiseOf = (spec: SearchSpec, belief: Belief, held: number, limitedBy: LimitedBy): number =>
  limitedBy === 'platform' ? promisedLoad(belief, spec.odds) : Math.min(held, promisedLoad(belief, spec.odds))

function timed(spec: SearchSpec, load: number, spentMs: number, edge: Edge): SearchStep {
  if (spec.budgetMs - spentMs < spec.holdMs) return outOfTime(edge)
  return { kind: 'measure', load, purpose: 'hold', measureMs: spec.holdMs }
}

const asked = (load: number, purpose: Purpose, spec: SearchSpec): NextLoad => ({
  kind: 'measure',
  load: rounded(load),
  purpose,
  measureMs: millis(spec.measureMs),
})

/** Three digits: finer than any resolution, and readable. */
const rounded = (load: number): number => Number(load.toPrecision(3))
const roundedDown = (load: number): number => {
  const near = rounded(load)
  const unit = 10 ** (Math.floor(Math.log10(near)) - 2)
  return near <= load ? near : rounded(near - unit)
}
