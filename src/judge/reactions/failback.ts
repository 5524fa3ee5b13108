/**
 * After healing, work returns to the provider that failed. The first seconds do not show it: its witness also counts calls that are not
 * new work (voids, trials), while a breaker that stays open sends all new work to the other provider.
 */
import type { Reaction } from '../../domain/rehearsal.ts'
import { showMeasuredPercent } from '../../domain/show.ts'
import type { Finding } from '../../domain/verdict.ts'
import { finding } from '../findings/findings.ts'
import { duration, perSecondText } from '../findings/words.ts'
import { answersUntil, type Harm, harmsOf } from '../harm/harm.ts'
import { plannedRate } from '../load/arrivals-due.ts'
import { blindPods, cumulative, cut, rateOf, splitAt } from '../seen/counters.ts'
import type { Seen } from '../seen/seen.ts'
import { approvedId } from '../seen/wanted-counters.ts'

type Failover = Extract<Reaction, { kind: 'failover' }>
type Window = { readonly fromAt: number; readonly toAt: number }

const BEFORE_MS = 5000
/** An open breaker tries again every few seconds (5 to 10 s are usual), and each pod has its own. */
const FAILBACK_MS = 10_000
/** The end of the window is judged by itself too: a provider that left again is not back. */
const LAST_MS = 10_000
/** Half of its share: one of several pods may still be trying. */
const BACK = 0.5
/** Fewer calls say nothing about a share. */
const CALLS_LEAST = 20
const RATE_MS = 2000

/** `failback-missing`: a breach where the other provider kept the work, a gap where the work was counted at neither of them. */
export function judgeFailback(seen: Seen, harm: Harm, { from, to }: Failover, tookOver: boolean): readonly Finding[] {
  const window = windowOf(seen, harm)
  if (window === undefined) return []
  const { fromAt, toAt } = window
  const approvedBy = (name: string) => cut(seen.counters.track(approvedId(name)), harm.createdAt - BEFORE_MS, toAt)
  const approved = { from: approvedBy(from), to: approvedBy(to) }
  const whole = Object.values(approved)
  const tracks = whole.map((track) => splitAt(track, fromAt, toAt, RATE_MS))
  const lines = tracks.flatMap(({ sure }) =>
    sure.increments
      .filter((each) => each.toAt > fromAt)
      .map((each) => each.line)
      .slice(0, 5),
  )
  const say = (weight: Finding['weight'], cause: 'failback-missing' | 'no-evidence', sentence: string) => [
    finding(weight, cause, harm.name, sentence, [...lines, ...harm.lines]),
  ]
  const isTorn = tracks.some(({ torn }) => torn.length > 0)
  if (isTorn || whole.some((track) => blindPods(track, fromAt, toAt, RATE_MS).length > 0)) {
    const sentence = `It is not known whether work returned to ${from} after ${harm.name}: its approved calls were not scraped until the end.`
    return tookOver ? say('gap', 'no-evidence', sentence) : []
  }
  const [ofFrom, ofTo] = [cumulative(approved.from), cumulative(approved.to)]
  const before = { fromAt: harm.createdAt - BEFORE_MS, toAt: harm.createdAt }
  const normal = { from: countIn(ofFrom, before), to: countIn(ofTo, before) }
  const share = normal.from / Math.max(1, normal.from + normal.to)
  if (normal.from < CALLS_LEAST) return []
  for (const part of [window, { fromAt: Math.max(fromAt, toAt - LAST_MS), toAt }]) {
    const got = { from: countIn(ofFrom, part), to: countIn(ofTo, part) }
    const all = got.from + got.to
    const [rate, when] = [rateOf(ofFrom, part.fromAt, part.toAt), `in the last ${duration(part.toAt - part.fromAt)}`]
    const seenFrom = `${from} approved ${perSecondText(rate)} ${when} before ${endOf(seen, toAt)}`
    if (all >= CALLS_LEAST && got.from < BACK * share * all) {
      const sentence = `After ${harm.name} work did not return to ${from}: ${seenFrom}, ${showMeasuredPercent(got.from / all)} of all; before the fault it was ${showMeasuredPercent(share)}.`
      return say('breach', 'failback-missing', sentence)
    }
    const due = normal.from * growthOf(seen, before, part)
    if (all < CALLS_LEAST && due >= 2 * CALLS_LEAST) {
      const sentence = `After ${harm.name} work was not seen to return to ${from}: ${seenFrom}, and ${to} did not approve the rest; by the load ${Math.round(due)} calls were due.`
      return say('gap', 'failback-missing', sentence)
    }
  }
  return []
}

/** From when a breaker had time to close until the next harm or the end; undefined where that shows nothing. */
function windowOf(seen: Seen, harm: Harm): Window | undefined {
  if (harm.healedAt === undefined || seen.run.load !== 'completed') return undefined
  const toAt = answersUntil(seen, harm)
  const others = harmsOf(seen).filter((each) => each.name !== harm.name && each.createdAt < toAt)
  const calmAt = Math.max(harm.healedAt, ...others.map((each) => each.healedAt ?? each.endAt))
  const fromAt = calmAt + FAILBACK_MS
  return toAt - fromAt < RATE_MS ? undefined : { fromAt, toAt }
}

const countIn = (counted: (at: number) => number, { fromAt, toAt }: Window): number =>
  Math.max(0, counted(toAt) - counted(fromAt))

/** How many more arrivals the plan has in one window than in the other. */
function growthOf(seen: Seen, before: Window, after: Window): number {
  const arrivals = ({ fromAt, toAt }: Window) => plannedRate(seen, fromAt, toAt) * (toAt - fromAt)
  return arrivals(after) / Math.max(1, arrivals(before))
}

const endOf = (seen: Seen, toAt: number): string => (toAt < seen.run.seenUntil ? 'the next fault' : 'the load ended')
