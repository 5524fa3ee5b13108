/** The steps of a canary with their times, which depend on when its pods are Ready: the latest time of each without a longer hold. */
import { asCanary, cohortsOf, previewOf, shadowOf } from '../domain/action.ts'
import { ANSWERS_ROOM } from '../domain/shadow.ts'
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
  const roomMs = previewOf(release) !== undefined ? PREVIEW_ROOM : shadowOf(release)?.answers && ANSWERS_ROOM
  const firstMs = fromMs + withinMs + (roomMs ?? 0)
  return canary.steps.map((share, index) => ({ share, byMs: millis(firstMs + index * canary.holdMs) }))
}

export function stepsSentence({ act }: PlannedAction, steps: readonly DescribedStep[]): string {
  const times = steps.map(({ share, byMs }) => `${showPercent(share)} by ${showClock(byMs)}`).join(', ')
  const release = asCanary(act)
  const [first] = steps
  if (release !== undefined && cohortsOf(release) !== undefined && first !== undefined)
    return `the cohort gets it by ${showClock(first.byMs)}`
  const shadow = release && shadowOf(release)
  if (release !== undefined && shadow !== undefined && first !== undefined)
    return `${steps.length} windows of ${showDuration(release.canary.holdMs)} from ${showClock(first.byMs)} on, with the mirror on in ${shadow.pairs} of them`
  const extraMs = asCanary(act)?.canary.extraMs ?? 0
  return extraMs === 0 ? times : `${times}; up to ${showDuration(extraMs)} later where a hold is extended`
}
