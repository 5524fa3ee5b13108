/**
 * Open-model arithmetic: how many arrivals a piecewise linear rate brings up to a moment, and when the n-th arrival is due. k6 does not report the
 * intended start, so latency counts from `dueAtMs(stages, iterationInTest)`. Pure; runs in k6 too.
 */
import type { LoadStage } from './timeline.ts'
import { type Millis, millis } from './units.ts'

/** Arrivals due in the first `atMs` of the plan: the integral of the rate. */
export function arrivalsBy(stages: readonly LoadStage[], atMs: number): number {
  let sum = 0
  let start = 0
  for (const stage of stages) {
    const within = Math.min(Math.max(atMs - start, 0), stage.durationMs)
    sum += stageArrivals(stage, within)
    start += stage.durationMs
  }
  return sum
}

/** Area below the line from 0 to `withinMs` of one stage. */
function stageArrivals(stage: LoadStage, withinMs: number): number {
  if (stage.durationMs === 0) return 0
  const slope = (stage.to - stage.from) / stage.durationMs
  return (stage.from * withinMs + (slope * withinMs * withinMs) / 2) / 1000
}

/** When arrival number `index` (0 for the first) is due, in ms from the start; the end of the plan if it is never due. */
export function dueAtMs(stages: readonly LoadStage[], index: number): Millis {
  let left = index
  let start = 0
  for (const stage of stages) {
    const all = stageArrivals(stage, stage.durationMs)
    if (left < all) return millis(start + solve(stage, left))
    left -= all
    start += stage.durationMs
  }
  return millis(start)
}

/**
 * Due time of the last arrival that k6 is certain to start, because k6 may round the number of arrivals down by one. k6 exits after its last arrival, although the
 * plan may go on at a low rate, or at 0.
 */
export function lastDueMs(stages: readonly LoadStage[]): Millis {
  const arrivals = Math.floor(arrivalsBy(stages, Number.POSITIVE_INFINITY) + 1e-6)
  return dueAtMs(stages, Math.max(0, arrivals - 1))
}

/** Inverse of `stageArrivals`: the positive root of slope/2·t² + from·t = 1000·count, in the form that is stable for small slopes. */
function solve(stage: LoadStage, count: number): number {
  const slope = (stage.to - stage.from) / stage.durationMs
  const target = count * 1000
  const root = Math.sqrt(Math.max(0, stage.from * stage.from + 2 * slope * target))
  const denominator = stage.from + root
  return denominator === 0 ? 0 : Math.min((2 * target) / denominator, stage.durationMs)
}

/** Expected arrivals between two moments of the plan. */
export const arrivalsBetween = (stages: readonly LoadStage[], fromMs: number, toMs: number): number =>
  arrivalsBy(stages, toMs) - arrivalsBy(stages, fromMs)
