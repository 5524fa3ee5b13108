/** The part of each step that counts: from the time at which routers have settled until it was decided. */
import { SETTLE } from '../../domain/canary.ts'
import type { ActionLife, StepSeen } from '../seen/action-lives.ts'

export type StepStretch = { readonly step: StepSeen; readonly fromAt: number; readonly toAt: number }

/**
 * A step without a decision ends with the rollback. A step that ended before routers settled is left out. A followed Rollout may be aborted while its next
 * step begins: then the step before ended when the share began to change.
 */
export const stretchesOf = ({ steps, healRequested }: ActionLife, seenUntil: number): readonly StepStretch[] =>
  steps.flatMap((step) => {
    const decided = step.decided.find(({ outcome }) => outcome !== 'hold') ?? step.decided.at(-1)
    const [fromAt, toAt] = [step.at + SETTLE, decided?.at ?? healRequested?.at ?? seenUntil]
    return toAt > fromAt ? [{ step, fromAt, toAt }] : []
  })
