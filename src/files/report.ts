import type { Issue, Parsed, SourcePoint } from '../domain/issue.ts'
import { isSome } from '../domain/units.ts'
import type { IssueCode } from './codes.ts'

/** Collects the issues of a parser. Nothing is thrown, so that the user sees every issue at once. */
export type Report = (at: SourcePoint, code: IssueCode, problem: string, next: string) => void

/** `found`: issues that make the file unusable. `warned`: accepted input that should be changed. */
export type Issues = {
  readonly report: Report
  readonly found: () => readonly Issue[]
  readonly warned: () => readonly Issue[]
}

// More issues than this help nobody. A file of garbage would otherwise print its whole content.
const SHOWN_MAX = 100

const warnings: readonly string[] = ['deprecated-key', 'openslo-unused'] satisfies readonly IssueCode[]

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

/** By file in order of appearance, then by position, without duplicates. */
function inReadingOrder(issues: readonly Issue[]): readonly Issue[] {
  const files = [...new Set(issues.map((issue) => issue.at.file))]
  const once = new Map(issues.map((issue) => [JSON.stringify(issue), issue]))
  return [...once.values()].sort(
    (a, b) => files.indexOf(a.at.file) - files.indexOf(b.at.file) || a.at.line - b.at.line || a.at.column - b.at.column,
  )
}

/** The value if there are no issues, otherwise all issues. A parser that returns no value must have reported an issue. */
export function settle<T>(issues: readonly Issue[], value: T | undefined, warnings: readonly Issue[] = []): Parsed<T> {
  if (isSome(issues)) return { ok: false, issues: [...issues, ...warnings] }
  if (value === undefined) throw new Error('a parser gave neither a value nor an issue')
  return isSome(warnings) ? { ok: true, value, warnings } : { ok: true, value }
}
