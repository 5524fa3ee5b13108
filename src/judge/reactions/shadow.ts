/**
 * Judges a shadow by pairs of windows, one with the mirror on and one with it off: the share that was copied, the errors of the copies, the response
 * times of users, and the books.
 */
import { shadowOf } from '../../domain/action.ts'
import { meanMs, mergedHistogram } from '../../domain/histogram.ts'
import { POWER, smallestDetectable } from '../../domain/paired.ts'
import { type Shadow, windowPairs } from '../../domain/shadow.ts'
import { showMeasuredPercent } from '../../domain/show.ts'
import type { ReactionResult } from '../../domain/verdict.ts'
import { slower } from '../canary/latency.ts'
import { copiesWords, shareCopied } from '../canary/share.ts'
import { type StepStretch, stretchesOf } from '../canary/stretches.ts'
import type { Ruled } from '../findings/ruled.ts'
import type { Harm } from '../harm/harm.ts'
import type { ActionLife } from '../seen/action-lives.ts'
import { type CountsBetween, countsBetween, type NamedCanary, whySharesUncounted } from '../seen/canary-counters.ts'
import type { Seen } from '../seen/seen.ts'
import { createReactionAnswer } from './answer.ts'
import { judgeAnswers } from './answers.ts'
import { judgeBooks } from './shadow-books.ts'
import { unreadOptions } from './unread-options.ts'

export type ShadowFacts = {
  readonly seen: Seen
  readonly harm: Harm
  readonly shadow: Shadow
  readonly life: ActionLife
  readonly named: NamedCanary
  readonly counts: CountsBetween
  readonly windows: readonly StepStretch[]
}
type Part = Ruled<ReactionResult>

/** Empty for a release that is no shadow, and for one that never got a copy. */
export function judgeShadow(seen: Seen, harm: Harm, named: NamedCanary, life: ActionLife): readonly Part[] {
  const shadow = shadowOf(named.release)
  if (shadow === undefined) return []
  const counts = countsBetween(seen.counters, named)
  const windows = stretchesOf(life, seen.run.seenUntil)
  const facts: ShadowFacts = { seen, harm, shadow, life, named, counts, windows }
  const answers = judgeAnswers(facts)
  if (windows.length === 0) return answers
  return [...answers, servesShare(facts), ...slowsNobody(facts), judgeBooks(facts)]
}

const isOn = ({ step }: StepStretch): boolean => step.share > 0
const linesOf = (windows: readonly StepStretch[]): readonly number[] =>
  windows.flatMap(({ step }) => [step.line, ...step.decided.slice(-1).map(({ line }) => line)])

/** Requests and server errors in some windows together. */
function countsIn(counts: CountsBetween, side: 'stable' | 'canary', windows: readonly StepStretch[]) {
  const all = windows.map(({ fromAt, toAt }) => counts(side, fromAt, toAt))
  const sum = (pick: (each: (typeof all)[number]) => number) => all.reduce((total, each) => total + pick(each), 0)
  return { requests: sum((each) => each.requests), bad: sum((each) => each.bad) }
}

export function copiedWords(seen: Seen, named: NamedCanary, life: ActionLife): string {
  const counts = countsBetween(seen.counters, named)
  const on = stretchesOf(life, seen.run.seenUntil).filter(isOn)
  const [fresh, stable] = [countsIn(counts, 'canary', on), countsIn(counts, 'stable', on)]
  return `${fresh.bad} of ${fresh.requests} copies were answered with a server error, and ${stable.bad} of ${stable.requests} requests to the old release`
}

