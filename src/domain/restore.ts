/**
 * A backup is proven by restoring a copy of the database to a named point, beside the live one. The target file describes how the platform does that: the
 * requests for a backup and for the point, the object that requests the copy, and where the book of the copy is read.
 */
import type { Millis } from './units.ts'

/** How a copy of one database is requested and read. */
export type RestorePlace = {
  /** Takes a base backup. Absent if the platform takes them by itself. */
  readonly backup?: ServiceCall
  /** Creates a restore point now. `<point>` in its path is the name of the point. */
  readonly point: ServiceCall
  /** Succeeds once the archive holds the point. */
  readonly archived?: ServiceCall
  readonly copy: CopyRequest
  /** The copy shows its book as the live service does: at a Service, or at the pod that has the name of the object. */
  readonly read: { readonly service?: string; readonly port: number }
  /** The same book of the live database. */
  readonly book: string
}

/** Through the API server's proxy; any 2xx is a success. */
export type ServiceCall = {
  readonly service: string
  readonly port: number
  readonly path: string
}

/**
 * The object that requests the copy; deleting it removes the copy. `<point>` in any text of it is the name of the point. It is ready when its
 * condition `ready` is True, and has failed when `failed.field` has that value.
 */
export type CopyRequest = {
  readonly plural: string
  readonly object: Readonly<Record<string, unknown>>
  readonly ready: string
  readonly failed?: { readonly field: string; readonly value: string }
}

/** The limits and settings of a restore. */
export type RestoreGoals = {
  /** `now`: a base backup is taken first, where the target file says how. `latest`: the one that is there. */
  readonly backup: 'now' | 'latest'
  /** From the backup (from the start, with `latest`) to the named point. The log of this time must come from the archive. */
  readonly pointAfterMs: Millis
  /** Longest time from the point until the archive holds it: the data loss if the database were gone (RPO). */
  readonly archivedWithinMs: Millis
  /** Longest time from the request until the copy can be read (RTO). */
  readonly withinMs: Millis
}

export const restoreSteps = ['backed-up', 'point-asked', 'point-set', 'archived', 'copy-asked', 'copy-ready'] as const
export type RestoreStep = (typeof restoreSteps)[number]

/** All operations that a book has ever booked for the run, in cells by booking time: before the first cut, between two cuts, after the last. */
export type CutCells = {
  readonly operation: string
  readonly cells: readonly CutCell[]
}
export type CutCell = {
  readonly count: number
  readonly amountCents: number
  readonly digestLow: number
  readonly digestHigh: number
}

/**
 * A booking has the time at which its transaction began, and is visible when it commits. So what was booked up to this long before the point may have
 * committed after it. `CLOCK_MARGIN_MS`: how far the clock of the database may differ from the controller's.
 */
export const COMMIT_MARGIN_MS = 3_000
export const CLOCK_MARGIN_MS = 500

/** Cuts around a point. They make five cells: certainly before it, perhaps before it, while it was created, perhaps after it, certainly after it. */
export const cutsAround = (askedAt: number, setAt: number): readonly number[] => [
  askedAt - COMMIT_MARGIN_MS,
  askedAt,
  setAt,
  setAt + CLOCK_MARGIN_MS,
]
