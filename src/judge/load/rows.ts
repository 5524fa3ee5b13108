/** Rows of an SLI, cut and added up. */
import type { Row } from '../seen/load-counts.ts'

/** Frames that overlap the window: what happened in them may have happened inside. */
export const rowsWithin = <R extends Row>(rows: readonly R[], fromAt: number, toAt: number): readonly R[] =>
  rows.filter((row) => row.at > fromAt && row.fromAt < toAt)

export type Total = { readonly good: number; readonly bad: number; readonly dropped: number; readonly timeouts: number }

export function totalOf(rows: readonly Row[]): Total {
  let [good, bad, dropped, timeouts] = [0, 0, 0, 0]
  for (const row of rows) {
    good += row.good
    bad += row.bad
    dropped += row.dropped
    timeouts += row.timeouts
  }
  return { good, bad, dropped, timeouts }
}
