/** The steps of a canary with their times, which depend on when its pods are Ready: the latest time of each without a longer hold. */
import { asCanary, cohortsOf, previewOf } from '../domain/action.ts'
import { showClock, showDuration, showPercent } from '../domain/show.ts'
import type { PlannedAction } from '../domain/timeline.ts'
import { type Millis, millis } from '../domain/units.ts'
import { PREVIEW_ROOM } from '../domain/visit.ts'

export type DescribedStep = {
  readonly share: number
  /** The latest start, if no earlier step is held for longer. */
  readonly byMs: Millis
}

export function stepsOf({ act, fromMs }: PlannedAction): readonly DescribedStep[] | undefined {
  const release = asCanary(act)
  if (release === undefined) return undefined
  const { withinMs, canary } = release
  const firstMs = fromMs + withinMs + (previewOf(release) === undefined ? 0 : PREVIEW_ROOM)
  return canary.steps.map((share, index) => ({ share, byMs: millis(firstMs + index * canary.holdMs) }))
}

export function stepsSentence({ act }: PlannedAction, steps: readonly DescribedStep[]): string {
  const times = steps.map(({ share, byMs }) => `${showPercent(share)} by ${showClock(byMs)}`).join(', ')
  const release = asCanary(act)
  const [first] = steps
  if (release !== undefined && cohortsOf(release) !== undefined && first !== undefined)
    return `the cohort gets it by ${showClock(first.byMs)}`
  const extraMs = asCanary(act)?.canary.extraMs ?? 0
  return extraMs === 0 ? times : `${times}; up to ${showDuration(extraMs)} later where a hold is extended`
}
