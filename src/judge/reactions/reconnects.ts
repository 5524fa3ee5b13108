/** Clients whose sockets fell reconnect: how soon, and not all in the same second. */
import type { Reaction } from '../../domain/rehearsal.ts'
import { showMeasuredPercent } from '../../domain/show.ts'
import type { ReactionResult } from '../../domain/verdict.ts'
import type { Ruled } from '../findings/ruled.ts'
import { count, duration, perSecondText } from '../findings/words.ts'
import type { Harm } from '../harm/harm.ts'
import type { Seen } from '../seen/seen.ts'
import type { SocketRow } from '../seen/socket-counts.ts'
import { createReactionAnswer } from './answer.ts'

type Reconnects = Extract<Reaction, { kind: 'reconnects' }>

export function judgeReconnects(seen: Seen, harm: Harm, expected: Reconnects): Ruled<ReactionResult> {
  const { share, withinMs, herdMax } = expected
  const answer = createReactionAnswer(harm, 'reconnects', 'sockets', withinMs)
  const before = seen.load.sockets.findLast((row) => row.at <= harm.createdAt)
  const later = seen.load.sockets.filter((row) => row.at > harm.createdAt && row.at <= seen.run.seenUntil)
  if (before === undefined || before.open === 0) {
    return answer.unknown(`No socket was open before ${harm.name}, so that none could come back.`, harm.lines)
  }
  const wanted = (at: number) => share * Math.min(before.open, plannedSockets(seen, at))
  const { missingUntil, lowest } = absence(later, wanted, harm, withinMs)
  const tookMs = missingUntil === undefined ? 0 : missingUntil - harm.createdAt
  const span = later.filter((row) => row.fromAt < Math.max(missingUntil ?? 0, harm.createdAt + withinMs))
  const lines = [before.line, ...span.filter((row) => row.connected + row.dropped > 0).map((row) => row.line)]
  const herd = Math.max(0, ...span.map((row) => (row.connected / Math.max(1, row.at - row.fromAt)) * 1000))
  const what = `${showMeasuredPercent(share)} of ${count(before.open, 'socket')} (at worst ${lowest} were open)`

  if ((later.at(-1)?.at ?? 0) < harm.createdAt + withinMs && tookMs <= withinMs) {
    return answer.unknown(`The load ended before ${what} had to be open again after ${harm.name}.`, lines)
  }
  if (tookMs > withinMs) {
    const sentence = `${what} were not open again ${duration(withinMs)} after ${harm.name}: it took at least ${duration(tookMs)}.`
    return answer.broken('sessions-lost', { sentence, tookMs, lines })
  }
  const herdText = `at most ${perSecondText(herd)} came back`
  const sentence = `${what} were open again ${duration(tookMs)} after ${harm.name}; ${herdText}`
  if (herdMax !== undefined && herd > herdMax) {
    return answer.broken('reconnect-storm', {
      sentence: `${sentence}, and ${perSecondText(herdMax)} are allowed.`,
      tookMs,
      lines,
    })
  }
  return answer.held({ sentence: `${sentence}.`, tookMs, lines })
}

/** Until when too few were open, within the harm or the time allowed, whichever lasts longer. */
function absence(rows: readonly SocketRow[], wanted: (at: number) => number, harm: Harm, withinMs: number) {
  let missingUntil: number | undefined
  let lowest = Number.POSITIVE_INFINITY
  const watchUntil = Math.max(harm.endAt, harm.createdAt + withinMs)
  for (const row of rows) {
    if (row.at > watchUntil && missingUntil !== row.fromAt) break
    lowest = Math.min(lowest, row.open)
    if (row.open < wanted(row.at)) missingUntil = row.at
  }
  return { missingUntil, lowest: Number.isFinite(lowest) ? lowest : 0 }
}

/** The population that the plan wants at a moment: who leaves by plan is not lost. */
function plannedSockets(seen: Seen, at: number): number {
  const stages = seen.run.head.timeline.load.sockets?.stages
  if (!stages) return Number.POSITIVE_INFINITY
  let left = at - (seen.run.zeroAt ?? at)
  for (const { durationMs, from, to } of stages) {
    if (left <= durationMs) return durationMs === 0 ? to : from + ((to - from) * Math.max(0, left)) / durationMs
    left -= durationMs
  }
  return stages.at(-1)?.to ?? 0
}
