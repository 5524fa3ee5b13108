/** A canary with three steps from second 40 on, taken back at 110, and what both of its releases counted. */
import type { ActionStepData, Evidence } from '../../src/domain/evidence.ts'
import type { ActionSpec } from '../../src/domain/rehearsal.ts'
import { ratio } from '../../src/domain/units.ts'
import { sampleOf } from './canary.ts'
import { actionOf, actionSteps, evidence, secondAt, together, withActions } from './evidence.ts'

const STEPS = [0.1, 0.5, 1] as const
export type ActionMoment = readonly [number, ActionStepData]
export const set = (second: number, step: number): ActionMoment => [
  second,
  { is: 'step-set', step, share: ratio(STEPS[step - 1] ?? 0) },
]
export const decided = (
  second: number,
  step: number,
  outcome: 'promote' | 'roll-back',
  reason?: 'worse' | 'weight-not-served' | 'undecided',
): ActionMoment => [
  second,
  { is: 'step-decided', step, outcome, note: 'what was seen', ...(reason === undefined ? {} : { reason }) },
]
export const begun: ActionMoment = [40, { is: 'begun', targets: [] }]
export const promoted = (...steps: readonly number[]): readonly ActionMoment[] =>
  steps.flatMap((step) => [set(25 + 20 * step, step), decided(45 + 20 * step, step, 'promote')])
export const back = (second: number): readonly ActionMoment[] => [
  [second, { is: 'heal-requested' }],
  [second + 2, { is: 'healed' }],
]
export const whole = [begun, ...promoted(1, 2, 3), [105, { is: 'done', note: '' }] as const, ...back(110)]

/** Both releases once a second; `shareAt` is what the new one really got. */
export function scrapes(shareAt: (second: number) => number): Evidence[] {
  const counts = { stable: 0, canary: 0 }
  return Array.from({ length: 161 }, (_, index) => index).flatMap((second) => {
    counts.canary += 40 * shareAt(second - 0.5)
    counts.stable += 40 * (1 - shareAt(second - 0.5))
    return (['stable', 'canary'] as const).map(
      (side): Evidence => ({ ...sampleOf(side, [counts[side], 0], 40), at: secondAt(second) }),
    )
  })
}

export const asked = (second: number): number =>
  second < 45 || second >= 110 ? 0 : second < 65 ? 0.1 : second < 85 ? 0.5 : 1

/** A run in which the gateway was released so: the steps, and what was counted of both releases. */
export const released = (
  act: ActionSpec['act'],
  steps: readonly ActionMoment[] = whole,
  counts: readonly Evidence[] = scrapes(asked),
): Evidence[] =>
  together(evidence({ rehearsal: withActions(actionOf('gateway 2', act)) }), counts, actionSteps('gateway 2', ...steps))
