/**
 * Attempts that never reached the service that a fault concerns: refused before it, or wrong for a reason that was there before the fault.
 * A service that was not asked did not fail.
 */
import { mustBeRefused } from '../../domain/indicators.ts'
import type { Row } from '../seen/load-counts.ts'
import type { Seen } from '../seen/seen.ts'
import { REFUSALS } from '../seen/wanted-counters.ts'
import { rowsWithin } from './rows.ts'

/** Scenarios name a bad outcome by its status. */
export const reasonOf = (status: string): string => `http-${status}`

/** SLIs whose good outcome is a refusal, and sockets, say nothing about arrivals. */
export function requestSlis(seen: Seen): readonly string[] {
  const { slis, load } = seen.run.head.rehearsal
  return [...seen.load.badBy.keys()].filter((sli) => !mustBeRefused(slis, sli) && sli !== load.sockets?.sli).sort()
}

/** An error is judged as "there before" by this time before the fault; fewer than `LEAST` errors are an accident. */
const BEFORE_MS = 10_000
const LEAST = 5
/** Sampling noise: half as frequent before is as frequent. */
const AS_FREQUENT = 0.5

type Span = { readonly fromAt: number; readonly toAt: number }

/** Reasons that are as frequent in the seconds before a fault as in `span`: they do not belong to it. */
export function foreignReasons(rows: readonly Row[], createdAt: number, span: Span): ReadonlySet<string> {
  const before = rowsWithin(rows, createdAt - BEFORE_MS, createdAt).filter((row) => row.at <= createdAt)
  const during = rowsWithin(rows, span.fromAt, span.toAt)
  const reasons = new Set(before.flatMap((row) => Object.keys(row.badBy)))
  return new Set(
    [...reasons].filter((reason) => {
      const counted = sumOf(before, (row) => row.badBy[reason] ?? 0)
      return counted >= LEAST && shareOf(before, reason) >= AS_FREQUENT * shareOf(during, reason)
    }),
  )
}

const sumOf = (rows: readonly Row[], pick: (row: Row) => number): number =>
  rows.reduce((sum, row) => sum + pick(row), 0)
const attemptsIn = (rows: readonly Row[]): number => sumOf(rows, ({ good, bad }) => good + bad)
const shareOf = (rows: readonly Row[], reason: string): number =>
  sumOf(rows, ({ badBy }) => badBy[reason] ?? 0) / Math.max(1, attemptsIn(rows))

/** Missing credentials are refused whatever the platform's state; 429 may be a fault's own overload, unless it was there before. */
const UNASKED = new Set(['401', '403'].map(reasonOf))
const isUnasked = (reason: string, foreign: ReadonlySet<string>): boolean => UNASKED.has(reason) || foreign.has(reason)

/** Bad attempts of a row that a fault can have caused. */
export const ownBad = ({ bad, badBy }: Row, foreign: ReadonlySet<string>): number =>
  bad - Object.entries(badBy).reduce((sum, [reason, n]) => sum + (isUnasked(reason, foreign) ? n : 0), 0)

/** The share of attempts of the SLI that was refused most that was let through, by those refusals that are no fault's. */
export function arrivedShare(seen: Seen, createdAt: number, span: Span): number {
  const shares = requestSlis(seen).map((sli) => {
    const rows = seen.load.rows(sli)
    const foreign = foreignReasons(rows, createdAt, span)
    const inSpan = rowsWithin(rows, span.fromAt, span.toAt)
    const refused = REFUSALS.map(reasonOf).filter((reason) => isUnasked(reason, foreign))
    return 1 - refused.reduce((sum, reason) => sum + shareOf(inSpan, reason), 0)
  })
  return Math.max(0, Math.min(1, ...shares))
}
