/**
 * Whether an alert fired because of a harm and resolved after it. A reading that failed shows nothing: an alert is missing only where Prometheus was read
 * all the time, and evaluated its rule. An alert that was active before the harm proves nothing about it.
 */
import { type ActiveAlert, ALERTS_EVERY_MS, type AlertReaction } from '../../domain/alert.ts'
import type { ReactionResult } from '../../domain/verdict.ts'
import type { Ruled } from '../findings/ruled.ts'
import { duration } from '../findings/words.ts'
import type { Harm } from '../harm/harm.ts'
import { type AlertsAt, alertKey, longestGap } from '../seen/alerts.ts'
import type { Seen } from '../seen/seen.ts'
import { createReactionAnswer, type ReactionAnswer } from './answer.ts'

/** Two readings may fail, and one may be slow. Prometheus evaluates rules more rarely. */
export const ALERTS_GAP_MS = 5 * ALERTS_EVERY_MS

export function judgeAlert(seen: Seen, harm: Harm, expected: AlertReaction): Ruled<ReactionResult> {
  const answer = createReactionAnswer(harm, expected.kind, expected.alert, expected.withinMs)
  return expected.kind === 'alerts' ? fires(seen, harm, expected, answer) : resolves(seen, harm, expected, answer)
}

const isMeant = (expected: AlertReaction) => (active: ActiveAlert) =>
  active.alert === expected.alert &&
  Object.entries(expected.labels).every(([name, value]) => active.labels[name] === value)

function fires(seen: Seen, harm: Harm, expected: AlertReaction, answer: ReactionAnswer): Ruled<ReactionResult> {
  const { alert, withinMs } = expected
  const { reads } = seen.alerts
  const before = reads.findLast(({ at }) => at <= harm.createdAt && at > harm.createdAt - ALERTS_GAP_MS)
  if (before === undefined)
    return answer.unknown(`It is not known whether ${alert} was firing before ${harm.name}${whyUnread(seen)}.`, [
      seen.alerts.failed?.line,
    ])
  const already = before.active.filter(isMeant(expected))
  if (already.some(({ state }) => state === 'firing'))
    return answer.unknown(`${alert} was already firing before ${harm.name}, so it proves nothing about it.`, [
      before.line,
    ])
  const after = reads.filter(({ at }) => at > harm.createdAt)
  const first = after.find((read) => read.active.some(firing(expected)))
  if (first === undefined) return neverFired(seen, harm, expected, after, answer)
  const activation = first.active.find(firing(expected))
  if (activation !== undefined && already.some((each) => isSame(each, activation)))
    return answer.unknown(`${alert} was already pending before ${harm.name}, so it proves nothing about it.`, [
      before.line,
      first.line,
    ])

  const tookMs = Math.max(0, first.at - harm.injectedAt)
  const sentence = `${alert} fired ${duration(tookMs)} after ${harm.name} (${duration(withinMs)} were allowed).`
  const quiet = reads.findLast(({ at }) => at < first.at) ?? before
  const told = { sentence, tookMs, lines: [quiet.line, first.line] }
  if (tookMs <= withinMs) return answer.held(told)
  if (quiet.at >= harm.injectedAt + withinMs) return answer.broken('alert-late', told)
  return first.at - quiet.at <= ALERTS_GAP_MS
    ? answer.held(told)
    : answer.unknown(`It is not known when ${alert} fired${whyUnread(seen)}.`, told.lines)
}

const firing = (expected: AlertReaction) => (active: ActiveAlert) =>
  active.state === 'firing' && isMeant(expected)(active)
const isSame = (a: ActiveAlert, b: ActiveAlert): boolean => alertKey(a) === alertKey(b) && a.activeAt === b.activeAt
const whyUnread = ({ alerts: { failed } }: Seen): string => (failed === undefined ? '' : `: ${failed.problem}`)

