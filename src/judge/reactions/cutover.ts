/**
 * Judges a cutover: each step was proven within its budget, at no time did both regions accept writes, and the regions were alike before it. What clients felt,
 * and what the books of both regions show, is in cutover-writes.ts.
 */
import { asCutover, type Cutover } from '../../domain/action.ts'
import { type CutoverPlace, type CutoverStep, cutoverSteps, cutoverStepWords } from '../../domain/cutover.ts'
import type { CutoverProven, ReactionResult } from '../../domain/verdict.ts'
import type { Ruled } from '../findings/ruled.ts'
import { count, duration, listed } from '../findings/words.ts'
import { actBy, type Harm } from '../harm/harm.ts'
import type { CutoverLife } from '../seen/action-lives.ts'
import { cumulative } from '../seen/counters.ts'
import type { Seen } from '../seen/seen.ts'
import { unreadPods } from '../seen/unread.ts'
import { servedId } from '../seen/wanted-counters.ts'
import { createReactionAnswer } from './answer.ts'
import { booksOf, readsOf, writesOf } from './cutover-writes.ts'
import { driftOf } from './drift.ts'
import { unreadOptions } from './unread-options.ts'

export type CutoverFacts = {
  readonly seen: Seen
  readonly harm: Harm
  readonly act: Cutover
  readonly place: CutoverPlace
  readonly life: CutoverLife
  /** It was watched until then. */
  readonly endAt: number
}
export type CutoverPart = Ruled<ReactionResult>

export function judgeCutover(seen: Seen, harm: Harm): readonly CutoverPart[] {
  const act = asCutover(actBy(harm))
  const life = seen.actions.of(harm.name)
  const place = act && seen.run.head.target.cutovers?.[act.plan]
  if (act === undefined || life === undefined || place === undefined) return []
  const endAt = Math.min(seen.run.seenUntil, life.healRequested?.at ?? Number.POSITIVE_INFINITY)
  const facts: CutoverFacts = { seen, harm, act, place, life: life.cutover, endAt }
  return [
    ...alike(facts),
    ...steps(facts),
    ...writers(facts),
    ...booksOf(facts),
    ...writesOf(facts),
    ...readsOf(facts),
    ...moved(facts),
  ]
}

export const cutoverAnswer = (
  { harm }: Pick<CutoverFacts, 'harm'>,
  kind: CutoverProven,
  subject: string,
  withinMs?: number,
) => createReactionAnswer(harm, kind, subject, withinMs)

function steps(facts: CutoverFacts): readonly CutoverPart[] {
  return cutoverSteps.flatMap((step) => stepOf(facts, step))
}

function stepOf(facts: CutoverFacts, step: CutoverStep): readonly CutoverPart[] {
  const { act, life, endAt } = facts
  const [begun, proven] = [life.begun[step], life.proven[step]]
  const budgetMs = act.budgets[step]
  const answer = cutoverAnswer(facts, 'cutover-step', cutoverStepWords[step], budgetMs)
  const stopped = life.stopped?.step === step ? life.stopped : undefined
  if (stopped !== undefined && proven === undefined && (begun !== undefined || !isAnyOpen(life)))
    return [endedAt(facts, stopped, begun)]
  if (begun === undefined)
    return isPassed(facts, step)
      ? [answer.unknown(`The start of the ${cutoverStepWords[step]} was not recorded.`, [proven?.line])]
      : []
  const allowed = `${duration(budgetMs)} were allowed`
  if (proven !== undefined) {
    const tookMs = proven.at - begun.at
    const told = {
      sentence: `Proven ${duration(tookMs)} after it began; ${allowed}. ${sentenceOf(proven.note)}`.trim(),
      tookMs,
      lines: [begun.line, proven.line],
    }
    // The last reading may come a moment after the deadline at which it was begun.
    return [tookMs <= budgetMs + READING_MS ? answer.held(told) : answer.broken('cutover-step-late', told)]
  }
  const why = `The ${cutoverStepWords[step]} was not seen to end in ${duration(Math.max(0, endAt - begun.at))}.`
  return [answer.unknown(why, [begun.line])]
}

/** A step begins when the one before it is proven. */
const isAnyOpen = ({ begun, proven }: CutoverLife): boolean =>
  cutoverSteps.some((step) => begun[step] !== undefined && proven[step] === undefined)

type Stopped = NonNullable<CutoverLife['stopped']>

/** The cutover ended at this step: it was not proven in time, or could not begin. */
function endedAt(facts: CutoverFacts, stopped: Stopped, begun: CutoverLife['begun'][CutoverStep]): CutoverPart {
  const { step, ends, differs, unread } = stopped
  const budgetMs = facts.act.budgets[step]
  const answer = cutoverAnswer(facts, 'cutover-step', cutoverStepWords[step], budgetMs)
  const [problem, lines] = [sentenceOf(stopped.problem), [begun?.line, stopped.line]]
  // Both regions could be read and differ: the drift is the cause, and the late step shows it.
  if (step === 'ready' && differs)
    return answer.broken('region-drift', { sentence: `The regions differ: ${problem}`, lines })
  if (unread) {
    const what = begun === undefined ? 'could begin' : 'was done'
    const why = `It is not known whether the ${cutoverStepWords[step]} ${what}, because it could not be read: ${problem}`
    return answer.unknown(why, lines)
  }
  const way = ends === 'onward' ? 'completed, because there is no way back' : 'taken back'
  const then = `The cutover was ${way}. ${problem}`
  if (begun === undefined) return answer.broken('cutover-step-late', { sentence: `It did not begin. ${then}`, lines })
  const tookMs = stopped.at - begun.at
  const sentence = `Not proven ${duration(tookMs)} after it began; ${duration(budgetMs)} were allowed. ${then}`
  return answer.broken('cutover-step-late', { sentence, tookMs, lines })
}

