/**
 * What a cutover did to writes and reads. From the clients: the time without a good write (RTO), and how fast the first reads were. From the books of both
 * regions: whether writes went on during the freeze, and whether the new region has all that was booked before the promotion (RPO).
 */
import type { CutCell, CutCells } from '../../domain/restore.ts'
import { money } from '../../domain/show.ts'
import { count, duration, listed } from '../findings/words.ts'
import { rowsWithin } from '../load/rows.ts'
import { countRows } from '../load/windows.ts'
import type { Row } from '../seen/load-counts.ts'
import { type CutoverFacts, type CutoverPart, cutoverAnswer } from './cutover.ts'

/** From the last frame with a good write before the freeze was proven, to the first one after the thaw began. Frames are a second long. */
export function writesOf(facts: CutoverFacts): readonly CutoverPart[] {
  const { seen, act, life, endAt, harm } = facts
  const [frozen, thawing] = [life.proven.freeze, life.begun.thaw]
  if (frozen === undefined) return []
  const answer = cutoverAnswer(facts, 'cutover-rto', `${act.writes} (RTO)`, act.rtoMs)
  const good = seen.load.rows(act.writes).filter((row) => row.good > 0)
  const last = good.findLast((row) => row.fromAt < frozen.at)
  if (last === undefined)
    return [answer.unknown(`${act.writes}: no good write was reported before the freeze.`, [frozen.line])]
  // A cutover that was taken back thaws the old region, also when the end of the run took it back.
  const isTakenBack = life.stopped !== undefined || seen.actions.of(harm.name)?.healRequested !== undefined
  const againAt = thawing?.at ?? (isTakenBack ? endAt : undefined)
  const first = againAt === undefined ? undefined : good.find((row) => row.at > againAt)
  const untilAt = first?.at ?? seen.run.loadEndedAt ?? seen.run.seenUntil
  const tookMs = Math.max(0, untilAt - last.at)
  const allowed = `${duration(act.rtoMs)} were allowed`
  const lines = [last.line, frozen.line, thawing?.line, first?.line]
  if (first === undefined && tookMs <= act.rtoMs)
    return [answer.unknown(`${act.writes}: no good write was reported after the thaw.`, lines)]
  const sentence =
    first === undefined
      ? `${act.writes} was not good again ${duration(tookMs)} after the last good write; ${allowed}.`
      : `${act.writes} was good again ${duration(tookMs)} after the last good write, to the second; ${allowed}.`
  const told = { sentence, tookMs, lines }
  return [tookMs <= act.rtoMs ? answer.held(told) : answer.broken('cutover-slow', told)]
}

/** The cells of a book: before the freeze was proven, until nothing was under way, and after that. */
export function booksOf(facts: CutoverFacts): readonly CutoverPart[] {
  return [...leaks(facts), ...losses(facts)]
}

/** After the drain, the old book grows no more, and holds nothing that was booked later. */
function leaks(facts: CutoverFacts): readonly CutoverPart[] {
  const { life, place } = facts
  const { 'old-drained': drained, 'old-before': before, 'old-after': after } = life.books
  const frozen = life.proven.freeze
  if (frozen === undefined || place.book === undefined) return []
  const answer = cutoverAnswer(facts, 'freeze-holds', `freeze of ${place.from.name}`)
  const lines = [frozen.line, drained?.line, before?.line, after?.line]
  const readings = [before, after].flatMap((each) => (each === undefined ? [] : [each.cells]))
  const leaked = readings.flatMap((cells) => [...lateIn(cells), ...(drained ? grown(drained.cells, cells) : [])])
  const most = new Map<string, CutCell>()
  for (const { operation, cell } of leaked)
    if (cell.count > (most.get(operation)?.count ?? 0)) most.set(operation, cell)
  if (most.size > 0) {
    const what = listed(
      [...most].map(([operation, cell]) => `${count(cell.count, operation)} (${money(cell.amountCents)})`),
    )
    const sentence = `${place.from.name} booked ${what} although its writes were frozen.`
    return [answer.broken('freeze-leaked', { sentence, lines })]
  }
  if (drained === undefined || before === undefined)
    return [
      answer.unknown(`The book of ${place.from.name} was not read twice during the freeze${whyUnread(life)}.`, lines),
    ]
  return [answer.held({ sentence: `${place.from.name} booked nothing after its writes had drained.`, lines })]
}

const whyUnread = ({ unread }: CutoverFacts['life']): string => (unread === undefined ? '' : ` (${unread.problem})`)

type Leaked = { readonly operation: string; readonly cell: CutCell }

const lateIn = (cells: readonly CutCells[]): readonly Leaked[] =>
  cells.flatMap(({ operation, cells: all }) => {
    const cell = all.at(-1)
    return cell === undefined || cell.count === 0 ? [] : [{ operation, cell }]
  })

const grown = (first: readonly CutCells[], then: readonly CutCells[]): readonly Leaked[] =>
  then.flatMap(({ operation, cells }) => {
    const [was, is] = [totalOf(first.find((each) => each.operation === operation)?.cells ?? []), totalOf(cells)]
    if (is.count <= was.count) return []
    return [
      { operation, cell: { ...NONE, count: is.count - was.count, amountCents: is.amountCents - was.amountCents } },
    ]
  })

