import type { Some } from './units.ts'

/** A position in a user's file. Lines and columns count from 1; 0 means the whole file or a flag. */
export type SourcePoint = { readonly file: string; readonly line: number; readonly column: number }

/** One error in the user's input: where, a stable code, the problem, and the next step. */
export type Issue = { readonly at: SourcePoint; readonly code: string; readonly problem: string; readonly next: string }

/** Parsers return either every issue at once or the value. */
export type Parsed<T> =
  /** `warnings`: accepted input that should be changed, such as a key under its former name. */
  | { readonly ok: true; readonly value: T; readonly warnings?: Some<Issue> }
  | { readonly ok: false; readonly issues: Some<Issue> }

export const point = (at: SourcePoint): string => (at.line > 0 ? `${at.file}:${at.line}` : at.file)

/** The house form of an issue: `path:line code`, the problem, the next step. */
export const formatIssue = (issue: Issue): string =>
  `${point(issue.at)} ${issue.code}\n  ${issue.problem}\n  Next: ${issue.next}`
