/**
 * A backup is proven by a copy of the database, restored to a named point beside the live one. What the platform calls its things is data of the target
 * file: whom to ask for a backup and for the point, which object requests the copy, and where its book is read.
 */
import type { Millis } from './units.ts'

/** How a copy of one database is requested and read. */
export type RestorePlace = {
  /** Takes a base backup, if the rehearsal is to ask for one. */
  readonly backup?: ServiceCall
  /** Gives the present moment a name. `<point>` in its path is that name. */
  readonly point: ServiceCall
  /** Succeeds from when the archive holds the point. */
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

/** What a restore is asked to reach. */
export type RestoreGoals = {
  /** `now`: a base backup is taken first, where the target file says how. `latest`: the one that is there. */
  readonly backup: 'now' | 'latest'
  /** From the backup, or the begin, to the named point: the log of this time comes from the archive. */
  readonly pointAfterMs: Millis
  /** From the point to the moment when the archive holds it. It is what the loss of the database would cost. */
  readonly archivedWithinMs: Millis
  /** From the request to a copy that can be read. */
  readonly withinMs: Millis
}

export const restoreSteps = ['backed-up', 'point-asked', 'point-set', 'archived', 'copy-asked', 'copy-ready'] as const
export type RestoreStep = (typeof restoreSteps)[number]

/** Everything that a book has ever taken of the run, by the time at which it was booked: a cell before the first cut, between two, and after the last. */
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
 * A transaction is booked at the time at which it began and is there when it commits: what was booked this long before the point may have
 * committed after it. And the clock of the database may differ from the controller's.
 */
export const COMMIT_MARGIN_MS = 3_000
export const CLOCK_MARGIN_MS = 500

/** Cuts around a point: booked surely before it, perhaps before it, while it was made, perhaps after it, surely after it. */
export const cutsAround = (askedAt: number, setAt: number): readonly number[] => [
  askedAt - COMMIT_MARGIN_MS,
  askedAt,
  setAt,
  setAt + CLOCK_MARGIN_MS,
]