/** Nothing is written between the reading of the old book and the promotion, so both books must be equal. */
function losses(facts: CutoverFacts): readonly CutoverPart[] {
  const { life, place } = facts
  const { 'old-before': old, new: fresh } = life.books
  const promoted = life.proven.promote
  if (promoted === undefined || place.book === undefined) return []
  const answer = cutoverAnswer(facts, 'cutover-rpo', `${place.book.book} (RPO)`)
  const lines = [old?.line, promoted.line, fresh?.line]
  if (old === undefined || fresh === undefined)
    return [
      answer.unknown(
        `The books of both regions were not read before the thaw, so that the RPO is not known${whyUnread(life)}.`,
        lines,
      ),
    ]
  const missing = missingIn(old.cells, fresh.cells)
  if (missing.length > 0) {
    const sentence = `${place.to.name} lacks ${listed(missing)} that ${place.from.name} had booked before the promotion.`
    return [answer.broken('promoted-before-caught-up', { sentence, lines })]
  }
  const fewer = fewerThanAcknowledged(facts, fresh.cells)
  if (fewer.length > 0) {
    const sentence = `${place.to.name} has ${listed(fewer)} than clients had seen acknowledged.`
    return [answer.broken('cutover-lost-writes', { sentence, lines })]
  }
  const booked = listed(old.cells.map(({ operation, cells }) => count(totalOf(cells).count, operation)))
  if (old.cells.every(({ cells }) => totalOf(cells).count === 0))
    return [answer.unknown('Nothing was booked before the promotion, so that the RPO is not known.', lines)]
  const sentence = `${place.to.name} has the same ${booked} as ${place.from.name}, compared by digests of their keys (RPO 0).`
  return [answer.held({ sentence, lines })]
}

const NONE: CutCell = { count: 0, amountCents: 0, digestLow: 0, digestHigh: 0 }
/** Digests are sums, and differ in any cell if they differ at all. */
const totalOf = (cells: readonly CutCell[]): CutCell =>
  cells.reduce(
    (sum, each) => ({
      count: sum.count + each.count,
      amountCents: sum.amountCents + each.amountCents,
      digestLow: sum.digestLow + each.digestLow,
      digestHigh: sum.digestHigh + each.digestHigh,
    }),
    NONE,
  )

function missingIn(old: readonly CutCells[], fresh: readonly CutCells[]): readonly string[] {
  const names = [...new Set([...old, ...fresh].map(({ operation }) => operation))].sort()
  const cellsOf = (all: readonly CutCells[], name: string) =>
    all.find(({ operation }) => operation === name)?.cells ?? []
  return names.flatMap((operation) => {
    const [had, has] = [cellsOf(old, operation), cellsOf(fresh, operation)]
    const lost = totalOf(had).count - totalOf(has).count
    if (lost > 0) return [`${count(lost, operation)} (${money(totalOf(had).amountCents - totalOf(has).amountCents)})`]
    return had.every((cell, index) => isSame(cell, has[index] ?? NONE)) ? [] : [`keys or amounts of ${operation}`]
  })
}

const isSame = (one: CutCell, other: CutCell): boolean =>
  one.count === other.count &&
  one.amountCents === other.amountCents &&
  one.digestLow === other.digestLow &&
  one.digestHigh === other.digestHigh

/** What clients had seen acknowledged when the book of the new region was read. */
function fewerThanAcknowledged({ seen, harm }: CutoverFacts, fresh: readonly CutCells[]): readonly string[] {
  const acknowledged = seen.points.of(harm.name) ?? new Map<string, number>()
  return fresh.flatMap(({ operation, cells }) => {
    const lost = (acknowledged.get(operation) ?? 0) - totalOf(cells).count
    return lost > 0 ? [`${count(lost, operation)} fewer`] : []
  })
}

/** Reads are compared over so long a time. */
const READS_MS = 10_000
/** With fewer good responses, 5 % of them are chance. */
const READS_LEAST = 100

/** Right after the thaw, before the freeze, and after that: only a time that passes by itself shows a cold cache. */
export function readsOf(facts: CutoverFacts): readonly CutoverPart[] {
  const { seen, act, life } = facts
  const [frozen, thawed] = [life.begun.freeze, life.proven.thaw]
  if (act.reads === undefined || frozen === undefined || thawed === undefined) return []
  const { sli, withinMs } = act.reads
  const answer = cutoverAnswer(facts, 'warm-after-thaw', `${sli} after the thaw`, withinMs)
  const rows = seen.load.rows(sli)
  const endsAt = seen.run.loadEndedAt ?? seen.run.seenUntil
  const [was, is, will] = [
    p95(rowsWithin(rows, frozen.at - READS_MS, frozen.at)),
    p95(rowsWithin(rows, thawed.at, thawed.at + READS_MS)),
    p95(rowsWithin(rows, Math.max(thawed.at + READS_MS, endsAt - READS_MS), endsAt)),
  ]
  const lines = [frozen.line, thawed.line]
  if (was === undefined || is === undefined)
    return [
      answer.unknown(`${sli}: fewer than ${READS_LEAST} good responses before the freeze or after the thaw.`, lines),
    ]
  const sentence = `p95 of ${sli} was ${duration(is)} in the ${duration(READS_MS)} after the thaw, and ${duration(was)} before the freeze; ${duration(withinMs)} were allowed.`
  const told = { sentence, tookMs: is, lines }
  if (is <= withinMs) return [answer.held(told)]
  if (was > withinMs) return [answer.unknown(`${sentence} It was too slow before the cutover as well.`, lines)]
  if (will === undefined)
    return [answer.unknown(`${sentence} It is not known whether it became faster by itself.`, lines)]
  // A region that stays slow has another cause, and a latency objective shows it.
  if (will > withinMs) return [answer.unknown(`${sentence} It stayed slow, so this was not the cache alone.`, lines)]
  return [answer.broken('cold-cache', { ...told, sentence: `${sentence} It was ${duration(will)} at the end.` })]
}

function p95(rows: readonly Row[]): number | undefined {
  const { good, quantileMs } = countRows(rows, 0, 0.95)
  return good < READS_LEAST ? undefined : quantileMs
}
