/**
 * Judges a canary by what both releases counted: every step got the share that was asked for, every step was promoted, and after the rollback the new
 * release stopped answering in time.
 */
import { asCanary, type CanaryRelease, cohortsOf, shadowOf } from '../../domain/action.ts'
import type { Canary } from '../../domain/canary.ts'
import { showMeasuredPercent, showPercent } from '../../domain/show.ts'
import type { ReactionResult } from '../../domain/verdict.ts'
import { shareWords } from '../canary/decide.ts'
import { type ShareServed, shareServed } from '../canary/share.ts'
import { type StepStretch, stretchesOf } from '../canary/stretches.ts'
import type { Ruled } from '../findings/ruled.ts'
import { duration } from '../findings/words.ts'
import { actBy, type Harm } from '../harm/harm.ts'
import type { ActionLife, StepSeen } from '../seen/action-lives.ts'
import {
  countsBetween,
  firstError,
  isCounted,
  lastAnswer,
  type NamedCanary,
  unreadOfNew,
  whySharesUncounted,
} from '../seen/canary-counters.ts'
import type { Seen } from '../seen/seen.ts'
import { createReactionAnswer } from './answer.ts'
import { judgeCohorts } from './cohorts.ts'
import { isPreviewFailed, judgePreview } from './preview.ts'
import { copiedWords, judgeShadow } from './shadow.ts'
import { unreadOptions } from './unread-options.ts'

type Facts = {
  readonly seen: Seen
  readonly harm: Harm
  readonly act: CanaryRelease
  readonly life: ActionLife
  readonly named: NamedCanary
  readonly served: readonly StepServed[]
}
type StepServed = StepStretch & { readonly share: ShareServed | undefined }

export function judgeCanary(seen: Seen, harm: Harm): readonly Ruled<ReactionResult>[] {
  const act = asCanary(actBy(harm))
  const life = seen.actions.of(harm.name)
  if (act === undefined || life === undefined) return []
  const named = { action: harm.name, release: act }
  const facts: Facts = { seen, harm, act, life, named, served: servedIn(seen, named, life) }
  const preview = judgePreview(seen, harm, named, life)
  if (isPreviewFailed(life)) return [...preview, takenBack(facts)]
  const cohorts = judgeCohorts(seen, harm, named, life)
  const shadow = judgeShadow(seen, harm, named, life)
  const isSplit = cohortsOf(act) === undefined && shadowOf(act) === undefined
  const shares = isSplit ? facts.served.map((each) => wasServed(facts, each)) : [...cohorts, ...shadow]
  return [...preview, letIn(facts), ...shares, takenBack(facts)]
}

function servedIn(seen: Seen, named: NamedCanary, life: ActionLife): readonly StepServed[] {
  const counts = countsBetween(seen.counters, named)
  return stretchesOf(life, seen.run.seenUntil).map((stretch) => {
    const { step, fromAt, toAt } = stretch
    return {
      ...stretch,
      share: shareServed(counts('stable', fromAt, toAt), counts('canary', fromAt, toAt), step.share),
    }
  })
}

function letIn({ seen, harm, act, life, named, served }: Facts): Ruled<ReactionResult> {
  const answer = createReactionAnswer(harm, 'let-in', act.shape)
  const { canary } = act
  const lines = life.steps.flatMap(({ line, decided }) => [line, ...decided.slice(-1).map((each) => each.line)])
  const [last] = life.steps.slice(-1)
  const decision = last?.decided.at(-1)
  if (last !== undefined && life.steps.length === canary.steps.length && decision?.outcome === 'promote') {
    const tookMs = decision.at - harm.createdAt
    if (act.shape === 'shadow') {
      const sentence = `${nameOf(act)} got copies in ${act.shadow.pairs} of ${canary.steps.length} windows: ${copiedWords(seen, named, life)}.`
      return answer.held({ sentence, tookMs, lines })
    }
    if (act.shape !== 'canary') {
      const what = act.shape === 'a-b' ? 'the requests of its cohort' : 'all requests at once'
      const sentence = `${nameOf(act)} got ${what} and was watched for ${duration(decision.at - last.at)}: ${decision.note}.`
      return answer.held({ sentence, tookMs, lines })
    }
    const sentence = `${nameOf(act)} was let in through all ${canary.steps.length} steps in ${duration(tookMs)}; at ${showPercent(last.share)}: ${decision.note}.`
    return answer.held({ sentence, tookMs, lines })
  }
  if (last === undefined && life.problem !== undefined) {
    const sentence = `${nameOf(act)} got no requests: ${life.problem.text}.`
    return answer.broken('rollout-stuck', { sentence, lines: [life.problem.line] })
  }
  if (last === undefined || decision === undefined || decision.outcome !== 'roll-back')
    return answer.unknown(`${nameOf(act)} was not seen through all of its steps.`, lines)
  const sentence = `${nameOf(act)} was taken back at ${stepWords(last, canary)}: ${decision.note}.`
  switch (decision.reason) {
    case 'worse':
      return answer.broken('canary-worse', { sentence, lines })
    case 'weight-not-served':
      // If all evidence, also what came after the decision, shows a wrong share, the step has its own finding.
      return served.some(({ share }) => share?.isOff)
        ? { result: { kind: 'let-in', subject: act.shape, sentence, held: false }, findings: [] }
        : answer.unknown(`${sentence} All that was counted shows the share that was asked for.`, lines)
    // Each cohort has a finding of its own.
    case 'cohorts-mixed':
      return { result: { kind: 'let-in', subject: act.shape, sentence, held: false }, findings: [] }
    default:
      return answer.unknown(sentence, lines)
  }
}

