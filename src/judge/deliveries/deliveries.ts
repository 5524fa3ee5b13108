/**
 * Checks that each pushed key reached every connected client, once and in time. Both sides count by the platform's timestamp of the key, so that
 * their slices can be compared. A slice is judged only if its client received messages over one connection from before the slice began until `within`
 * after its end. Messages of one connection keep their order, so a key that was pushed in time arrived before the last of these messages.
 */
import type { ReceivedCell } from '../../domain/deliveries.ts'
import { SLICE_MS } from '../../domain/deliveries.ts'
import type { Expectation } from '../../domain/rehearsal.ts'
import type { DeliveryResult, Finding } from '../../domain/verdict.ts'
import { finding } from '../findings/findings.ts'
import { allRuled, expectationsOf, type Ruled } from '../findings/ruled.ts'
import { count, duration } from '../findings/words.ts'
import { harmsOf } from '../harm/harm.ts'
import type { Seen } from '../seen/seen.ts'

type Delivered = Extract<Expectation, { kind: 'delivered' }>
type Sums = {
  judged: number
  received: number
  lost: number
  foreign: number
  late: number
  notJudged: number
  latestMs: number
}

/** All servers know a new connection within this time. Clocks of two machines may differ by less. */
const OPENED_MS = 3000
/** Keys that a fault delayed arrive after it ends. */
const AFTER_HARM_MS = 30_000

export const judgeDeliveries = (seen: Seen): Ruled<readonly DeliveryResult[]> =>
  allRuled(expectationsOf(seen, 'delivered').map((each) => judgeOne(seen, each)))

function judgeOne(seen: Seen, expected: Delivered): Ruled<DeliveryResult> {
  const { stream, withinMs } = expected
  const clients = clientsOf(seen, stream)
  const sums = summed(clients.map((each) => sumsOf(seen, expected, each)))
  const again = clients.reduce((sum, { receipts }) => sum + receipts.again, 0)
  const lines = clients.flatMap(({ line, due }) => [line, ...(due === undefined ? [] : [due.line])])
  const { judged, received, lost, late, foreign, notJudged } = sums
  const counts = { judged, received, lost, again, late, notJudged }
  const gaps = gapsOf(seen, expected, clients, sums)
  const say = (cause: 'results-lost' | 'results-duplicated' | 'results-late' | 'unreconciled', sentence: string) =>
    finding('breach', cause, stream, sentence, [...new Set(lines)])
  const of = `${count(judged, 'key')} of ${stream} that were due to ${count(clients.length, 'client')}`
  const findings = [
    ...gaps,
    ...(lost > 0 ? [say('results-lost', `${lost} of ${of} never came, although the client was connected.`)] : []),
    ...(foreign > 0
      ? [say('unreconciled', `${count(foreign, 'key')} of ${stream} reached clients but are not in the book.`)]
      : []),
    ...(again > 0
      ? [say('results-duplicated', `${count(again, 'key')} of ${stream} came again over the same connection.`)]
      : []),
    ...(late > 0
      ? [
          say(
            'results-late',
            `Keys of ${stream} came later than ${duration(withinMs)} after their booking in ${count(late, 'slice')}; the latest after ${duration(sums.latestMs)}.`,
          ),
        ]
      : []),
  ]
  return { result: { stream, withinMs, clients: clients.length, ...counts, held: findings.length === 0 }, findings }
}

type Client = ReturnType<typeof clientsOf>[number]

const clientsOf = (seen: Seen, stream: string) =>
  seen.deliveries
    .told(stream)
    .map(({ receipts, line }) => ({ receipts, line, due: seen.deliveries.due(stream, receipts.receiver) }))

