/** Calls to a broken dependency: they fall when a circuit breaker opens, and retries do not multiply them. */

import type { Reaction } from '../../domain/rehearsal.ts'
import type { ReactionResult } from '../../domain/verdict.ts'
import type { Ruled } from '../findings/ruled.ts'
import { duration, listed, perSecondText } from '../findings/words.ts'
import type { Harm } from '../harm/harm.ts'
import { blindPods, cumulative, cut, rateOf, splitAt, type Track } from '../seen/counters.ts'
import type { Seen } from '../seen/seen.ts'
import { amplificationIds, backsOffId } from '../seen/wanted-counters.ts'
import { createReactionAnswer } from './answer.ts'

type BacksOff = Extract<Reaction, { kind: 'backs-off' }>
type Amplification = Extract<Reaction, { kind: 'amplification' }>

const BEFORE_MS = 5000
/** Rates of the moment are taken over this long, for a counter ticks in whole events. */
const RATE_MS = 2000

export function judgeBacksOff(seen: Seen, harm: Harm, expected: BacksOff): Ruled<ReactionResult> {
  const { metric, of, where, becomes, withinMs } = expected
  const labels = Object.entries(where).map(([label, value]) => `${label}=${value}`)
  const name = `${metric}${labels.length === 0 ? '' : ` (${listed(labels)})`} of ${of}`
  const answer = createReactionAnswer(harm, 'backs-off', name, withinMs)
  const around = cut(seen.counters.track(backsOffId(harm.name, expected)), harm.createdAt - BEFORE_MS, harm.endAt)
  const fromAt = harm.createdAt + withinMs
  const { sure: track, torn } = splitAt(around, fromAt, harm.endAt, RATE_MS)
  const lines = linesOf(track, harm)
  // A source that is scraped and does not know the metric looks like one that counts nothing.
  if (!around.increments.some((each) => each.count > 0)) {
    return answer.unknown(
      `${name} counted nothing before or during ${harm.name}, so that its silence would prove nothing.`,
      lines,
    )
  }
  if (torn.length > 0 || blindPods(track, fromAt, harm.endAt, RATE_MS).length > 0) {
    return answer.unknown(`${name} could not be scraped all through ${harm.name}.`, lines)
  }
  if (harm.endAt - fromAt < RATE_MS) {
    return answer.unknown(`${harm.name} ended before ${name} had to come down (${duration(withinMs)}).`, lines)
  }
  const counted = cumulative(track)
  const before = rateOf(counted, harm.createdAt - BEFORE_MS, harm.createdAt)
  // On average: a half-open breaker tries now and then, and several pods may do so in the same second.
  const after = rateOf(counted, fromAt, harm.endAt)
  const tookMs = cameDownMs(counted, becomes, harm)
  const sentence = `${name} went on at ${perSecondText(after)} from ${duration(withinMs)} after ${harm.name} on (before: ${perSecondText(before)}); ${perSecondText(becomes)} are allowed.`
  if (after <= becomes + 1e-3) return answer.held({ sentence, tookMs, lines })
  return answer.broken('breaker-missing', { sentence, tookMs, lines })
}

function cameDownMs(counted: (at: number) => number, limit: number, { createdAt, endAt }: Harm): number | undefined {
  for (let at = createdAt; at + RATE_MS <= endAt; at += 100) {
    if (rateOf(counted, at, at + RATE_MS) <= limit + 1e-3) return at - createdAt
  }
  return undefined
}

export function judgeAmplification(seen: Seen, harm: Harm, expected: Amplification): Ruled<ReactionResult> {
  const { of, attempts, operations, atMost } = expected
  const answer = createReactionAnswer(harm, 'amplification', of)
  const ids = amplificationIds(harm.name, expected)
  const during = (id: string) => cut(seen.counters.track(id), harm.createdAt, harm.endAt)
  const tracks = { attempts: during(ids.attempts), operations: during(ids.operations) }
  const lines = [...linesOf(tracks.attempts, harm), ...linesOf(tracks.operations, harm)]
  const counts = { attempts: countedIn(tracks.attempts, harm), operations: countedIn(tracks.operations, harm) }
  if (counts.attempts < 1 || counts.operations < 1) {
    return answer.unknown(
      `${attempts} or ${operations} of ${of} counted nothing during ${harm.name}, so that there is nothing to compare.`,
      lines,
    )
  }
  const factor = counts.attempts / counts.operations
  const sentence = `${of} made ${Math.round(counts.attempts)} ${attempts} for ${Math.round(counts.operations)} ${operations} during ${harm.name}: ${factor.toFixed(2)} times as many; ${atMost} are allowed.`
  return factor <= atMost ? answer.held({ sentence, lines }) : answer.broken('retry-storm', { sentence, lines })
}

function countedIn(track: Track, { createdAt, endAt }: Harm): number {
  const counted = cumulative(track)
  return counted(endAt) - counted(createdAt)
}

const linesOf = (track: Track, { injectedAt }: Harm): readonly number[] =>
  track.increments
    .filter((each) => each.toAt >= injectedAt)
    .map((each) => each.line)
    .slice(0, 8)
