/** Did the fault bite? Asked of a counter that somebody else keeps than the object that injected it and the client that suffered it. */
import type { RateWitness } from '../../domain/rehearsal.ts'
import { duration, listed, perSecondText } from '../findings/words.ts'
import type { HarmTimes } from '../harm/harm.ts'
import { blindPods, cumulative, cut, type Increment, rateOf, type Track } from '../seen/counters.ts'

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

export function testify(witness: RateWitness, whole: Track, times: HarmTimes): Testimony {
  return witness.direction === 'rises' ? testifyRise(witness, whole, times) : testifyFall(witness, whole, times)
}

const nameOf = ({ metric, of, where }: RateWitness): string => {
  const labels = Object.entries(where).map(([label, value]) => `${label}=${value}`)
  return `${metric}${labels.length === 0 ? '' : ` (${listed(labels)})`} of ${of}`
}

/** Seen once is seen: what a fault makes others count may end by itself, as errors do when a breaker opens. */
function testifyRise(witness: RateWitness, whole: Track, times: HarmTimes): Testimony {
  const { createdAt, injectedAt, endAt } = times
  const track = cut(whole, createdAt - BEFORE_MS, endAt + BEFORE_MS)
  const counted = cumulative(track)
  const before = rateOf(counted, createdAt - BEFORE_MS, createdAt)
  const during = rateOf(counted, injectedAt, endAt)
  const [name, lines] = [nameOf(witness), linesOf(track, times)]
  const no = (sentence: string): Testimony => ({ proven: false, before, sentence, lines })

  if (track.increments.length === 0) return no(`${name} was not measured around the fault.`)
  if (before >= witness.becomes - NOTHING) {
    return no(
      `${name} counted ${perSecondText(before)} before the fault already, so that its rate would prove nothing.`,
    )
  }
  const reached = [createdAt, ...track.increments.map((each) => each.fromAt)]
    .filter((at) => at >= createdAt && at < endAt)
    .sort((a, b) => a - b)
    .find((at) => rateOf(counted, at, Math.min(at + RATE_MS, endAt)) >= witness.becomes - NOTHING)
  if (reached === undefined) {
    const sentence = `${name} counted ${perSecondText(during)} during the fault (before: ${perSecondText(before)}) and never reached ${perSecondText(witness.becomes)}.`
    return { ...no(sentence), during }
  }
  const tookMs = Math.max(0, reached - injectedAt)
  if (tookMs > witness.withinMs + SCRAPE_MS) {
    const sentence = `${name} rose to ${perSecondText(witness.becomes)} after ${duration(tookMs)}, later than ${duration(witness.withinMs)}.`
    return { ...no(sentence), during, witnessedAt: reached }
  }
  const when = tookMs === 0 ? 'at once' : `within ${duration(tookMs)}`
  const sentence = `${name} rose from ${perSecondText(before)} to at least ${perSecondText(witness.becomes)} ${when}.`
  return { proven: true, witnessedAt: Math.max(reached, injectedAt), before, during, sentence, lines }
}

function testifyFall(witness: RateWitness, whole: Track, times: HarmTimes): Testimony {
  const { createdAt, injectedAt, endAt } = times
  const track = withoutNewcomers(cut(whole, createdAt - BEFORE_MS, endAt + BEFORE_MS), times)
  const counted = cumulative(track)
  const before = rateOf(counted, createdAt - BEFORE_MS, createdAt)
  const [name, lines] = [nameOf(witness), linesOf(track, times)]
  const no = (sentence: string): Testimony => ({ proven: false, before, sentence, lines })

  if (track.increments.length === 0) return no(`${name} was not measured around the fault.`)
  if (before <= witness.becomes + NOTHING) {
    return no(`${name} counted ${perSecondText(before)} before the fault, so that its silence would prove nothing.`)
  }
  const during = rateOf(counted, Math.min(endAt, injectedAt + witness.withinMs), endAt)
  const quietFrom = quietSince(track, counted, witness.becomes, times)
  if (quietFrom === undefined) {
    return { ...no(`${name} went on at ${perSecondText(during)} (before: ${perSecondText(before)}).`), during }
  }
  const blind = blindPods(track, quietFrom, endAt, RATE_MS)
  const seenUntil = Math.max(...track.increments.map((each) => each.toAt))
  if (blind.length > 0 || seenUntil < endAt - RATE_MS) {
    const who = blind.length > 0 ? listed(blind) : witness.of
    return { ...no(`${name}: ${who} could not be scraped during the fault.`), during }
  }
  const tookMs = Math.max(0, quietFrom - injectedAt)
  if (tookMs > witness.withinMs + SCRAPE_MS) {
    const sentence = `${name} came down to ${perSecondText(witness.becomes)} after ${duration(tookMs)}, later than ${duration(witness.withinMs)}.`
    return { ...no(sentence), during, witnessedAt: quietFrom }
  }
  const when = tookMs === 0 ? 'at once' : `within ${duration(tookMs)}`
  const sentence = `${name} fell from ${perSecondText(before)} to ${perSecondText(during)} ${when} and stayed there until healed.`
  return { proven: true, witnessedAt: Math.max(quietFrom, injectedAt), before, during, sentence, lines }
}

/**
 * A pod that an autoscaler adds in the middle of a fault works until the next look finds it, and begins with what its neighbours left
 * behind: what is counted then is no doubt about those that were covered all the time.
 */
function withoutNewcomers({ increments, failures }: Track, { newcomersAt = [] }: HarmTimes): Track {
  const isOfNewcomers = ({ fromAt, toAt }: Increment): boolean =>
    newcomersAt.some((at) => toAt > at - COVERING_MS && fromAt < at + SCRAPE_MS)
  return { increments: increments.map((each) => (isOfNewcomers(each) ? { ...each, count: 0 } : each)), failures }
}

/** The first moment after which the rate stayed at or below `limit` for the rest of the fault; undefined if there is none. */
function quietSince(
  track: Track,
  counted: (at: number) => number,
  limit: number,
  { createdAt, endAt }: HarmTimes,
): number | undefined {
  const scrapes = track.increments.map((each) => each.toAt).filter((at) => at > createdAt && at <= endAt - SCRAPE_MS)
  const moments = [...new Set([createdAt, ...scrapes])].sort((a, b) => a - b)
  const end = lastKnown(track, endAt)
  let quiet: number | undefined
  for (const at of moments) {
    const above = rateOf(counted, at, Math.min(at + RATE_MS, end)) > limit + NOTHING
    if (above) quiet = undefined
    else quiet ??= at
  }
  return quiet
}

/** An increment that straddles the heal may hold traffic of after it, and speaks for neither side. */
function lastKnown(track: Track, endAt: number): number {
  const straddling = track.increments.filter((each) => each.fromAt < endAt && each.toAt > endAt && each.count > 0)
  return Math.min(endAt, ...straddling.map((each) => each.fromAt))
}

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
