/** The steps of a canary with their times, which depend on when its pods are Ready: the latest time of each without a longer hold. */
import { showClock, showDuration, showPercent } from '../domain/show.ts'
import type { PlannedAction } from '../domain/timeline.ts'
import { type Millis, millis } from '../domain/units.ts'

export type DescribedStep = {
  readonly share: number
  /** It begins then at the latest, if no step before it is held for longer. */
  readonly byMs: Millis
}

export function stepsOf({ act, fromMs }: PlannedAction): readonly DescribedStep[] | undefined {
  if (act.kind !== 'release' || act.shape !== 'canary') return undefined
  const { steps, holdMs } = act.canary
  return steps.map((share, index) => ({ share, byMs: millis(fromMs + act.withinMs + index * holdMs) }))
}

export function stepsSentence({ act }: PlannedAction, steps: readonly DescribedStep[]): string {
  const times = steps.map(({ share, byMs }) => `${showPercent(share)} by ${showClock(byMs)}`).join(', ')
  const extraMs = act.kind === 'release' && act.shape === 'canary' ? act.canary.extraMs : 0
  return extraMs === 0 ? times : `${times}; up to ${showDuration(extraMs)} later where a hold is extended`
}
