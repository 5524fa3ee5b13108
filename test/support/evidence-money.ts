/** Money in made-up evidence: keys by number, with digests that add up as real ones do. */
import type { BookLine, BookRead, Evidence, KeysRead } from '../../src/domain/evidence.ts'
import { instant } from '../../src/domain/units.ts'
import { RUN, ZERO } from './evidence-rehearsal.ts'
import type { Story } from './evidence-story.ts'

export type Operation = 'deposit' | 'bet'
/** Numbers of the keys that each book holds; a number twice is a key booked twice. */
export type BookKeys = Record<string, Record<Operation, number[]>>

export const keyOf = (operation: Operation, n: number): string => `${RUN}.${operation}.${n}`
export const amountOf = (n: number): number => 1000 + (n % 7) * 250
/** Stands for the two halves of md5(key): Knuth's multiplicative hash spreads well enough over 256 buckets. */
export const digestOf = (operation: Operation, n: number) => ({
  low: Math.imul(n + 1, 2654435761) >>> 0,
  high: Math.imul(n + (operation === 'bet' ? 77 : 33), 2246822519) >>> 0,
})

export function sumsOf(operation: Operation, keys: readonly number[]) {
  let [amountCents, low, high] = [0, 0, 0]
  for (const n of keys) {
    amountCents += amountOf(n)
    low += digestOf(operation, n).low
    high += digestOf(operation, n).high
  }
  return { count: keys.length, amountCents, low, high }
}

/** Sums of the keys from 0 up to but without `count`; asked for each second, so remembered. */
export function sumsUpTo(operation: Operation, count: number) {
  const known = upTo[operation]
  while (known.length <= count) {
    const n = known.length - 1
    const last = known[n] ?? { count: 0, amountCents: 0, low: 0, high: 0 }
    const { low, high } = digestOf(operation, n)
    known.push({
      count: n + 1,
      amountCents: last.amountCents + amountOf(n),
      low: last.low + low,
      high: last.high + high,
    })
  }
  return known[count] ?? sumsOf(operation, [])
}
const upTo: Record<Operation, { count: number; amountCents: number; low: number; high: number }[]> = {
  deposit: [{ count: 0, amountCents: 0, low: 0, high: 0 }],
  bet: [{ count: 0, amountCents: 0, low: 0, high: 0 }],
}

export function bookRead(book: string, keys: Record<Operation, number[]>, at: number): BookRead {
  const operations = (['deposit', 'bet'] as const).filter((operation) => keys[operation].length > 0)
  return {
    kind: 'book-read',
    at: instant(at),
    book,
    settled: true,
    pending: { outbox: 0 },
    entries: operations.map((operation) => lineOf(operation, keys[operation])),
    ...(book === 'wallet' ? { imbalanceCents: 0 } : {}),
    final: true,
  }
}

function lineOf(operation: Operation, keys: readonly number[]): BookLine {
  const buckets = Map.groupBy(keys, (n) => digestOf(operation, n).low >>> 24)
  const twice = [...Map.groupBy(keys, (n) => n)].filter(([, all]) => all.length > 1).map(([n]) => n)
  return {
    operation,
    ...sumsOf(operation, keys),
    duplicates: twice.length,
    duplicateKeys: twice.map((n) => keyOf(operation, n)),
    buckets: [...buckets]
      .map(([bucket, inside]) => ({ bucket, ...sumsOf(operation, inside) }))
      .sort((a, b) => a.bucket - b.bucket),
  }
}

export function keysRead(
  book: string,
  operation: Operation,
  asked: readonly number[],
  held: readonly number[],
  at: number,
): KeysRead {
  const committed = asked.flatMap((n) => {
    const times = held.filter((each) => each === n).length
    if (times === 0) return []
    return [{ key: keyOf(operation, n), amountCents: amountOf(n) * times, times, ...digestOf(operation, n) }]
  })
  return { kind: 'keys-read', at: instant(at), book, operation, asked: asked.length, committed }
}

export const range = (from: number, to: number) => Array.from({ length: Math.max(0, to - from) }, (_, i) => from + i)

/** Acknowledged keys are numbered from 0; unknown ones from a million. */
export const unknownNumbers = (count: number): number[] => range(1_000_000, 1_000_000 + count)

/** The books after the load: each holds what the client saw acknowledged, and the unknown keys that are committed. */
export function bookRecords(story: Story, acknowledged: Record<Operation, number>): Evidence[] {
  const at = ZERO + (story.lasts + 6) * 1000
  const committed = (operation: Operation) => [
    ...range(0, acknowledged[operation]),
    ...unknownNumbers(story.unknown[operation].committed),
  ]
  const deposits = committed('deposit')
  const throughB = (n: number) => n % 5 === 0
  const books: BookKeys = {
    wallet: { deposit: [...deposits], bet: committed('bet') },
    'psp-a': { deposit: deposits.filter((n) => !throughB(n)), bet: [] },
    'psp-b': { deposit: deposits.filter(throughB), bet: [] },
    'game-provider': { deposit: [], bet: committed('bet') },
  }
  story.books(books)
  return Object.entries(books).flatMap(([book, keys]): Evidence[] => [
    bookRead(book, keys, at),
    ...(['deposit', 'bet'] as const).flatMap((operation) => {
      const asked = unknownNumbers(story.unknown[operation].asked)
      return asked.length === 0 ? [] : [keysRead(book, operation, asked, keys[operation], at + 100)]
    }),
  ])
}
