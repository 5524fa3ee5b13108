/** What a run under way has shown about the step at which a followed Rollout is, for a controller that asks before it goes on. */
import { asFollow, type Follow } from '../../domain/action.ts'
import { SETTLE, type StepDecision } from '../../domain/canary.ts'
import type { Evidence } from '../../domain/evidence.ts'
import type { FollowGate } from '../../domain/follow.ts'
import { type Rehearsal, scrapeMsOf, type Target } from '../../domain/rehearsal.ts'
import { showPercent } from '../../domain/show.ts'
import { actionLives } from '../seen/action-lives.ts'
import { createCounters } from '../seen/counters.ts'
import { followCounters, followedBetween, whyFollowedUncounted } from '../seen/follow-counters.ts'
import { decideStep } from './decide.ts'
import { LOOK_EVERY } from './watch.ts'

export type FollowedStep = {
  add(record: Evidence, line: number): void
  /**
   * The step, judged by all records so far. A hold: there is no step now, or too little was counted. `release`: the hash of the pod template that is asked
   * about; any if left out.
   */
  decision(release?: string): StepDecision
}

/** Undefined if the rehearsal follows no such Rollout with a gate. */
export function createFollowedStep(rehearsal: Rehearsal, target: Target, rollout: string): FollowedStep | undefined {
  const action = rehearsal.actions.find(({ act }) => asFollow(act)?.rollout === rollout)
  const follow = asFollow(action?.act)
  if (action === undefined || follow?.gate === undefined) return undefined
  const { name } = action
  const gate: FollowGate = follow.gate
  const counters = createCounters((source) => scrapeMsOf(target, source))
  for (const wanted of followCounters(rehearsal)) counters.want(wanted)
  const lives = actionLives()
  let seenUntil = 0
  return {
    add(record, line) {
      seenUntil = Math.max(seenUntil, record.at)
      if (record.kind === 'sample') counters.add(record, line)
      if (record.kind === 'action-step' && record.action === name) lives.add(name, record.step, { at: record.at, line })
    },
    decision(release) {
      const step = lives.of(name)?.steps.at(-1)
      if (step === undefined || step.decided.at(-1)?.outcome === 'promote')
        return undecided(`Rollout ${rollout} has not reached its next step.`)
      if (release !== undefined && step.release !== release)
        return undecided(`The run follows release ${step.release} of Rollout ${rollout}, not ${release}.`)
      const followed = { action: name, act: follow, gate, release: step.release ?? '' }
      const span = { fromAt: step.at + SETTLE, toAt: Math.max(step.at + SETTLE, seenUntil) }
      const options = { everyMs: scrapeMsOf(target, gate.source) }
      const decided = decideStep({
        canary: { gate },
        asked: step.share,
        uncounted: whyFollowedUncounted(counters, followed, span, step.share, options),
        step: span,
        earlier: [],
        counts: followedBetween(counters, followed),
        slis: [],
        looks: looksOf(follow),
        decisions: 1,
        isOver: true,
        mayHold: true,
      })
      return { ...decided, note: `Step ${step.step}, ${showPercent(step.share)}: ${decided.note}.` }
    },
  }
}

/** It may be asked that often. Each look uses up a part of the false positive rate. */
const looksOf = ({ withinMs }: Follow): number => Math.max(1, Math.ceil(withinMs / LOOK_EVERY))

const undecided = (note: string): StepDecision => ({ outcome: 'hold', reason: 'undecided', note })
