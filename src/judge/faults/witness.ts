/** Did the fault bite? Asked of a counter that somebody else keeps than the object that injected it and the client that suffered it. */

import type { RateWitness } from '../../domain/rehearsal.ts'
import { showSeries } from '../../domain/show.ts'
import { duration, listed, perSecondText } from '../findings/words.ts'
import type { HarmTimes } from '../harm/harm.ts'
import { blindPods, cumulative, cut, type Increment, rateOf, splitAt, type Track } from '../seen/counters.ts'

export type Testimony = {
  readonly proven: boolean
  readonly witnessedAt?: number
  readonly before?: number
  readonly during?: number
  readonly sentence: string
  readonly lines: readonly number[]
}

const BEFORE_MS = 5000
/** Rates below are taken over this long, for a counter ticks in whole events. */
const RATE_MS = 2000
/** Scrapes are half a second apart around a fault: what stopped in between is seen that much later. */
const SCRAPE_MS = 500
/** Who is covered is looked at once a second, and what was found takes its time to be injected. */
const COVERING_MS = 2000
/** Rounding of sums; no counter is this slow and judged. */
const NOTHING = 1e-3

/** How finely a counter was read: windows must hold at least one increment, and a gap is what is longer than the readings are apart. */
type Grain = { readonly beforeMs: number; readonly rateMs: number; readonly scrapeMs: number }

/** One scrape may be a little late. */
const LATE = 1.5

/** `everyMs`: how often Prometheus scrapes the source; undefined for pods, which the run itself scrapes closely around a fault. */
const grainOf = (everyMs = 0): Grain => ({
  beforeMs: Math.max(BEFORE_MS, 2 * everyMs),
  rateMs: Math.max(RATE_MS, LATE * everyMs),
  scrapeMs: Math.max(SCRAPE_MS, everyMs),
})

export function testify(witness: RateWitness, whole: Track, times: HarmTimes, everyMs?: number): Testimony {
  const grain = grainOf(everyMs)
  return witness.direction === 'rises'
    ? testifyRise(witness, whole, times, grain)
    : testifyFall(witness, whole, times, grain)
}

const nameOf = ({ metric, of, where }: RateWitness): string => `${showSeries(metric, where)} of ${of}`

/** Seen once is seen: what a fault makes others count may end by itself, as errors do when a breaker opens. */
function testifyRise(witness: RateWitness, whole: Track, times: HarmTimes, grain: Grain): Testimony {
  const { createdAt, injectedAt, endAt } = times
  const around = cut(whole, createdAt - grain.beforeMs, endAt + grain.beforeMs)
  // What was counted in a gap that reaches out of the fault may have been counted outside of it, and proves nothing.
  const { sure: track, torn } = splitAt(around, createdAt, endAt, grain.rateMs)
  const counted = cumulative(track)
  const before = rateOf(counted, createdAt - grain.beforeMs, createdAt)
  const during = rateOf(counted, injectedAt, endAt)
  const [name, lines] = [nameOf(witness), linesOf(track, times)]
  const no = (sentence: string): Testimony => ({ proven: false, before, sentence, lines })

  if (around.increments.length === 0) return no(`${name} was not measured around the fault.`)
  if (!track.increments.some((each) => each.fromAt < createdAt && each.toAt > createdAt - grain.beforeMs)) {
    return no(`${name} could not be read in the ${duration(grain.beforeMs)} before the fault.`)
  }
  if (before >= witness.becomes - NOTHING) {
    return no(
      `${name} counted ${perSecondText(before)} before the fault already, so that its rate would prove nothing.`,
    )
  }
  const reached = [createdAt, ...track.increments.map((each) => each.fromAt)]
    .filter((at) => at >= createdAt && at < endAt)
    .sort((a, b) => a - b)
    .find((at) => rateOf(counted, at, Math.min(at + grain.rateMs, endAt)) >= witness.becomes - NOTHING)
  if (reached === undefined && (torn.length > 0 || blindPods(around, createdAt, endAt, grain.rateMs).length > 0)) {
    return no(`${name} could not be read all through the fault, and did not rise where it was read.`)
  }
  if (reached === undefined) {
    const sentence = `${name} counted ${perSecondText(during)} during the fault (before: ${perSecondText(before)}) and never reached ${perSecondText(witness.becomes)}.`
    return { ...no(sentence), during }
  }
  const tookMs = Math.max(0, reached - injectedAt)
  if (tookMs > witness.withinMs + grain.scrapeMs) {
    const sentence = `${name} rose to ${perSecondText(witness.becomes)} after ${duration(tookMs)}, later than ${duration(witness.withinMs)}.`
    return { ...no(sentence), during, witnessedAt: reached }
  }
  const when = tookMs === 0 ? 'at once' : `within ${duration(tookMs)}`
  const sentence = `${name} rose from ${perSecondText(before)} to at least ${perSecondText(witness.becomes)} ${when}.`
  return { proven: true, witnessedAt: Math.max(reached, injectedAt), before, during, sentence, lines }
}

