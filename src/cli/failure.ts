/**
 * The three kinds of failure and their exit codes: the user's input (2), the environment (5), an internal error (70). A stop (4) is not a failure.
 */
import { formatIssue, type Issue, point } from '../domain/issue.ts'
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

/** The standard format of an issue. A problem may have several lines, such as a compiler's output. */
export const issueText = ({ at, code, problem, next }: Issue): TerminalText =>
  term`${point(at)} ${code}\n  ${termLines(problem, '  ')}\n  Next: ${termLines(next, '  ')}`

type Explained = { readonly name: string; readonly message: string; readonly next: string }

/** ToolchainError, LabError, EnvironmentError and ApiError all carry the next step. */
const isExplained = (error: unknown): error is Explained =>
  error instanceof Error && 'next' in error && typeof error.next === 'string'

/** Prints the problem in the standard format and returns the exit code. */
export function reportFailure(error: unknown): number {
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
  say(
    term`  This is a defect of matchday. Next: report it with the journal of the run; if a run had begun, \`matchday heal\` undoes what it left.`,
  )
  return exitCodes.defect
}