function wasServed({ seen, harm, act, named }: Facts, served: StepServed): Ruled<ReactionResult> {
  const { step, share } = served
  const answer = createReactionAnswer(harm, 'serves-share', stepWords(step, act.canary))
  if (share === undefined) return answer.unknown(`No request to either release was counted in it.`, [step.line])
  const sentence = `${shareWords(share)}; ${showMeasuredPercent(step.share, 1)} were asked for.`
  const told = { sentence, lines: [step.line, ...step.decided.slice(-1).map(({ line }) => line)] }
  if (!share.isOff) return answer.held(told)
  const options = unreadOptions(seen, act.canary.gate.canary)
  const uncounted = whySharesUncounted(seen.counters, named, served, step.share, options)
  if (uncounted === undefined) return answer.broken('weight-not-served', told)
  return answer.unknown(`The share of each release is not known, because ${uncounted}. ${sentence}`, told.lines)
}

/** From the rollback, or the breach that led to it, to the last response that the new release is known to have given. */
function takenBack({ seen, harm, act, life, named }: Facts): Ruled<ReactionResult> {
  const answer = createReactionAnswer(harm, 'taken-back', 'rollback', act.backWithinMs)
  const begun = rollbackOf(seen, act, life, named)
  if (begun === undefined) return answer.unknown(`${harm.name} was not seen to be rolled back.`, life.lines)
  if (!isCounted(seen.counters, named))
    return answer.unknown(`The answers of ${nameOf(act)} were not counted.`, [begun.line])
  const last = lastAnswer(seen.counters, named)
  const tookMs = Math.max(0, (last?.at ?? begun.at) - begun.at)
  const lines = [begun.line, last?.line]
  const told = {
    sentence: `${nameOf(act)} answered its last request ${duration(tookMs)} after ${begun.what}; ${duration(act.backWithinMs)} were allowed.`,
    tookMs,
    lines,
  }
  const unread = unreadBack(seen, named, begun.at, tookMs)
  if (unread.length > 0) {
    const why = `It is not known when ${nameOf(act)} answered its last request after ${begun.what}, because ${unread.join(', ')} could not be read.`
    return answer.unknown(why, lines)
  }
  if (tookMs > act.backWithinMs) return answer.broken('rollback-late', told)
  if (seen.run.seenUntil - begun.at < act.backWithinMs)
    return answer.unknown(`The run ended before ${nameOf(act)} was known to be taken back.`, lines)
  return answer.held(told)
}

/**
 * Pods of the new release whose last answer is not known. A late answer that was counted over a gap may have been given before the gap. A pod that was not
 * asked to end, and cannot be read after its last known answer, may still answer.
 */
function unreadBack(seen: Seen, named: NamedCanary, begunAt: number, tookMs: number): readonly string[] {
  const { backWithinMs, canary } = named.release
  const fromAt = tookMs > backWithinMs ? begunAt : begunAt + tookMs
  const toAt = Math.min(begunAt + backWithinMs, seen.run.seenUntil)
  return unreadOfNew(seen.counters, named, { fromAt, toAt }, unreadOptions(seen, canary.gate.canary))
}

type Rollback = { readonly at: number; readonly line: number; readonly what: string }

/** Users feel a release that gets all requests from its first error on, and not from when somebody decides. */
function rollbackOf(seen: Seen, act: CanaryRelease, life: ActionLife, named: NamedCanary): Rollback | undefined {
  const step = life.steps.find(({ decided }) => decided.some(({ outcome }) => outcome === 'roll-back'))
  const breach = step?.decided.find(({ outcome }) => outcome === 'roll-back')
  if (step === undefined || breach === undefined) {
    const due = life.healRequested
    return due && { ...due, what: 'its rollback was due' }
  }
  const error =
    act.shape === 'blue-green' && breach.reason === 'worse' ? firstError(seen.counters, named, step.at) : undefined
  if (error === undefined || error.at > breach.at) return { ...breach, what: 'its rollback was decided' }
  const decidedMs = breach.at - error.at
  return { ...error, what: `its first server error (${duration(decidedMs)} until the rollback was decided)` }
}

const nameOf = ({ workload }: CanaryRelease): string => `${workload.kind} ${workload.name}`
const stepWords = ({ step, share }: StepSeen, { steps }: Canary): string =>
  `step ${step} of ${steps.length}, ${showPercent(share)}`
