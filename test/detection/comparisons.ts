/** Comparisons of two releases on the lab, as rows of the page. Kept apart from the runs: they end in an outcome, not in a verdict. */
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import type { ComparisonOutcome } from '../../src/domain/comparison.ts'
import { compareDuet, type Duet, duets, objectiveOf } from '../controller/compare/duet.ts'
import type { TestLab } from '../support/lab.ts'

const COMPARED_FILE = 'test/detection/compared.json'
const EVIDENCE = 'reports/detection/comparisons'

export type ComparedRow = {
  readonly outcome: ComparisonOutcome
  readonly summary: string
  readonly pairs: number
  readonly seconds: number
  readonly commit: string
  readonly date: string
}

export type ComparedRows = Readonly<Record<string, ComparedRow>>

export const readCompared = (file = COMPARED_FILE): ComparedRows =>
  existsSync(file) ? (JSON.parse(readFileSync(file, 'utf8')) as ComparedRows) : {}

/** By its name, or all of them by `comparisons`. */
export const wantedDuets = (words: readonly string[] | undefined): readonly Duet[] =>
  duets.filter(({ name }) => words === undefined || words.includes('comparisons') || words.includes(name))

export const isCaught = ({ name, expected }: Duet, rows: ComparedRows): boolean => rows[name]?.outcome === expected

/** Measured and kept at once, under the name of the row. */
export async function performDuet(
  lab: TestLab,
  duet: Duet,
  at: Pick<ComparedRow, 'commit' | 'date'>,
): Promise<ComparedRow> {
  mkdirSync(EVIDENCE, { recursive: true })
  const { comparison, seconds } = await compareDuet(lab, duet, EVIDENCE)
  const worse = objectiveOf(comparison, duet.worse)
  // The right outcome for another reason is a wrong one.
  const isOther = worse !== undefined && comparison.outcome === 'regressed' && worse.state !== 'regressed'
  const row: ComparedRow = {
    outcome: isOther ? 'undecided' : comparison.outcome,
    summary: comparison.summary,
    pairs: comparison.pairs,
    seconds,
    ...at,
  }
  writeFileSync(COMPARED_FILE, `${JSON.stringify({ ...readCompared(), [duet.name]: row }, undefined, 1)}\n`)
  return row
}

const cells = (...each: readonly string[]): string => `| ${each.join(' | ')} |`

/** Section of docs/detection.md. */
export function comparisonSection(rows: ComparedRows): readonly string[] {
  return [
    '## Comparisons',
    '',
    'Two releases of the gateway, each with two pods, compared both at once (`matchday compare --duet`).',
    '',
    cells('', 'new release', 'expected', 'outcome', 'what it says', 'pairs', 'took', 'measured at'),
    cells(...Array.from({ length: 8 }, () => '---')),
    ...duets.map((duet) => duetRow(duet, rows)),
    '',
  ]
}

function duetRow(duet: Duet, rows: ComparedRows): string {
  const row = rows[duet.name]
  if (row === undefined) return cells('not measured', duet.name, duet.expected, '-', '-', '-', '-', '-')
  const { outcome, summary, pairs, seconds, commit, date } = row
  const state = isCaught(duet, rows) ? 'right' : 'wrong'
  return cells(state, duet.name, duet.expected, outcome, summary, `${pairs}`, `${seconds} s`, `${commit}, ${date}`)
}
