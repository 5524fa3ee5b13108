/** How findings are made and ordered. Their causes stand in one table, `domain/causes.ts`. */
import { type Cause, causeNames, causes } from '../../domain/causes.ts'
import type { Finding } from '../../domain/verdict.ts'

const rank = new Map(causeNames.map((cause, index) => [cause, index]))
const weights = { breach: 0, gap: 1, accepted: 2, warning: 3 } as const

/** Lines shown with a finding; more of them prove no more. */
const LINES_MAX = 20

export function finding(
  weight: Finding['weight'],
  cause: Cause,
  subject: string,
  sentence: string,
  lines: readonly (number | undefined)[],
): Finding {
  return { weight, cause, subject, sentence, next: causes[cause].next, evidence: evidenceLines(lines) }
}

export function evidenceLines(lines: readonly (number | undefined)[]): readonly number[] {
  const known = new Set(lines.filter((line) => line !== undefined))
  return [...known].sort((a, b) => a - b).slice(0, LINES_MAX)
}

/** Breaches before gaps before warnings, then by telling power, then by name: the same for the same evidence, always. */
export function sortFindings(findings: readonly Finding[]): readonly Finding[] {
  const order = (each: Finding) => rank.get(each.cause) ?? 0
  return [...findings].sort(
    (a, b) =>
      weights[a.weight] - weights[b.weight] ||
      order(a) - order(b) ||
      compare(a.subject, b.subject) ||
      compare(a.sentence, b.sentence),
  )
}

/** By code units, so that no locale changes the order. */
export const compare = (a: string, b: string): number => (a < b ? -1 : a > b ? 1 : 0)
