/** The user's files, read and parsed: rehearsal, target, and the allow-list of contexts. All issues at once, or none. */
import { existsSync } from 'node:fs'
import { join, relative } from 'node:path'
import type { Issue, Parsed } from '../domain/issue.ts'
import { type Rehearsal, type Target, withSeriesOf } from '../domain/rehearsal.ts'
import { parseRehearsal } from '../files/rehearsal.ts'
import { parseTarget, targetPath } from '../files/target.ts'
import { BadInput, issueText } from './failure.ts'
import { readInputFile } from './input-file.ts'
import { onStderr, say, term } from './terminal.ts'

const files = { read: readInputFile }

export type Inputs = { readonly rehearsal: Rehearsal; readonly target: Target }

/** Reads a rehearsal and the target file of a context (`targets/<context>.yaml` beside it, or `chosenTarget`). @throws BadInput */
export function readInputs(path: string, context: string, chosenTarget?: string): Inputs {
  const file = relative(process.cwd(), path) || path
  const targetFile = chosenTarget ?? targetPath(file, context)
  if (!existsSync(file)) throw new BadInput([missingFile(file)])
  const target = parseTarget(files, targetFile)
  const rehearsal = parseRehearsal(files, file, target.ok ? target.value : undefined)
  const issues = [
    ...issuesOf(rehearsal),
    ...issuesOf(target),
    ...(rehearsal.ok ? contextIssues(rehearsal.value, context) : []),
    ...(target.ok ? mismatch(target.value, context) : []),
  ]
  if (!rehearsal.ok || !target.ok || issues.length > 0) throw new BadInput(issues)
  for (const warning of rehearsal.warnings ?? []) say(term`${onStderr('yellow', 'warning')} ${issueText(warning)}`)
  return { rehearsal: rehearsal.value, target: withSeriesOf(rehearsal.value.slis, target.value) }
}

/** The path of a context's target file if there is no rehearsal beside it. */
export const usualTargetPath = (context: string): string => targetPath(join('scenarios', 'any'), context)

/** A target alone, for commands that need no rehearsal. @throws BadInput */
export function readTarget(context: string, chosenTarget?: string): Target {
  const target = parseTarget(files, chosenTarget ?? usualTargetPath(context))
  const issues = target.ok ? mismatch(target.value, context) : target.issues
  if (!target.ok || issues.length > 0) throw new BadInput(issues)
  return target.value
}

/** A target file alone, whatever its context. @throws BadInput */
export function readTargetFile(file: string): Target {
  const target = parseTarget(files, file)
  if (!target.ok) throw new BadInput(target.issues)
  return target.value
}

const issuesOf = (parsed: Parsed<unknown>): readonly Issue[] => (parsed.ok ? [] : parsed.issues)

const missingFile = (file: string): Issue => ({
  at: { file, line: 0, column: 0 },
  code: 'file-missing',
  problem: 'there is no such file.',
  next: 'Give the path of a *.rehearsal.yaml; scenarios/ holds some.',
})

function contextIssues(rehearsal: Rehearsal, context: string): readonly Issue[] {
  if (rehearsal.contexts.includes(context)) return []
  return [
    {
      at: { file: rehearsal.file, line: 0, column: 0 },
      code: 'context-not-allowed',
      problem: `this rehearsal may run in ${rehearsal.contexts.join(', ')}, not in ${context}.`,
      next: 'Choose an allowed context with --context, or add this one below spec.target.contexts if you mean it.',
    },
  ]
}

/** Using one cluster's target file on another cluster would send the load to the wrong entry and read the wrong books. */
function mismatch(target: Target, context: string): readonly Issue[] {
  if (target.context === context) return []
  return [
    {
      at: { file: target.file, line: 0, column: 0 },
      code: 'target-of-another-context',
      problem: `this target file is for the context ${target.context}, not for ${context}.`,
      next: `Choose --context ${target.context}, or a target file for ${context}.`,
    },
  ]
}