function servesShare(facts: ShadowFacts): Part {
  const { harm, shadow, windows, counts } = facts
  const answer = createReactionAnswer(harm, 'serves-share', 'mirror')
  const shares = [true, false].map((on) => {
    const own = windows.filter((each) => isOn(each) === on)
    const [requests, copies] = [countsIn(counts, 'stable', own).requests, countsIn(counts, 'canary', own).requests]
    return { on, served: shareCopied(copies, requests, on ? shadow.share : 0) }
  })
  const lines = linesOf(windows).slice(0, 8)
  const [on, off] = shares.map(({ served }) => served)
  if (on === undefined)
    return answer.unknown('No request to the old release was counted while the mirror was on.', lines)
  const asked = showMeasuredPercent(shadow.share, 1)
  const left = off === undefined ? '' : ` With the mirror off: ${copiesWords(off)}.`
  const told = { sentence: `${copiesWords(on)}; ${asked} were asked for.${left}`, lines }
  if (!on.isOff && off?.isOff !== true) return answer.held(told)
  const uncounted = whyCopiesUncounted(facts)
  if (uncounted === undefined) return answer.broken('weight-not-served', told)
  return answer.unknown(`The number of copies is not known, because ${uncounted}. ${told.sentence}`, lines)
}

/** Both releases must be read in each window, also in those without a mirror. */
function whyCopiesUncounted({ seen, named, shadow, windows }: ShadowFacts): string | undefined {
  const options = unreadOptions(seen, named.release.canary.gate.canary)
  for (const window of windows) {
    const why = whySharesUncounted(seen.counters, named, window, Math.min(shadow.share, 0.5), options)
    if (why !== undefined) return why
  }
  return undefined
}

const LEVEL = 0.05

/** Response times as clients measured them, over the pairs in which both windows have some. */
function slowsNobody({ seen, harm, shadow, windows }: ShadowFacts): readonly Part[] {
  const { latency, pairs } = shadow
  if (latency === undefined) return []
  const answer = createReactionAnswer(harm, 'slows-nobody', latency.sli)
  const means = new Map(windows.map((each) => [each.step.step, meanIn(seen, latency.sli, each)]))
  const logs = windowPairs(pairs).flatMap(({ on, off }) => {
    const [with_, without] = [means.get(on), means.get(off)]
    return with_ === undefined || without === undefined ? [] : [Math.log(with_ / without)]
  })
  const lines = linesOf(windows).slice(0, 8)
  const found = slower(logs, latency.atMost, { worse: LEVEL, fine: LEVEL })
  if (found.is === 'unmeasured')
    return [answer.unknown(`${latency.sli} was measured in ${logs.length} of ${pairs} pairs of windows.`, lines)]
  const smallest = Math.expm1(smallestDetectable(found.test, LEVEL))
  const detects = `a rise of ${showMeasuredPercent(smallest, 1)} would have been found in ${showMeasuredPercent(POWER, 0)} of all runs`
  const rise = `${found.rise < 0 ? '−' : '+'}${showMeasuredPercent(Math.abs(found.rise), 1)}`
  const sentence = `The mean response time of ${latency.sli} was ${rise} with the mirror on, in ${found.test.pairs} pairs of windows; ${showMeasuredPercent(latency.atMost, 0)} are allowed, and ${detects}.`
  switch (found.is) {
    case 'worse':
      return [answer.broken('shadow-slows-users', { sentence, lines })]
    case 'fine':
      return [answer.held({ sentence, lines })]
    case 'open':
      return [answer.unknown(`${sentence} That proves neither.`, lines)]
  }
}

/** Frames are about a second long: those whose middle lies in the window count. */
function meanIn(seen: Seen, sli: string, { fromAt, toAt }: StepStretch): number | undefined {
  const rows = seen.load.rows(sli).filter(({ fromAt: from, at }) => (from + at) / 2 >= fromAt && (from + at) / 2 < toAt)
  return meanMs(mergedHistogram(rows.map(({ histogram }) => pairsOf(histogram))))
}

/** Rows keep `bound, count, bound, count, …`. */
const pairsOf = (flat: readonly number[]): readonly (readonly [number, number])[] =>
  Array.from({ length: flat.length / 2 }, (_, index) => [flat[2 * index] ?? 0, flat[2 * index + 1] ?? 0] as const)
