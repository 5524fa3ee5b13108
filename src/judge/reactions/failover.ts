/** How long the platform took to move from one provider to the other, by its own counters of calls to them. */
import type { Cause } from '../../domain/causes.ts'
import type { Reaction } from '../../domain/rehearsal.ts'
import { showMeasuredPercent } from '../../domain/show.ts'
import { millis } from '../../domain/units.ts'
import type { FaultResult, Finding } from '../../domain/verdict.ts'
import { finding } from '../findings/findings.ts'
import type { Ruled } from '../findings/ruled.ts'
import { duration, perSecondText } from '../findings/words.ts'
import type { Harm, HarmTimes } from '../harm/harm.ts'
import { plannedRate } from '../load/arrivals-due.ts'
import { arrivedShare } from '../load/refused.ts'
import { blindPods, cumulative, cut, rateOf, splitAt, type Track } from '../seen/counters.ts'
import type { Seen } from '../seen/seen.ts'
import { approvedId, counterOf } from '../seen/wanted-counters.ts'

type Failover = Extract<Reaction, { kind: 'failover' }>

const BEFORE_MS = 5000
/** Taken over is: approving four fifths of what both approved before, at the load of the moment, for two seconds. */
const TAKEN_OVER = 0.8
const SUSTAINED_MS = 2000
const STEP_MS = 100
/** A service that was hardly asked did not fail. */
const ASKED_LEAST = 10

export function judgeFailover(seen: Seen, harm: Harm, expected: Failover): Ruled<FaultResult['failovers'][number]> {
  const { from, to, withinMs } = expected
  const around = (id: string) => cut(seen.counters.track(approvedId(id)), harm.createdAt - BEFORE_MS, harm.endAt)
  const { sure, torn } = splitAt(around(to), harm.createdAt, harm.endAt, SUSTAINED_MS)
  const tracks = { from: around(from), to: sure }
  const approvedBoth = cumulative(tracks.from, tracks.to)
  const before = rateOf(approvedBoth, harm.createdAt - BEFORE_MS, harm.createdAt)
  const lines = linesOf(tracks.to, harm)
  const say = (weight: Finding['weight'], cause: Cause, sentence: string) =>
    finding(weight, cause, harm.name, sentence, [...lines, ...harm.lines])
  const none = { from, to, withinMs, held: false }

  if (before <= 0) {
    const sentence = `${from} and ${to} approved nothing in the ${duration(BEFORE_MS)} before the fault (${counterOf(seen, from)}), so that a failover cannot be seen.`
    return { result: none, findings: [say('gap', 'no-evidence', sentence)] }
  }
  const tookMs = takeoverMs(seen, cumulative(tracks.to), before, harm)
  if (tookMs !== undefined) {
    const held = tookMs <= withinMs
    const sentence = `${to} took over from ${from} after ${duration(tookMs)}; ${duration(withinMs)} were allowed.`
    const findings = held ? [] : [say('breach', 'failover-late', sentence)]
    return { result: { ...none, tookMs: millis(tookMs), held }, findings }
  }
  const shownMs = harm.endAt - harm.injectedAt
  if (seen.run.load !== 'completed' && shownMs < withinMs + SUSTAINED_MS) {
    const sentence = `The run ended ${duration(shownMs)} into the fault, before ${to} had to take over.`
    return { result: none, findings: [say('gap', 'no-evidence', sentence)] }
  }
  const blind = blindPods(tracks.to, harm.injectedAt, harm.endAt, SUSTAINED_MS)
  if (blind.length > 0 || torn.length > 0 || tracks.to.increments.length === 0) {
    const sentence = `It is not known whether ${to} took over from ${from}: ${counterOf(seen, from)} was not scraped during the fault.`
    return { result: none, findings: [say('gap', 'no-evidence', sentence)] }
  }
  const arrived = arrivedShare(seen, harm.createdAt, { fromAt: harm.injectedAt, toAt: harm.endAt })
  if (before * arrived * (shownMs / 1000) < ASKED_LEAST) {
    const why =
      arrived < 1 ? 'clients were refused before they reached the service' : 'the fault was too short for enough calls'
    const sentence = `It is not known whether ${to} took over from ${from}: ${why}.`
    return { result: none, findings: [say('gap', 'no-evidence', sentence)] }
  }
  return { result: none, findings: [say('breach', 'failover-missing', missing(expected, tracks.to, before, harm))] }
}

function missing({ from, to }: Failover, track: Track, before: number, { injectedAt, endAt }: HarmTimes): string {
  const during = rateOf(cumulative(track), injectedAt, endAt)
  return `${to} never took over from ${from}: it approved ${perSecondText(during)} during the fault; both approved ${perSecondText(before)} before, and ${showMeasuredPercent(TAKEN_OVER)} of that is a takeover.`
}

function takeoverMs(
  seen: Seen,
  approved: (at: number) => number,
  before: number,
  { createdAt, endAt }: HarmTimes,
): number | undefined {
  const loadBefore = plannedRate(seen, createdAt - BEFORE_MS, createdAt)
  // The harm begins somewhere between the object's creation and the status that says so: counted from the former, never flattered.
  for (let at = createdAt; at + SUSTAINED_MS <= endAt; at += STEP_MS) {
    const until = at + SUSTAINED_MS
    // The load may ramp meanwhile: as much more or less as the plan asks is wanted of the second provider.
    const growth = loadBefore > 0 ? plannedRate(seen, at, until) / loadBefore : 1
    if (rateOf(approved, at, until) >= TAKEN_OVER * before * growth) return at - createdAt
  }
  return undefined
}

const linesOf = (track: Track, { injectedAt }: HarmTimes): readonly number[] =>
  track.increments
    .filter((each) => each.toAt >= injectedAt)
    .map((each) => each.line)
    .slice(0, 10)
