/** A stored run's folder → judgment and reports, offline: the journal is the only thing that is read. */
import { readFileSync, renameSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { EnvironmentError } from '../controller/ports.ts'
import type { Judgment } from '../domain/verdict.ts'
import { readJournal } from '../journal/read.ts'
import { judging } from '../judge/judge.ts'
import { htmlReport } from '../report/html.ts'
import { junitReport } from '../report/junit.ts'
import { markdownReport } from '../report/markdown.ts'
import { type RunView, viewing } from '../report/view.ts'
import { columnsOf, jsonText, onStdout, print } from './terminal.ts'
import { verdictText } from './verdict-text.ts'

export type Judged = { readonly judgment: Judgment; readonly view: RunView }

/** Reads `journal.ndjson` once and folds it twice: into the judgment and into what is drawn. */
export async function judgeFolder(folder: string): Promise<Judged> {
  const judge = judging()
  const view = viewing()
  const journal = readJournal(join(folder, 'journal.ndjson'))
  for await (const { line, record } of journal) {
    judge.add(record, line)
    view.add(record)
  }
  const drawn = view.result()
  if (!drawn) throw new EnvironmentError(`${folder}/journal.ndjson says nothing of a run`, 'Give the folder of a run.')
  return { judgment: { ...judge.result(), evidence: journal.seal }, view: drawn }
}

/** All four files, each put in place whole. */
export async function writeReports(folder: string, { judgment, view }: Judged): Promise<void> {
  writeWhole(join(folder, 'verdict.json'), `${JSON.stringify(judgment, undefined, 2)}\n`)
  writeWhole(join(folder, 'report.html'), htmlReport(judgment, view))
  writeWhole(join(folder, 'report.md'), markdownReport(judgment))
  writeWhole(join(folder, 'junit.xml'), junitReport(judgment, view.started.rehearsal))
}

function writeWhole(path: string, text: string): void {
  try {
    if (isSame(path, text)) return
    writeFileSync(`${path}.new`, text)
    renameSync(`${path}.new`, path)
  } catch (error) {
    throw new EnvironmentError(
      `cannot write ${path}: ${error instanceof Error ? error.message : String(error)}`,
      'Make room, then run matchday report again: the journal is complete.',
      error,
    )
  }
}

function isSame(path: string, text: string): boolean {
  try {
    return readFileSync(path, 'utf8') === text
  } catch {
    return false
  }
}

/** `json` prints the judgment and nothing else. */
export function printJudgment(judgment: Judgment, folder: string, output: string): void {
  if (output === 'json') return print(jsonText(judgment))
  for (const line of verdictText(judgment, folder, onStdout, columnsOf(process.stdout))) print(line)
}
