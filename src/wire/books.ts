/**
 * The shape in which every service that holds money shows its books, and the digest that compares books without transferring millions of keys. Equal
 * count, amount and digest sums mean equal sets of keys, except for a 64-bit collision.
 */

/** Sums of the two halves of md5(key): `low` of its first 8 hex digits, `high` of the next 8, each an unsigned 32-bit number. */
export type KeyDigest = { readonly low: number; readonly high: number }

/** One bucket of keys (bucket number = first byte of md5(key)); sums are exact below 2^53. */
export type BookBucket = {
  readonly bucket: number
  readonly count: number
  readonly amountCents: number
  readonly low: number
  readonly high: number
}

/** What a book holds for one operation of one run. `buckets` lists only buckets that are not empty. */
export type BookEntry = {
  readonly operation: 'deposit' | 'bet' | 'settlement' | 'payout'
  readonly count: number
  readonly amountCents: number
  readonly low: number
  readonly high: number
  /** Keys booked more than once (must be 0), with up to 20 examples. */
  readonly duplicates: number
  readonly duplicateKeys: readonly string[]
  readonly buckets: readonly BookBucket[]
}

/** Answer to `GET /books?run=`. A book is settled when none of the run's operations is pending in it. */
export type Book = {
  readonly book: string
  readonly run: string
  readonly settled: boolean
  /** Pending work by name (outbox rows, unknown charges, undelivered webhooks). */
  readonly pending: Readonly<Record<string, number>>
  readonly entries: readonly BookEntry[]
  /** Double-entry check of the whole book, if it has one: debits minus credits in cents, 0 when balanced. */
  readonly imbalanceCents?: number
}

/** Answer to `POST /books/keys`: the requested keys that are committed. */
export type CommittedKeys = {
  readonly book: string
  readonly committed: readonly { readonly key: string; readonly amountCents: number; readonly times: number }[]
}

/**
 * Answer to `POST /books/deliveries` with `run`, `operation`, `receivers` and `sliceMs`: the keys of that operation by receiver and by the time at which they
 * were booked, in slices that begin at multiples of `sliceMs`.
 */
export type Deliveries = {
  readonly book: string
  readonly receivers: readonly {
    readonly receiver: string
    readonly cells: readonly {
      readonly fromAt: number
      readonly count: number
      readonly low: number
      readonly high: number
    }[]
  }[]
}

/**
 * Answer to `POST /books/cut` with `run` and `cuts`: everything that was ever booked of the run, in cells by the time at which it was booked. `cuts` are
 * ascending moments in ms; cell 0 is before the first, the last cell from the last one on.
 */
export type CutBook = {
  readonly book: string
  readonly operations: readonly {
    readonly operation: string
    readonly cells: readonly {
      readonly count: number
      readonly amountCents: number
      readonly low: number
      readonly high: number
    }[]
  }[]
}

/** The idempotency key of the n-th operation of a run. */
export const operationKey = (run: string, operation: string, n: number): string => `${run}.${operation}.${n}`

/** Digest of a key from its md5 in hex. */
export function digestOf(md5Hex: string): KeyDigest & { bucket: number } {
  const low = Number.parseInt(md5Hex.slice(0, 8), 16)
  return { low, high: Number.parseInt(md5Hex.slice(8, 16), 16), bucket: low >>> 24 }
}