/** It did not fire only if everything was read and the rule was evaluated. */
function neverFired(
  seen: Seen,
  harm: Harm,
  expected: AlertReaction,
  after: readonly AlertsAt[],
  answer: ReactionAnswer,
): Ruled<ReactionResult> {
  const { alert, withinMs } = expected
  const deadline = harm.injectedAt + withinMs
  const allowed = `${duration(withinMs)} were allowed`
  const inTime = after.filter(({ at }) => at <= deadline)
  const lines = [inTime[0]?.line, inTime.at(-1)?.line, seen.alerts.failed?.line]
  if (seen.run.seenUntil < deadline)
    return answer.unknown(`The run ended before ${alert} had to fire (${allowed}).`, seen.run.loadLines)
  if (longestGap(seen.alerts.reads, harm.createdAt, deadline) > ALERTS_GAP_MS)
    return answer.unknown(
      `It is not known whether ${alert} fired: alerts could not be read all the time${whyUnread(seen)}.`,
      lines,
    )
  const rules = inTime.flatMap((read) => read.rules.filter((rule) => rule.alert === alert))
  const sick = rules.find(({ health }) => health !== 'ok')
  if (sick !== undefined)
    return answer.unknown(
      `It is not known whether ${alert} had to fire: its rule could not be evaluated (${sick.problem ?? sick.health}).`,
      lines,
    )
  if (new Set(rules.map(({ evaluatedAt }) => evaluatedAt)).size < 2)
    return answer.unknown(
      `It is not known whether ${alert} had to fire: its rule was not evaluated in that time.`,
      lines,
    )
  const isPending = inTime.at(-1)?.active.some(isMeant(expected)) === true
  const state = isPending ? 'it was pending when that was over' : 'it was never active'
  const sentence = `${alert} did not fire after ${harm.name} (${allowed}; ${state}).`
  return answer.broken('alert-missing', { sentence, lines })
}

function resolves(seen: Seen, harm: Harm, expected: AlertReaction, answer: ReactionAnswer): Ruled<ReactionResult> {
  const { alert, withinMs } = expected
  const { reads } = seen.alerts
  const { healedAt } = harm
  if (healedAt === undefined) return answer.unknown(`${harm.name} was never seen healed.`, [])
  const fired = reads.find((read) => read.at > harm.createdAt && read.active.some(firing(expected)))
  if (fired === undefined)
    return answer.unknown(`${alert} was not seen firing after ${harm.name}.`, [seen.alerts.failed?.line])
  const quiet = reads.find((read) => read.at >= Math.max(healedAt, fired.at) && !read.active.some(firing(expected)))
  const last = reads.findLast(
    (read) => read.at < (quiet?.at ?? Number.POSITIVE_INFINITY) && read.active.some(firing(expected)),
  )
  const deadline = healedAt + withinMs
  const allowed = `${duration(withinMs)} were allowed`
  if (quiet === undefined) {
    if (last === undefined || last.at < deadline)
      return answer.unknown(`The run ended before ${alert} had to resolve (${allowed}).`, [last?.line])
    const sentence = `${alert} was still firing ${duration(last.at - healedAt)} after ${harm.name} was healed (${allowed}).`
    return answer.broken('alert-unresolved', { sentence, lines: [last.line] })
  }
  const tookMs = Math.max(0, quiet.at - healedAt)
  const sentence = `${alert} resolved ${duration(tookMs)} after ${harm.name} was healed (${allowed}).`
  const told = { sentence, tookMs, lines: [last?.line, quiet.line] }
  if (tookMs <= withinMs) return answer.held(told)
  if (last !== undefined && last.at >= deadline) return answer.broken('alert-unresolved', told)
  return quiet.at - (last?.at ?? healedAt) <= ALERTS_GAP_MS
    ? answer.held(told)
    : answer.unknown(`It is not known when ${alert} resolved${whyUnread(seen)}.`, told.lines)
}
