/** A comparison on its way out: files beside the journal (or the run), and the console. */
import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { EnvironmentError } from '../controller/ports.ts'
import type { Comparison, StoredSpread } from '../domain/comparison.ts'
import { readJournal } from '../journal/read.ts'
import { createComparing } from '../judge/comparing.ts'
import { comparisonPage } from '../report/comparison/html.ts'
import { comparisonJunit } from '../report/comparison/junit.ts'
import { comparisonMarkdown } from '../report/comparison/markdown.ts'
import { comparisonText } from './comparison-text.ts'
import { writeWhole } from './judging.ts'
import { columnsOf, jsonText, onStdout, print } from './terminal.ts'

export const COMPARISON_FILE = 'comparison.json'
const SPREAD_FILE = 'spread.json'

/** Judges the journal of a comparison again. */
export async function judgeComparison(folder: string): Promise<Comparison> {
  const judge = createComparing()
  for await (const { record } of readJournal(join(folder, 'journal.ndjson'))) judge.add(record)
  if (!judge.is)
    throw new EnvironmentError(`${folder} holds no comparison`, 'Give the folder of a `matchday compare REHEARSAL`.')
  return judge.result()
}

/** Writes page, Markdown, JUnit and JSON, and of a comparison with itself the spread. Answers their paths. */
export function writeComparison(folder: string, comparison: Comparison): readonly string[] {
  const files: readonly (readonly [string, string])[] = [
    ['comparison.html', comparisonPage(comparison)],
    ['comparison.md', comparisonMarkdown(comparison)],
    ['comparison.junit.xml', comparisonJunit(comparison)],
    [COMPARISON_FILE, `${JSON.stringify(comparison, undefined, 2)}\n`],
    ...(comparison.aa ? [[SPREAD_FILE, `${JSON.stringify(spreadOf(comparison), undefined, 2)}\n`] as const] : []),
  ]
  for (const [name, text] of files) writeWhole(join(folder, name), text)
  return files.map(([name]) => join(folder, name))
}

export function printComparison(comparison: Comparison, files: readonly string[], output: string): void {
  if (output === 'json') return print(jsonText(comparison))
  for (const line of comparisonText(comparison, files, onStdout, columnsOf(process.stdout))) print(line)
}

const spreadOf = ({ rehearsal, run = '', pairs, objectives, others }: Comparison): StoredSpread => ({
  format: 1,
  rehearsal,
  run,
  pairs,
  spreads: [...objectives, ...others].flatMap(({ sli, statistic, sd }) =>
    sd === undefined ? [] : [{ sli, statistic, sd }],
  ),
})

/** The spread of the newest comparison of a release with itself by this rehearsal. */
export function storedSpread(reports: string, rehearsal: string): StoredSpread | undefined {
  if (!existsSync(reports)) return undefined
  const spreads = readdirSync(reports)
    .map((name) => join(reports, name, SPREAD_FILE))
    .filter((path) => existsSync(path))
    .sort()
    .map((path): StoredSpread => JSON.parse(readFileSync(path, 'utf8')))
  return spreads.findLast((spread) => spread.rehearsal === rehearsal)
}
