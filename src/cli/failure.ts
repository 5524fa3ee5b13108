/**
 * The three kinds of failure and their exit codes: the user's input (2), the environment (5), an internal error (70). A stop (4) is not a failure.
 */
import { formatIssue, type Issue, point } from '../domain/issue.ts'
import { messageOf } from '../domain/unknown.ts'
import { exitCodes } from '../domain/verdict.ts'
import { isStop } from './stop-signal.ts'
import { onStderr, say, type TerminalText, term, termLines } from './terminal.ts'

/** Issues in the user's files or flags. Prints all of them; exit code 2, or 5 if the cluster lacks something that they need. */
export class BadInput extends Error {
  readonly issues: readonly Issue[]
  readonly exitCode: number
  constructor(issues: readonly Issue[], exitCode: number = exitCodes.badInput) {
    super(issues.map(formatIssue).join('\n'))
    this.name = 'BadInput'
    this.issues = issues
    this.exitCode = exitCode
  }
}

/** Why a command failed, as `-o json` prints it (docs/output/issues.schema.json). Only issues of files and flags have a place. */
export type FailureReport = {
  readonly format: 1
  readonly exitCode: number
  readonly issues: readonly (Omit<Issue, 'at'> & Partial<Pick<Issue, 'at'>>)[]
}

/** The standard format of an issue. A problem may have several lines, such as a compiler's output. */
export const issueText = ({ at, code, problem, next }: Issue): TerminalText =>
  term`${point(at)} ${code}\n  ${termLines(problem, '  ')}\n  Next: ${termLines(next, '  ')}`

type Explained = { readonly name: string; readonly message: string; readonly next: string }

/** ToolchainError, LabError, EnvironmentError and ApiError all carry the next step. */
const isExplained = (error: unknown): error is Explained =>
  error instanceof Error && 'next' in error && typeof error.next === 'string'

export const usageReport = (problem: string): FailureReport => ({
  format: 1,
  exitCode: exitCodes.badInput,
  issues: [{ code: 'usage', problem, next: 'Add --help for the flags and examples.' }],
})

const DEFECT_NEXT =
  'report it with the journal of the run; if a run had begun, `matchday heal` undoes what it left.' as const

/** The failure as data. It says the same as what `reportFailure` prints. */
function failureReport(error: unknown): FailureReport {
  const one = (exitCode: number, code: string, problem: string, next: string): FailureReport => ({
    format: 1,
    exitCode,
    issues: [{ code, problem, next }],
  })
  if (error instanceof BadInput) return { format: 1, exitCode: error.exitCode, issues: error.issues }
  if (isStop(error))
    return one(exitCodes.aborted, 'stopped', 'stopped before anything was touched', 'Start it again when you want to.')
  if (isExplained(error)) return one(exitCodes.environment, 'environment', error.message, error.next)
  return one(exitCodes.defect, 'defect', messageOf(error), DEFECT_NEXT)
}

let last: FailureReport | undefined

/** What `reportFailure` printed last, once. */
export function lastFailure(): FailureReport | undefined {
  const report = last
  last = undefined
  return report
}

/** Prints the problem in the standard format and returns the exit code. */
export function reportFailure(error: unknown): number {
  last = failureReport(error)
  if (error instanceof BadInput) {
    for (const issue of error.issues) say(issueText(issue))
    return error.exitCode
  }
  if (isStop(error)) {
    say(term`stopped before anything was touched`)
    return exitCodes.aborted
  }
  if (isExplained(error)) {
    const told = error.message.includes(error.next) ? term`` : term`\n  Next: ${error.next}`
    say(term`${onStderr('red', 'environment')} ${termLines(error.message, '  ')}${told}`)
    return exitCodes.environment
  }
  const stack = error instanceof Error ? (error.stack ?? error.message) : String(error)
  say(term`${onStderr('red', 'defect')} ${termLines(stack)}`)
  say(term`  This is a defect of matchday. Next: ${DEFECT_NEXT}`)
  return exitCodes.defect
}