function testifyFall(witness: RateWitness, whole: Track, times: HarmTimes, grain: Grain): Testimony {
  const { createdAt, injectedAt, endAt } = times
  const track = withoutNewcomers(cut(whole, createdAt - grain.beforeMs, endAt + grain.beforeMs), times)
  const counted = cumulative(track)
  const before = rateOf(counted, createdAt - grain.beforeMs, createdAt)
  const [name, lines] = [nameOf(witness), linesOf(track, times)]
  const no = (sentence: string): Testimony => ({ proven: false, before, sentence, lines })

  if (track.increments.length === 0) return no(`${name} was not measured around the fault.`)
  if (before <= witness.becomes + NOTHING) {
    return no(`${name} counted ${perSecondText(before)} before the fault, so that its silence would prove nothing.`)
  }
  const knownUntil = lastKnown(track, witness.becomes, endAt)
  const during = rateOf(counted, Math.min(knownUntil, injectedAt + witness.withinMs), knownUntil)
  const quietFrom = quietSince(track, counted, witness.becomes, createdAt, knownUntil, grain)
  const blind = blindPods(track, quietFrom ?? createdAt, endAt, grain.rateMs)
  if (blind.length > 0 || knownUntil < endAt - grain.rateMs) {
    const who = blind.length > 0 ? listed(blind) : witness.of
    return no(`${name}: ${who} could not be scraped during the fault.`)
  }
  if (quietFrom === undefined) {
    return { ...no(`${name} went on at ${perSecondText(during)} (before: ${perSecondText(before)}).`), during }
  }
  const tookMs = Math.max(0, quietFrom - injectedAt)
  if (tookMs > witness.withinMs + grain.scrapeMs) {
    const isGap = track.increments.some((each) => each.toAt === quietFrom && each.toAt - each.fromAt > grain.rateMs)
    if (isGap) return no(`${name} could not be scraped in the first ${duration(tookMs)} of the fault.`)
    const sentence = `${name} came down to ${perSecondText(witness.becomes)} after ${duration(tookMs)}, later than ${duration(witness.withinMs)}.`
    return { ...no(sentence), during, witnessedAt: quietFrom }
  }
  const when = tookMs === 0 ? 'at once' : `within ${duration(tookMs)}`
  const sentence = `${name} fell from ${perSecondText(before)} to ${perSecondText(during)} ${when} and stayed there until healed.`
  return { proven: true, witnessedAt: Math.max(quietFrom, injectedAt), before, during, sentence, lines }
}

/**
 * A pod that an autoscaler adds in the middle of a fault works until the next look finds it, and begins with what its neighbours left
 * behind. Traffic of a pod that is still being covered does not disprove the fault.
 */
function withoutNewcomers({ increments, failures }: Track, { newcomersAt = [] }: HarmTimes): Track {
  // A longer one bridges a gap in the readings: nobody knows whose counts it holds.
  const isOfNewcomers = ({ fromAt, toAt }: Increment): boolean =>
    toAt - fromAt <= COVERING_MS && newcomersAt.some((at) => toAt > at - COVERING_MS && fromAt < at + SCRAPE_MS)
  return { increments: increments.map((each) => (isOfNewcomers(each) ? { ...each, count: 0 } : each)), failures }
}

/** The first moment after which the rate stayed at or below `limit` until `knownUntil`; undefined if there is none. */
function quietSince(
  track: Track,
  counted: (at: number) => number,
  limit: number,
  createdAt: number,
  knownUntil: number,
  { rateMs }: Grain,
): number | undefined {
  const scrapes = track.increments
    .map((each) => each.toAt)
    .filter((at) => at > createdAt && at <= knownUntil - SCRAPE_MS)
  const moments = [...new Set([createdAt, ...scrapes])].sort((a, b) => a - b)
  let quiet: number | undefined
  for (const at of moments) {
    const above = rateOf(counted, at, Math.min(at + rateMs, knownUntil)) > limit + NOTHING
    if (above) quiet = undefined
    else quiet ??= at
  }
  return quiet
}

/**
 * Until when the counter is known. An increment that straddles the heal may hold traffic of after it and speaks for neither side, unless
 * all of it fits the limit. Without a reading nothing is known.
 */
function lastKnown({ increments }: Track, limit: number, endAt: number): number {
  const straddling = increments.filter(
    (each) => each.fromAt < endAt && each.toAt > endAt && rateOfOne(each) > limit + NOTHING,
  )
  const lastRead = Math.max(...increments.map((each) => each.toAt))
  return Math.min(endAt, lastRead, ...straddling.map((each) => each.fromAt))
}

const rateOfOne = ({ count, fromAt, toAt }: Increment): number => (count / Math.max(1, toAt - fromAt)) * 1000

/** Whether the counter was normal again after healing: the end of a fault has to be seen as well as its beginning. */
export function returnedAfter(witness: RateWitness, track: Track, healedAt: number, untilAt: number): boolean {
  const part = cut(track, healedAt - RATE_MS, untilAt)
  const counted = cumulative(part)
  const knownUntil = Math.min(untilAt, Math.max(healedAt, ...part.increments.map((each) => each.toAt)))
  const moments = [healedAt, ...part.increments.map((each) => each.toAt)].filter((at) => at >= healedAt && at < untilAt)
  const rateFrom = (at: number) => rateOf(counted, at, Math.min(at + RATE_MS, untilAt))
  if (witness.direction === 'falls') return moments.some((at) => rateFrom(at) > witness.becomes + NOTHING)
  // Silence after the last scrape is no sign of calm.
  return moments.some((at) => at + RATE_MS <= knownUntil && rateFrom(at) < witness.becomes - NOTHING)
}

/** Scrapes around the beginning and the end of the harm: those that show the change. */
function linesOf(track: Track, { createdAt, endAt }: HarmTimes): readonly number[] {
  const near = (at: number, around: number) => Math.abs(at - around) <= RATE_MS
  return track.increments
    .filter((each) => near(each.toAt, createdAt) || near(each.toAt, endAt))
    .map((each) => each.line)
    .slice(0, 12)
}
