/** Sums over sets of keys: equal count, amount and both digests mean equal sets, but for a collision of 64 bits. */
import type { BookLine, KeysRead, OperationCounts } from '../../domain/evidence.ts'

export type Sums = { readonly count: number; readonly amountCents: number; readonly low: number; readonly high: number }

export const noSums: Sums = { count: 0, amountCents: 0, low: 0, high: 0 }

export const plus = (a: Sums, b: Sums): Sums => ({
  count: a.count + b.count,
  amountCents: a.amountCents + b.amountCents,
  low: a.low + b.low,
  high: a.high + b.high,
})

export const minus = (a: Sums, b: Sums): Sums => ({
  count: a.count - b.count,
  amountCents: a.amountCents - b.amountCents,
  low: a.low - b.low,
  high: a.high - b.high,
})

export const same = (a: Sums, b: Sums): boolean =>
  a.count === b.count && a.amountCents === b.amountCents && a.low === b.low && a.high === b.high

export const ofClient = (counts: OperationCounts): Sums => ({
  count: counts.acknowledged,
  amountCents: counts.amountCents,
  low: counts.digestLow,
  high: counts.digestHigh,
})

export const ofBook = ({ count, amountCents, low, high }: BookLine): Sums => ({ count, amountCents, low, high })

/** Of asked keys that a book holds: a key that is booked twice counts twice, as in the book's own sums. */
export const ofKeys = (committed: KeysRead['committed']): Sums =>
  committed.reduce<Sums>(
    (sum, { amountCents, times, low, high }) =>
      plus(sum, { count: times, amountCents, low: low * times, high: high * times }),
    noSums,
  )

/** Buckets in which two sides differ, by number. */
export function differingBuckets(a: readonly BookLine[], b: readonly BookLine[]): readonly number[] {
  const [left, right] = [bucketSums(a), bucketSums(b)]
  const numbers = new Set([...left.keys(), ...right.keys()])
  return [...numbers].filter((n) => !same(left.get(n) ?? noSums, right.get(n) ?? noSums)).sort((x, y) => x - y)
}

function bucketSums(lines: readonly BookLine[]): ReadonlyMap<number, Sums> {
  const sums = new Map<number, Sums>()
  for (const { bucket, count, amountCents, low, high } of lines.flatMap((line) => line.buckets)) {
    sums.set(bucket, plus(sums.get(bucket) ?? noSums, { count, amountCents, low, high }))
  }
  return sums
}
