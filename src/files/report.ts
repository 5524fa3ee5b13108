import type { Issue, Parsed, SourcePoint } from '../domain/issue.ts'
import { isSome } from '../domain/units.ts'
import type { IssueCode } from './codes.ts'

/** Where a parser puts what it finds; nothing is thrown, so that the user sees every issue at once. */
export type Report = (at: SourcePoint, code: IssueCode, problem: string, next: string) => void

/** `found`: what keeps the file from being used. `warned`: what is still accepted and should be changed. */
export type Issues = {
  readonly report: Report
  readonly found: () => readonly Issue[]
  readonly warned: () => readonly Issue[]
}

// More than this helps nobody, and a file of garbage would print itself once over.
const SHOWN_MAX = 100

const warnings: readonly string[] = ['deprecated-key'] satisfies readonly IssueCode[]

export function collectIssues(): Issues {
  const found: Issue[] = []
  const report: Report = (at, code, problem, next) => {
    if (found.length < SHOWN_MAX) found.push({ at, code, problem, next })
  }
  const isWarning = ({ code }: Issue): boolean => warnings.includes(code)
  return {
    report,
    found: () => inReadingOrder(found.filter((issue) => !isWarning(issue))),
    warned: () => inReadingOrder(found.filter(isWarning)),
  }
}

/** By file in the order met, then by position, each issue once. */
function inReadingOrder(issues: readonly Issue[]): readonly Issue[] {
  const files = [...new Set(issues.map((issue) => issue.at.file))]
  const once = new Map(issues.map((issue) => [JSON.stringify(issue), issue]))
  return [...once.values()].sort(
    (a, b) => files.indexOf(a.at.file) - files.indexOf(b.at.file) || a.at.line - b.at.line || a.at.column - b.at.column,
  )
}

/** The value if nothing was found, else all that was found. A parser without a value must have reported why. */
export function settle<T>(issues: readonly Issue[], value: T | undefined, warnings: readonly Issue[] = []): Parsed<T> {
  if (isSome(issues)) return { ok: false, issues: [...issues, ...warnings] }
  if (value === undefined) throw new Error('a parser gave neither a value nor an issue')
  return isSome(warnings) ? { ok: true, value, warnings } : { ok: true, value }
}
