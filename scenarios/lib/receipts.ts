/**
 * Receipts of pushed messages. Each watched seat counts the keys that it receives by the platform's timestamp, and records when it was connected. At
 * the end each seat logs one line. matchday compares these lines with the book that lists what was due.
 */
import crypto from 'k6/crypto'
import { type ReceivedCell, SLICE_MS } from '../../src/domain/deliveries.ts'
import { digestOf } from '../../src/wire/books.ts'
import { RECEIPTS_MARK } from '../../src/wire/load-plan.ts'

/** Seats of all VUs that are watched: enough to notice one loss in some hundreds, few enough for any population. */
export const WATCHED_SEATS = 200

/** The key of a pushed message and the platform's timestamp (epoch ms). Undefined for other messages. */
export type ReceiptOf = (message: string) => { readonly key: string; readonly at: number } | undefined

export type Watch = {
  /** A message over a connection; `seen` holds the keys that came over it. */
  heard(message: string, receivedAt: number, seen: Set<string>): void
  /** A connection has ended. The times are those of the first and the last message from the platform. */
  covered(fromAt: number, toAt: number): void
  tell(stream: string, place: { readonly part: number; readonly parts: number; readonly watched: number }): void
}

export function createWatch(receiver: string, receiptOf: ReceiptOf): Watch {
  const cells = new Map<number, ReceivedCell>()
  const open: (readonly [number, number])[] = []
  const known = new Set<string>()
  let again = 0
  return {
    heard: (message, receivedAt, seen) => {
      const receipt = receiptOf(message)
      if (receipt === undefined) return
      const { key, at } = receipt
      if (seen.has(key)) again++
      seen.add(key)
      // After a reconnect a key may arrive a second time, because its sender could not know that it had arrived.
      if (known.has(key)) return
      known.add(key)
      const { low, high } = digestOf(crypto.md5(key, 'hex'))
      const fromAt = Math.floor(at / SLICE_MS) * SLICE_MS
      const cell = cells.get(fromAt) ?? { fromAt, count: 0, low: 0, high: 0, latestMs: 0 }
      cells.set(fromAt, {
        fromAt,
        count: cell.count + 1,
        low: cell.low + low,
        high: cell.high + high,
        latestMs: Math.max(cell.latestMs, receivedAt - at),
      })
    },
    covered: (fromAt, toAt) => {
      if (toAt > fromAt) open.push([fromAt, toAt])
    },
    tell: (stream, place) =>
      console.log(
        `${RECEIPTS_MARK} ${JSON.stringify({ stream, receiver, ...place, open, cells: [...cells.values()], again })}`,
      ),
  }
}