/** Clients that reported nothing, and clients that are missing in the answer of the book, are not judged. */
function gapsOf(seen: Seen, { stream }: Delivered, clients: readonly Client[], sums: Sums): readonly Finding[] {
  const gap = (sentence: string) => [
    finding('gap', 'no-evidence', stream, sentence, [seen.run.headLine, ...seen.run.loadLines]),
  ]
  if (clients.length === 0) return gap(`No client reported what it received of ${stream}.`)
  const silent = missing(clients)
  if (silent > 0)
    return gap(`${count(silent, 'client')} that were watched did not report what they received of ${stream}.`)
  const unknown = clients.filter(({ due }) => due === undefined).length
  if (unknown > 0) return gap(`What was due to ${count(unknown, 'client')} of ${stream} could not be read.`)
  if (sums.judged === 0)
    return gap(
      `No key of ${stream} could be judged: ${sums.notJudged === 0 ? 'none was due to a client that was watched' : `${count(sums.notJudged, 'key')} were due while the client was not connected for long enough`}.`,
    )
  return []
}

/** Each instance of the generator reports how many clients it watched, and how many instances there are. */
function missing(clients: readonly Client[]): number {
  const [first] = clients
  const byPart = Map.groupBy(clients, ({ receipts }) => receipts.part)
  const short = [...byPart.values()].reduce(
    (sum, those) => sum + Math.max(0, (those[0]?.receipts.watched ?? 0) - those.length),
    0,
  )
  return short + Math.max(0, (first?.receipts.parts ?? 0) - byPart.size)
}

function sumsOf(seen: Seen, { withinMs }: Delivered, { receipts, due }: Client): Sums {
  const sums = nothing()
  const came = new Map(receipts.cells.map((cell) => [cell.fromAt, cell]))
  for (const cell of due?.cells ?? []) {
    const got = came.get(cell.fromAt)
    const isJudged = receipts.open.some(
      ([fromAt, toAt]) => fromAt + OPENED_MS <= cell.fromAt && toAt >= cell.fromAt + SLICE_MS + withinMs,
    )
    if (!isJudged) {
      sums.notJudged += cell.count
      continue
    }
    const received = Math.min(cell.count, got?.count ?? 0)
    sums.judged += cell.count
    sums.received += received
    sums.lost += cell.count - received
    // The number of keys matches, but the keys differ.
    if (got?.count === cell.count && (got.low !== cell.low || got.high !== cell.high)) sums.lost += 1
  }
  if (due !== undefined) sums.foreign = foreignIn(receipts.cells, due.cells)
  for (const cell of receipts.cells) {
    sums.latestMs = Math.max(sums.latestMs, cell.latestMs)
    if (cell.latestMs > withinMs && !isHeldUp(seen, cell, withinMs)) sums.late += 1
  }
  return sums
}

/** Received by a client but not in the book: the client has more keys in a slice than the book. */
function foreignIn(came: readonly ReceivedCell[], due: readonly { fromAt: number; count: number }[]): number {
  const dueOf = new Map(due.map((cell) => [cell.fromAt, cell.count]))
  return came.reduce((sum, cell) => sum + Math.max(0, cell.count - (dueOf.get(cell.fromAt) ?? 0)), 0)
}

/** Booked during a harm, or so close to it that the delivery had to wait. */
const isHeldUp = (seen: Seen, { fromAt }: ReceivedCell, withinMs: number): boolean =>
  harmsOf(seen).some(
    (harm) => fromAt + SLICE_MS + withinMs >= harm.createdAt && fromAt <= (harm.healedAt ?? harm.endAt) + AFTER_HARM_MS,
  )

const nothing = (): Sums => ({ judged: 0, received: 0, lost: 0, foreign: 0, late: 0, notJudged: 0, latestMs: 0 })

function summed(all: readonly Sums[]): Sums {
  const total = nothing()
  for (const each of all) {
    for (const field of ['judged', 'received', 'lost', 'foreign', 'late', 'notJudged'] as const)
      total[field] += each[field]
    total.latestMs = Math.max(total.latestMs, each.latestMs)
  }
  return total
}
