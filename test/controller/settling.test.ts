import { describe, expect, it } from 'vitest'
import { platformBooks } from '../../src/adapters/ledger/books.ts'
import type { Clock } from '../../src/controller/ports.ts'
import { createRecorder } from '../../src/controller/recorder.ts'
import { settle } from '../../src/controller/settling.ts'
import type { Evidence } from '../../src/domain/evidence.ts'
import { instant, seconds } from '../../src/domain/units.ts'
import { stockPair } from '../files/stock.ts'
import { smallApiServer } from '../support/small-api-server.ts'

/** What a service shows of itself: payouts still under way in it, and those it has booked. */
type Shown = { readonly waiting: number; readonly booked: number; readonly sums?: object }
type Services = (book: string, second: number) => Shown | undefined | Promise<Shown | undefined>

const [WALLET, PSP] = ['wallet', 'psp-a']
const bookOf = ({ waiting, booked, sums }: Shown) => ({
  settled: waiting === 0,
  pending: { outbox: waiting },
  entries: [
    {
      operation: 'payout',
      count: booked,
      amountCents: 0,
      low: 0,
      high: 0,
      duplicates: 0,
      duplicateKeys: [],
      buckets: [],
      ...sums,
    },
  ],
})

/** Keys that the client does not know the outcome of, and which of them a book holds when it is asked. */
type Keys = { readonly unknown: readonly string[]; held(book: string): readonly string[] }
const NONE: Keys = { unknown: [], held: () => [] }
const committedOf = (keys: readonly string[]) => keys.map((key) => ({ key, amountCents: 0, times: 1 }))

/** Settles two books that are what `services` says, on a clock that goes only when it is waited for; gives what was journalled. */
async function settled(services: Services, keys = NONE): Promise<readonly Evidence[]> {
  let second = 0
  const clock: Clock = {
    now: () => instant(second * 1000),
    until: async (at) => {
      second = at / 1000
    },
  }
  const api = await smallApiServer(async ({ method, path }) => {
    const book = /services\/([^:]+):/.exec(path)?.[1] ?? ''
    if (method === 'POST') return { committed: committedOf(keys.held(book)) }
    const shown = await services(book, second)
    return shown && bookOf(shown)
  })
  const { target } = stockPair()
  const two = { ...target, books: target.books.filter(({ book }) => book === WALLET || book === PSP) }
  const records: Evidence[] = []
  const sink = { append: (record: Evidence) => void records.push(record), flush: async () => {} }
  const recorder = createRecorder(
    sink,
    clock,
    () => {},
    () => {},
  )
  const unknown = new Map<string, readonly string[]>(keys.unknown.length > 0 ? [['payout', keys.unknown]] : [])
  await settle({ books: platformBooks(api), clock }, two, 'run-1', unknown, seconds(10), recorder)
  return records
}

/** `second book: booked` of each final reading. */
const finals = (records: readonly Evidence[]) =>
  records
    .flatMap((each) => (each.kind === 'book-read' && each.final ? [each] : []))
    .map(({ at, book, entries }) => `${at / 1000} ${book}: ${entries[0]?.count}`)
    .sort()

describe('books', () => {
  it('without pending work are not final while another book can still change them', async () => {
    // The wallet pays one payout a second; the PSP answers at once, so that it never has anything under way.
    const records = await settled((book, second) => {
      const paid = Math.min(second, 3)
      return book === WALLET ? { waiting: 3 - paid, booked: 3 } : { waiting: 0, booked: paid }
    })
    expect(finals(records)).toEqual(['3 psp-a: 3', '3 wallet: 3'])
  })

  it('are final when all have settled in the same round', async () => {
    // A webhook that comes back makes work for the wallet again when the PSP has just settled.
    const records = await settled((book, second) => {
      const busy = book === WALLET ? second === 1 : second === 0
      return { waiting: busy ? 1 : 0, booked: Math.min(second, 2) }
    })
    expect(finals(records)).toEqual(['2 psp-a: 2', '2 wallet: 2'])
  })

  it('are read until two rounds are equal, because a book may change after it was read', async () => {
    const seen = Promise.withResolvers<void>()
    let reads = 0
    const records = await settled(async (book) => {
      if (book === PSP) {
        const booked = reads++ === 0 ? 0 : 1
        seen.resolve()
        return { waiting: 0, booked }
      }
      // The wallet's last payout leaves it after the PSP was read.
      await seen.promise
      return { waiting: 0, booked: 1 }
    })
    expect(finals(records)).toEqual(['1 psp-a: 1', '1 wallet: 1'])
  })

  it.each(['amountCents', 'low', 'high', 'duplicates'])('are not equal if %s differs', async (sum) => {
    let reads = 0
    const records = await settled((book) => ({
      waiting: 0,
      booked: 1,
      sums: { [sum]: book === PSP && reads++ === 0 ? 3 : 4 },
    }))
    expect(finals(records)).toEqual(['1 psp-a: 1', '1 wallet: 1'])
  })

  it('are read again if one of them has work in the second round, although no sum has changed', async () => {
    let reads = 0
    const records = await settled((book) => ({ waiting: book === WALLET && ++reads === 2 ? 1 : 0, booked: 1 }))
    expect(finals(records)).toEqual(['1 psp-a: 1', '1 wallet: 1'])
  })

  it('agree with their answers about keys, even if an operation is booked after the client has given up', async () => {
    // It is booked between the first two rounds: when the keys are asked for, and after the first look at the books.
    let asked = 0
    const late = 'run-1.payout.7'
    const held = () => {
      asked += 1
      return [late]
    }
    const records = await settled(() => ({ waiting: 0, booked: asked > 0 ? 1 : 0 }), { unknown: [late], held })
    expect(finals(records)).toEqual(['1 psp-a: 1', '1 wallet: 1'])
    const told = records.flatMap((each) => (each.kind === 'keys-read' ? [each] : []))
    expect(told.map(({ book, committed }) => `${book}: ${committed.length}`).sort()).toEqual(['psp-a: 1', 'wallet: 1'])
  })

  it('that never settle are final at the deadline, and a missing one is lost evidence', async () => {
    const records = await settled((book, second) => (book === WALLET ? { waiting: 1, booked: second } : undefined))
    expect(finals(records)).toEqual(['10 wallet: 10'])
    const lost = records.flatMap((each) => (each.kind === 'evidence-lost' ? [`${each.at / 1000} ${each.about}`] : []))
    expect(lost).toEqual(['10 book psp-a'])
  })

  it('are read until the deadline if one of them becomes readable later', async () => {
    const records = await settled((_, second) => (second < 2 ? undefined : { waiting: 0, booked: 1 }))
    expect(finals(records)).toEqual(['2 psp-a: 1', '2 wallet: 1'])
    expect(records.filter((each) => each.kind === 'evidence-lost')).toEqual([])
  })
})
