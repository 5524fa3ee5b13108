/**
 * What the platform pushes to clients by itself, counted on both sides: a book says for whom each key was due and when, and a client says what came.
 * Both count by the time that the platform gives the key, in slices, and by the digest of the key. Equal sums mean equal keys (ADR 0051).
 */

/** Keys of one slice. `low` and `high` are sums of the two halves of their digests, as in books. */
export type DeliveryCell = {
  /** Begin of the slice on the platform's clock, in epoch ms; a multiple of the slice. */
  readonly fromAt: number
  readonly count: number
  readonly low: number
  readonly high: number
}

/** What came. `latestMs`: the longest time from the platform's time of a key until the client had it. */
export type ReceivedCell = DeliveryCell & { readonly latestMs: number }

/** Short enough that a socket which is replaced leaves most keys judged, long enough to be few. */
export const SLICE_MS = 2000

/** One client that was watched: its place, for whom it listens, and when it could be reached. */
export type Receipts = {
  readonly stream: string
  readonly receiver: string
  /** The part of the load generator that tells it, of so many, and how many clients that part watched. */
  readonly part: number
  readonly parts: number
  readonly watched: number
  /** From when until when it heard the platform, on the generator's clock. */
  readonly open: readonly (readonly [fromAt: number, toAt: number])[]
  readonly cells: readonly ReceivedCell[]
  /** Keys that came again over the same connection. */
  readonly again: number
}
