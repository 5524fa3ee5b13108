/**
 * Judges a restore by the copy: the archive held the named point in time, the copy could be read in time, and its book equals that of the live database up
 * to the point. For operations booked around the point, the time does not show on which side they belong. Their number has bounds: at least what the client
 * had seen acknowledged when the point was requested, and at most what the live book has.
 */
import { asRestore, type Restore } from '../../domain/action.ts'
import { CLOCK_MARGIN_MS, COMMIT_MARGIN_MS, type CutCell, type CutCells } from '../../domain/restore.ts'
import { money } from '../../domain/show.ts'
import type { ReactionResult, RestoreProof } from '../../domain/verdict.ts'
import type { Ruled } from '../findings/ruled.ts'
import { count, duration, listed } from '../findings/words.ts'
import { actBy, type Harm } from '../harm/harm.ts'
import type { ActionLife } from '../seen/action-lives.ts'
import type { Seen } from '../seen/seen.ts'
import { createReactionAnswer, type ReactionAnswer } from './answer.ts'

type Facts = { readonly seen: Seen; readonly harm: Harm; readonly act: Restore; readonly life: ActionLife }
type CopyRead = NonNullable<ActionLife['copyRead']>
type Part = Ruled<ReactionResult>

export function judgeRestore(seen: Seen, harm: Harm): readonly Part[] {
  const act = asRestore(actBy(harm))
  const life = seen.actions.of(harm.name)
  if (act === undefined || life === undefined) return []
  const facts: Facts = { seen, harm, act, life }
  return [...archives(facts), ...restores(facts), ...matches(facts)]
}

const answerOf = ({ harm, act }: Facts, kind: RestoreProof, subject: string, withinMs?: number) =>
  createReactionAnswer(harm, kind, `${subject} of ${act.from}`, withinMs)

/** Time from the named point until the archive held it: the data loss if the database were gone (RPO). */
function archives(facts: Facts): readonly Part[] {
  const { seen, act, life } = facts
  const { 'point-set': set, archived } = life.restore
  const limitMs = act.archivedWithinMs
  if (seen.run.head.target.restores?.[act.from]?.archived === undefined) return []
  const answer = answerOf(facts, 'archives', 'archive', limitMs)
  if (set === undefined) return lost(facts, answer, 'The time at which the point was set was not recorded.')
  const allowed = `${duration(limitMs)} were allowed`
  if (archived !== undefined) {
    const tookMs = archived.at - set.at
    const sentence = `The archive held the point ${duration(tookMs)} after it was set; ${allowed}.`
    const told = { sentence, tookMs, lines: [set.line, archived.line] }
    return [tookMs <= limitMs ? answer.held(told) : answer.broken('archive-late', told)]
  }
  if (life.done !== undefined)
    return lost(facts, answer, 'The time at which the archive held the point was not recorded.')
  const triedMs = endedAt(facts) - set.at
  const sentence = `The archive did not hold the point ${duration(triedMs)} after it was set; ${allowed}.`
  if (triedMs > limitMs) return [answer.broken('archive-late', { sentence, lines: [set.line] })]
  return [
    answer.unknown('The archive was not watched long enough to know whether it would hold the point in time.', [
      set.line,
    ]),
  ]
}

/** Time from the request until the copy could be read (RTO). */
function restores(facts: Facts): readonly Part[] {
  const { act, life } = facts
  const { 'copy-asked': asked, 'copy-ready': ready } = life.restore
  const answer = answerOf(facts, 'restores', 'copy', act.withinMs)
  if (asked === undefined) return lost(facts, answer, 'The request for the copy was not recorded.')
  if (life.copyFailed !== undefined) {
    const sentence = `No copy could be restored: ${life.copyFailed.problem}`
    return [answer.broken('backup-not-restorable', { sentence, lines: [asked.line, life.copyFailed.line] })]
  }
  if (ready === undefined && life.done !== undefined)
    return lost(facts, answer, 'The time at which the copy could be read was not recorded.')
  const tookMs = (ready?.at ?? endedAt(facts)) - asked.at
  const allowed = `${duration(act.withinMs)} were allowed`
  if (tookMs > act.withinMs) {
    const sentence =
      ready === undefined
        ? `The copy could not be read ${duration(tookMs)} after it was requested; ${allowed}.`
        : `The copy could be read ${duration(tookMs)} after it was requested; ${allowed}.`
    return [answer.broken('restore-slow', { sentence, tookMs, lines: [asked.line, ready?.line] })]
  }
  if (ready === undefined) return [answer.unknown('The copy was not seen ready.', [asked.line])]
  const sentence = `The copy could be read ${duration(tookMs)} after it was requested; ${allowed}.`
  return [answer.held({ sentence, tookMs, lines: [asked.line, ready.line] })]
}

/** The restore is watched until its healing or the end of the run. */
const endedAt = ({ seen, life }: Facts): number =>
  Math.min(seen.run.seenUntil, life.healRequested?.at ?? Number.POSITIVE_INFINITY)