/** Whether the cutover has passed a step of which there is no record. */
function isPassed({ place, life, harm, seen }: CutoverFacts, step: CutoverStep): boolean {
  const { switches, proofs } = place.steps[step]
  if (switches.length === 0 && proofs.length === 0) return false
  if (seen.actions.of(harm.name)?.done !== undefined) return true
  return cutoverSteps.slice(cutoverSteps.indexOf(step)).some((later) => life.begun[later] ?? life.proven[later])
}

/** One reading of all proofs. */
const READING_MS = 3_000

const sentenceOf = (words: string): string => (words === '' || /[.)]$/.test(words) ? words : `${words}.`)

function writers(facts: CutoverFacts): readonly CutoverPart[] {
  const { life, place } = facts
  const promoted = life.proven.promote
  if (promoted === undefined && life.regions.length === 0) return []
  const answer = cutoverAnswer(facts, 'one-writable', 'one region that accepts writes')
  const open = life.regions.find(({ from }) => from === 'yes')
  if (open !== undefined) {
    const after = `after the ${cutoverStepWords[open.step]}`
    const sentence =
      open.to === 'yes'
        ? `${place.from.name} and ${place.to.name} both accepted writes ${after}.`
        : `${place.from.name} still accepted writes ${after}, although ${place.to.name} has the primary.`
    return [answer.broken('split-brain', { sentence, lines: [open.line] })]
  }
  const unread = life.regions.find(({ from }) => from === 'unread')
  const lines = [promoted?.line, ...life.regions.map(({ line }) => line)]
  if (unread !== undefined || life.regions.length === 0)
    return [answer.unknown(`It could not be read whether ${place.from.name} still accepted writes.`, lines)]
  return [answer.held({ sentence: `${place.from.name} accepted no writes after the promotion.`, lines })]
}

function alike(facts: CutoverFacts): readonly CutoverPart[] {
  const { seen, place } = facts
  if (place.from.namespace === place.to.namespace) return []
  const answer = cutoverAnswer(facts, 'regions-alike', `${place.to.name} compared with ${place.from.name}`)
  const drift = driftOf(seen.listed, [place.from.namespace, place.to.namespace], place.unlike)
  if (drift.kind === 'unread') {
    const why = `The objects of ${listed(drift.what)} were not read, so that the regions could not be compared.`
    return [answer.unknown(why, drift.lines)]
  }
  if (drift.compared === 0) {
    const why = `${place.from.namespace} has no object that could be compared, so nothing shows that the regions are alike.`
    return [answer.unknown(why, drift.lines)]
  }
  const told = (sentence: string) => ({ sentence, lines: drift.lines })
  if (drift.differences.length > 0)
    return [
      answer.broken(
        'region-drift',
        told(`${place.to.name} differs from ${place.from.name}: ${listed(drift.differences)}.`),
      ),
    ]
  const apart = place.unlike === undefined ? '' : ` Not compared: ${place.unlike.join(', ')}.`
  return [answer.held(told(`${count(drift.compared, 'object')} compared, all alike.${apart}`))]
}

/** Requests that were under way, and health checks, may still be counted for so long. */
const LATE_REQUESTS_MS = 5_000
/** One request in a hundred is noise; fewer than five show nothing. */
const STRAY_SHARE = 0.01
const STRAY_LEAST = 5

/** After the traffic has moved, the old region serves nothing. */
function moved(facts: CutoverFacts): readonly CutoverPart[] {
  const { seen, act, place, life } = facts
  const at = life.proven.traffic
  if (place.served === undefined || at === undefined) return []
  const answer = cutoverAnswer(facts, 'traffic-moved', `requests in ${place.from.name}`)
  const [fromAt, toAt] = [at.at + LATE_REQUESTS_MS, seen.run.loadEndedAt ?? seen.run.seenUntil]
  const counted = (side: 'from' | 'to') => {
    const track = seen.counters.track(servedId(act.plan, side))
    const inTime = track.increments.filter((each) => each.toAt > fromAt && each.fromAt < toAt)
    const sum = cumulative(track)
    const source = place.served?.[side] ?? ''
    const unread = unreadPods(track, fromAt, toAt, unreadOptions(seen, source))
    return { requests: Math.round(Math.max(0, sum(toAt) - sum(fromAt))), inTime, unread }
  }
  const [old, fresh] = [counted('from'), counted('to')]
  const lines = [at.line, old.inTime.at(-1)?.line, fresh.inTime.at(-1)?.line]
  if (toAt <= fromAt || old.inTime.length === 0 || fresh.inTime.length === 0)
    return [answer.unknown('The requests of both regions were not counted after the traffic had moved.', lines)]
  const all = old.requests + fresh.requests
  const sentence = `${place.from.name} served ${old.requests} of ${all} requests after the traffic had moved.`
  const unread = listed([...old.unread, ...fresh.unread])
  if (old.requests >= STRAY_LEAST && old.requests > STRAY_SHARE * all)
    return unread === ''
      ? [answer.broken('traffic-not-moved', { sentence, lines })]
      : [answer.unknown(`${sentence} But ${unread} could not be read.`, lines)]
  // Missing readings may hide requests to the old region.
  if (old.unread.length > 0) return [answer.unknown(`${sentence} But ${listed(old.unread)} could not be read.`, lines)]
  if (fresh.requests === 0)
    return [answer.unknown(`${place.to.name} served no request after the traffic had moved.`, lines)]
  return [answer.held({ sentence, lines })]
}
