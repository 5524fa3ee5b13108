/** Judges the release of a followed Rollout: its controller promoted it in time, and in each of its steps the new release was no worse than the old one. */
import { asFollow, type Follow } from '../../domain/action.ts'
import { SETTLE } from '../../domain/canary.ts'
import type { FollowGate } from '../../domain/follow.ts'
import { showPercent } from '../../domain/show.ts'
import type { ReactionResult } from '../../domain/verdict.ts'
import { decideStep } from '../canary/decide.ts'
import { type StepStretch, stretchesOf } from '../canary/stretches.ts'
import type { Ruled } from '../findings/ruled.ts'
import { duration } from '../findings/words.ts'
import { actBy, type Harm } from '../harm/harm.ts'
import type { ActionLife, StepSeen } from '../seen/action-lives.ts'
import { followedBetween, whyFollowedUncounted } from '../seen/follow-counters.ts'
import type { Moment } from '../seen/life.ts'
import type { Seen } from '../seen/seen.ts'
import { createReactionAnswer } from './answer.ts'
import { unreadOptions } from './unread-options.ts'

type Facts = { readonly seen: Seen; readonly harm: Harm; readonly act: Follow; readonly life: ActionLife }

export function judgeFollowed(seen: Seen, harm: Harm): readonly Ruled<ReactionResult>[] {
  const act = asFollow(actBy(harm))
  const life = seen.actions.of(harm.name)
  if (act === undefined || life === undefined) return []
  const facts: Facts = { seen, harm, act, life }
  const { gate } = act
  const watchedUntil = Math.min(seen.run.seenUntil, life.problem?.at ?? Number.POSITIVE_INFINITY)
  if (gate === undefined) return [promoted(facts)]
  const stretches = stretchesOf(life, watchedUntil)
  if (stretches.length === 0 && life.done !== undefined) return [promoted(facts), notCompared(facts, life.done)]
  return [promoted(facts), ...stretches.map((each) => inStep(facts, gate, each))]
}

/** Its release got in, and no step was long enough to say how it answered: that is no proof that it was no worse. */
function notCompared({ harm, act }: Facts, { line }: Moment): Ruled<ReactionResult> {
  const sentence = `No step of Rollout ${act.rollout} was seen for more than ${duration(SETTLE)}, so its releases were not compared.`
  return createReactionAnswer(harm, 'serves-share', 'no step').unknown(sentence, [line])
}

function promoted({ seen, harm, act, life }: Facts): Ruled<ReactionResult> {
  const answer = createReactionAnswer(harm, 'let-in', 'rollout', act.withinMs)
  const [name, last] = [`Rollout ${act.rollout}`, life.steps.at(-1)]
  const decision = last?.decided.at(-1)
  const lines = life.steps.flatMap(({ line, decided }) => [line, ...decided.slice(-1).map((each) => each.line)])
  if (life.done !== undefined) {
    const tookMs = life.done.at - harm.createdAt
    const sentence = `${name} promoted its release after ${duration(tookMs)}; ${duration(act.withinMs)} were allowed.`
    const told = { sentence, tookMs, lines: [...lines, life.done.line] }
    return tookMs <= act.withinMs ? answer.held(told) : answer.broken('rollout-stuck', told)
  }
  if (life.problem !== undefined)
    return answer.unknown(`${name} was not watched until its release ended: ${life.problem.text}.`, [
      ...lines,
      life.problem.line,
    ])
  if (last === undefined && life.aborted !== undefined) {
    const sentence = `${name} was aborted before its first step was seen: ${life.aborted.note}.`
    return answer.broken('release-aborted', { sentence, lines: [life.aborted.line] })
  }
  if (last === undefined) return answer.unknown(`${name} had no release with steps while it was watched.`, lines)
  const at = `at step ${stepWords(last)}`
  switch (decision?.outcome) {
    case 'roll-back':
      return answer.broken('release-aborted', { sentence: `${name} was aborted ${at}: ${decision.note}.`, lines })
    case 'hold':
      return answer.unknown(`${name} stayed ${at}: ${decision.note}.`, lines)
    default: {
      const watchedMs =
        Math.min(seen.run.seenUntil, life.healRequested?.at ?? Number.POSITIVE_INFINITY) - harm.createdAt
      const sentence = `${name} was still ${at} after ${duration(watchedMs)}; ${duration(act.withinMs)} were allowed.`
      return watchedMs >= act.withinMs
        ? answer.broken('rollout-stuck', { sentence, lines })
        : answer.unknown(sentence, lines)
    }
  }
}

/** Its controller has decided the step already; this says what both releases had counted by then. */
function inStep(
  { seen, harm, act }: Facts,
  gate: FollowGate,
  { step, fromAt, toAt }: StepStretch,
): Ruled<ReactionResult> {
  const answer = createReactionAnswer(harm, 'serves-share', `step ${stepWords(step)}`)
  const lines = [step.line, ...step.decided.slice(-1).map(({ line }) => line)]
  const followed = { action: harm.name, act, gate, release: step.release ?? '' }
  const span = { fromAt, toAt }
  const decided = decideStep({
    canary: { gate },
    asked: step.share,
    uncounted: whyFollowedUncounted(seen.counters, followed, span, step.share, unreadOptions(seen, gate.source)),
    step: span,
    earlier: [],
    counts: followedBetween(seen.counters, followed),
    slis: [],
    looks: 1,
    decisions: 1,
    isOver: true,
    mayHold: false,
  })
  const told = { sentence: `In ${duration(toAt - fromAt)}: ${decided.note}.`, lines }
  if (decided.outcome === 'promote') return answer.held(told)
  switch (decided.reason) {
    case 'worse':
      return answer.broken('canary-worse', told)
    case 'weight-not-served':
      return answer.broken('weight-not-served', told)
    default:
      return answer.unknown(told.sentence, lines)
  }
}

const stepWords = ({ step, share }: StepSeen): string => `${step}, ${showPercent(share)}`
