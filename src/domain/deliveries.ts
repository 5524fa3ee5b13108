/**
 * Messages that the platform pushes to clients, counted on both sides: the book reports which key was due to whom and when, and the client reports
 * what it received. Both group keys into slices by the platform's timestamp and add up their digests. Equal sums mean equal keys (ADR 0051).
 */

/** Keys of one slice. `low` and `high` are sums of the two halves of their digests, as in books. */
export type DeliveryCell = {
  /** Begin of the slice on the platform's clock, in epoch ms; a multiple of the slice. */
  readonly fromAt: number
  readonly count: number
  readonly low: number
  readonly high: number
}

/** What the client received. `latestMs`: the longest time from the platform's timestamp of a key until the client had it. */
export type ReceivedCell = DeliveryCell & { readonly latestMs: number }

/** Short, so that most keys can be judged when a socket is replaced. Long enough to keep the number of slices small. */
export const SLICE_MS = 2000

/** One client that was watched: its place, for whom it listens, and when it could be reached. */
export type Receipts = {
  readonly stream: string
  readonly receiver: string
  /** Which instance of the load generator reports it, of how many, and how many clients this instance watched. */
  readonly part: number
  readonly parts: number
  readonly watched: number
  /** From the first until the last message from the platform, on the generator's clock. */
  readonly open: readonly (readonly [fromAt: number, toAt: number])[]
  readonly cells: readonly ReceivedCell[]
  /** Keys that came again over the same connection. */
  readonly again: number
}
