/** Findings that somebody knows and has accepted for a time: which, by whom, why, until when. */
import { type Cause, type CauseRow, causeNames, causes } from './causes.ts'
import type { SourcePoint } from './issue.ts'

export type Acceptance = {
  /** As it is written: a journal may name causes that this version does not know. They accept nothing. */
  readonly cause: string
  /** The subject of the finding, or what stands before `: ` or `/` in it (a fault, a namespace). Undefined: any subject. */
  readonly about?: string
  readonly owner: string
  readonly reason: string
  /** The last day on which it holds, in UTC: `2026-12-31`. */
  readonly until: string
  readonly at: SourcePoint
}

const MONEY = 'lost or wrong money is never acceptable'
const NO_EVIDENCE = 'missing or doubtful evidence is inconclusive, whoever accepts it'

/** Causes that the rules of `unacceptable` do not reach. */
const named: Partial<Record<Cause, string>> = {
  'not-healed': 'what a run leaves behind must be taken back',
  'forgery-accepted': 'a forgery that is let in is never acceptable',
  'split-brain': MONEY,
  'run-stopped': NO_EVIDENCE,
  'generator-starved': NO_EVIDENCE,
  'runners-desynchronised': NO_EVIDENCE,
  'state-not-reached': NO_EVIDENCE,
  'acceptance-unused': 'it is about acceptances themselves',
}

/** Why findings of this cause cannot be accepted; undefined if they can. Rules that read the books are about money. */
export function unacceptable(cause: Cause): string | undefined {
  const { needs, missing }: CauseRow = causes[cause]
  if (named[cause] !== undefined) return named[cause]
  if (needs.includes('book-read') || needs.includes('keys-read')) return MONEY
  return missing === 'itself' ? NO_EVIDENCE : undefined
}

export const acceptableCauses: readonly Cause[] = causeNames.filter((cause) => unacceptable(cause) === undefined)

const DAY_MS = 24 * 60 * 60 * 1000

/** Whole days from the day of `at` to the last day of the acceptance, in UTC: 0 on that day, negative after it; NaN if `until` is no date. */
export const daysLeft = (until: string, at: number): number => dayOf(Date.parse(until)) - dayOf(at)

const dayOf = (at: number): number => Math.floor(at / DAY_MS)
