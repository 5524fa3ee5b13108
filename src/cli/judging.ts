/** A stored run's folder → judgment and reports, offline: only the journal is read. */
import type { KeyObject } from 'node:crypto'
import { readFileSync, renameSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { EnvironmentError } from '../controller/ports.ts'
import { messageOf } from '../domain/unknown.ts'
import type { Judgment } from '../domain/verdict.ts'
import { readJournal } from '../journal/read.ts'
import { createJudging } from '../judge/judge.ts'
import { htmlReport } from '../report/html.ts'
import { junitReport } from '../report/junit.ts'
import { markdownReport } from '../report/markdown.ts'
import { createViewing, type RunView } from '../report/view.ts'
import { columnsOf, jsonText, onStdout, print } from './terminal.ts'
import { verdictText } from './verdict-text.ts'
import { signatureIn } from './verifying.ts'

export type Judged = { readonly judgment: Judgment; readonly view: RunView }

/**
 * Reads `journal.ndjson` once and folds it twice: into the judgment and into what is drawn. With a key, the journal must be signed with it
 * (`verifying.ts`).
 */
export async function judgeFolder(folder: string, key?: KeyObject): Promise<Judged> {
  const judge = createJudging()
  const view = createViewing()
  const signature = key === undefined ? undefined : signatureIn(folder, key)
  const journal = readJournal(join(folder, 'journal.ndjson'), signature?.lines)
  for await (const { line, record } of journal) {
    judge.add(record, line)
    view.add(record, line)
    signature?.add(record, line)
  }
  const doubt = signature?.doubtOf(journal)
  if (doubt !== undefined) judge.add(doubt, journal.seal.lines)
  const drawn = view.result()
  if (!drawn) throw new EnvironmentError(`${folder}/journal.ndjson says nothing of a run`, 'Give the folder of a run.')
  const evidence = doubt === undefined && signature !== undefined ? signature.seal(journal.seal) : journal.seal
  return { judgment: { ...judge.result(), evidence }, view: drawn }
}

/** All four files. Each is replaced atomically. */
export async function writeReports(folder: string, { judgment, view }: Judged): Promise<void> {
  writeWhole(join(folder, 'verdict.json'), `${JSON.stringify(judgment, undefined, 2)}\n`)
  writeWhole(join(folder, 'report.html'), htmlReport(judgment, view))
  writeWhole(join(folder, 'report.md'), markdownReport(judgment, view.people))
  writeWhole(join(folder, 'junit.xml'), junitReport(judgment, view.started.rehearsal))
}

export function writeWhole(path: string, text: string): void {
  try {
    if (isSame(path, text)) return
    writeFileSync(`${path}.new`, text)
    renameSync(`${path}.new`, path)
  } catch (error) {
    throw new EnvironmentError(
      `cannot write ${path}: ${messageOf(error)}`,
      'Make room, then run matchday report again. It draws what the journal holds; records that no longer fitted on the disk are missing there.',
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

/** `json` prints only the judgment. */
export function printJudgment(judgment: Judgment, folder: string, output: string): void {
  if (output === 'json') return print(jsonText(judgment))
  for (const line of verdictText(judgment, folder, onStdout, columnsOf(process.stdout))) print(line)
}