function matches(facts: Facts): readonly Part[] {
  const { life } = facts
  const read = life.copyRead
  const answer = answerOf(facts, 'matches', 'book')
  if (read === undefined) {
    const ready = life.restore['copy-ready']
    const why = life.problem === undefined ? '' : `: ${life.problem.text}`
    if (ready === undefined) return lost(facts, answer, 'The book of the copy was not recorded.')
    return [answer.unknown(`The book of the copy was not read${why}.`, [ready.line])]
  }
  const told = (sentence: string) => ({ sentence, lines: [life.restore['point-asked']?.line, read.line] })
  const missing = [...differences(read), ...tooFew(facts, read)]
  const later = beyond(read)
  const parts: Part[] = []
  if (missing.length > 0)
    parts.push(
      answer.broken(
        'restore-incomplete',
        told(`The book of the copy differs from that of the point: ${listed(missing)}.`),
      ),
    )
  if (later.length > 0)
    parts.push(
      answer.broken('restore-beyond-point', told(`The copy holds operations from after the point: ${listed(later)}.`)),
    )
  if ((read.imbalanceCents ?? 0) !== 0)
    parts.push(
      answer.broken('ledger-unbalanced', told(`The copy does not balance, by ${money(read.imbalanceCents ?? 0)}.`)),
    )
  if (parts.length > 0) return parts
  if (read.live.every(({ cells }) => (cells[0]?.count ?? 0) === 0))
    return [answer.unknown('Nothing was booked before the point, so the copy proves nothing.', [read.line])]
  if (life.restore['point-set'] !== undefined && life.restore['point-asked'] === undefined)
    return [
      answer.unknown('The operations that the client had seen acknowledged at the point were not recorded.', [
        read.line,
      ]),
    ]
  return [answer.held(told(heldSentence(read)))]
}

/** A restore that is done has passed all steps, so a step without a record is lost evidence. */
const lost = ({ life: { done } }: Facts, answer: ReactionAnswer, why: string): readonly Part[] =>
  done === undefined ? [] : [answer.unknown(why, [done.line])]

function heldSentence(read: CopyRead): string {
  const old = listed(read.live.map(({ operation, cells }) => count(cells[0]?.count ?? 0, operation)))
  const near = read.live.reduce((sum, { cells }) => sum + countOf(cells.slice(1, -1)), 0)
  const margin = duration(COMMIT_MARGIN_MS + CLOCK_MARGIN_MS)
  return `The copy holds the same ${old} as the live database, compared by digests of their keys, and none from after the point; the ${near} booked in the ${margin} around it are compared by number.`
}

const NONE: CutCell = { count: 0, amountCents: 0, digestLow: 0, digestHigh: 0 }
const countOf = (cells: readonly CutCell[]): number => cells.reduce((sum, each) => sum + each.count, 0)
const cellsOf = (all: readonly CutCells[], operation: string): readonly CutCell[] =>
  all.find((each) => each.operation === operation)?.cells ?? []
const operationsOf = ({ live, copy }: CopyRead): readonly string[] =>
  [...new Set([...live, ...copy].map(({ operation }) => operation))].sort()

/** Booked before the point: the copy must have the same keys with the same amounts. Booked around it: at most as many as the live book. */
function differences(read: CopyRead): readonly string[] {
  return operationsOf(read).flatMap((operation) => {
    const [live, copy] = [cellsOf(read.live, operation), cellsOf(read.copy, operation)]
    const [had = NONE, has = NONE] = [live[0], copy[0]]
    const more = live.slice(1, -1).some((each, index) => (copy[index + 1]?.count ?? 0) > each.count)
    if (has.count < had.count)
      return [`${count(had.count - has.count, operation)} (${money(had.amountCents - has.amountCents)}) missing`]
    if (has.count > had.count || more) return [`more of ${operation} than the live database has`]
    const isSame =
      has.amountCents === had.amountCents && has.digestLow === had.digestLow && has.digestHigh === had.digestHigh
    return isSame ? [] : [`other keys or amounts of ${operation}`]
  })
}

/** The copy must have at least what the client had seen acknowledged when the point was requested. */
function tooFew({ seen, harm }: Facts, read: CopyRead): readonly string[] {
  const acknowledged = seen.points.of(harm.name) ?? new Map<string, number>()
  return operationsOf(read).flatMap((operation) => {
    const [least, has] = [acknowledged.get(operation) ?? 0, countOf(cellsOf(read.copy, operation))]
    return has >= least ? [] : [`${count(least - has, operation)} fewer than the client had seen acknowledged`]
  })
}

const beyond = (read: CopyRead): readonly string[] =>
  read.copy.flatMap(({ operation, cells }) => {
    const later = cells.at(-1)?.count ?? 0
    return later === 0 ? [] : [count(later, operation)]
  })
