/** The part of each step that counts: from the time at which routers have settled until its last decision. */
import { SETTLE } from '../../domain/canary.ts'
import type { ActionLife, StepSeen } from '../seen/action-lives.ts'

export type StepStretch = { readonly step: StepSeen; readonly fromAt: number; readonly toAt: number }

/** A step without a decision ends when the action was rolled back. A step that ended before routers settled is left out. */
export const stretchesOf = ({ steps, healRequested }: ActionLife, seenUntil: number): readonly StepStretch[] =>
  steps.flatMap((step) => {
    const [fromAt, toAt] = [step.at + SETTLE, step.decided.at(-1)?.at ?? healRequested?.at ?? seenUntil]
    return toAt > fromAt ? [{ step, fromAt, toAt }] : []
  })
