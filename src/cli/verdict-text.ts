/**
 * The console output at the end of a run: verdict and causes first, each with its next step, then objectives, faults and actions, then further
 * reading.
 */
import { join } from 'node:path'
import type { ActionResult, FaultResult, Finding, HarmCost, Judgment, SloResult } from '../domain/verdict.ts'
import { consequenceWords, type Root, rootsOf } from '../report/roots.ts'
import {
  achievedText,
  actionWords,
  budgetShare,
  costName,
  counted,
  faultWords,
  healWords,
  inPercent,
  isFelt,
  objectiveWords,
  sealWords,
  sloWords,
  whole,
  wordsOf,
} from '../report/words.ts'
import { type Paint, type TerminalText, term, widthOf, wrapped } from './terminal.ts'

const colours = { pass: 'green', fail: 'red', aborted: 'yellow', inconclusive: 'yellow' } as const
const looks = { good: 'green', bad: 'red', warn: 'yellow' } as const

/** The console lists this many causes; the report has all of them. */
const MOST_FINDINGS = 10

export function verdictText(
  judgment: Judgment,
  folder: string,
  paint: Paint,
  columns: number,
): readonly TerminalText[] {
  const { kind } = judgment.verdict
  const { icon, word } = wordsOf(judgment.verdict)
  const roots = rootsOf(judgment.findings)
  const left = roots.length - MOST_FINDINGS
  return [
    term``,
    term`${paint(['bold', colours[kind]], `${icon} ${word}`)}  ${judgment.rehearsal}`,
    ...wrapped(judgment.summary, columns, '  ', '  '),
    ...roots.slice(0, MOST_FINDINGS).flatMap((each) => rootText(each, paint, columns)),
    ...(left > 0 ? [term``, term`  ${counted(left, 'more finding')} in the report.`] : []),
    term``,
    ...table(judgment.slos.map((slo) => sloCells(slo, paint))),
    ...harmText(judgment, paint),
    ...(judgment.healed ? [] : healText(judgment, paint)),
    term``,
    term`  report    ${join(folder, 'report.html')}`,
    term`  evidence  ${join(folder, 'journal.ndjson')}`,
    // The console skips these lines if nothing is unusual.
    ...(judgment.evidence?.kind === 'unchained'
      ? wrapped(sealWords(judgment) ?? '', columns, '            ', '            ')
      : []),
  ]
}

function rootText({ finding, consequences }: Root, paint: Paint, columns: number): readonly TerminalText[] {
  const told = findingText(finding, paint, columns)
  if (consequences.length === 0) return told
  return [...told, ...wrapped(`${consequenceWords(consequences)}.`, columns, '    ', '    ')]
}

export function findingText(finding: Finding, paint: Paint, columns: number): readonly TerminalText[] {
  const colour = finding.weight === 'breach' ? 'red' : 'yellow'
  const mark = finding.weight === 'accepted' ? ' (accepted)' : ''
  return [
    term``,
    term`  ${paint(colour, finding.cause)} ${finding.subject}${mark}`,
    ...wrapped(finding.sentence, columns, '    ', '    '),
    ...wrapped(finding.next, columns, '    Next: ', '          '),
  ]
}

function sloCells(slo: SloResult, paint: Paint): TableCells {
  const [words, look] = sloWords[slo.state]
  const { attempts, quantileMs } = slo.whole
  const more =
    slo.kind === 'latency'
      ? `, ${inPercent(slo.achieved)} within`
      : quantileMs === undefined
        ? ''
        : `, p95 ${quantileMs.toFixed(0)} ms`
  // The ceiling is only in the report: it would not fit a narrow terminal.
  const { ceilingMs: _, ...target } = slo
  const wanted = `${slo.kind === 'availability' ? 'of' : 'for'} ${objectiveWords(target)}`
  return [slo.sli, paint(looks[look], words), achievedText(slo), wanted, `${whole(attempts)} attempts${more}`]
}

function healText(judgment: Judgment, paint: Paint): readonly TerminalText[] {
  const { problem, next } = healWords(judgment)
  return [term``, term`  ${paint('red', problem)} Next: ${next}`]
}

function harmText({ faults, actions }: Judgment, paint: Paint): readonly TerminalText[] {
  if (faults.length + actions.length === 0) return []
  const rows = [
    ...faults.map((each) => harmCells('fault', each.fault, faultWords[each.state], each, paint)),
    ...actions.map((each) => harmCells('action', each.action, actionWords[each.state], each, paint)),
  ]
  return [term``, ...table(rows)]
}

type Harm = Pick<FaultResult, 'failovers' | 'recoveries' | 'reactions' | 'costs'> &
  Partial<Pick<ActionResult, 'refusedEvictions'>>

function harmCells(
  kind: string,
  name: string,
  [words, look]: readonly [string, keyof typeof looks],
  { failovers, recoveries, reactions, costs, refusedEvictions = 0 }: Harm,
  paint: Paint,
): TableCells {
  const expected = [...failovers, ...recoveries, ...reactions]
  const held = expected.filter((each) => each.held).length
  const told = [
    ...(expected.length === 0 ? [] : [`${held} of ${counted(expected.length, 'reaction')} held`]),
    ...(refusedEvictions === 0 ? [] : [`${counted(refusedEvictions, 'eviction')} refused`]),
    ...costText(costs),
  ]
  return [`${kind} ${name}`, paint(looks[look], words), told.join(', ')]
}

/** A harm that was not proven has no cost, because unknown is not zero. */
function costText(costs: readonly HarmCost[]): readonly string[] {
  if (costs.length === 0) return []
  const felt = costs.filter(isFelt)
  if (felt.length === 0) return ['not felt']
  return felt.map(
    (each) =>
      `cost ${budgetShare(each.budgetBurnt, 1)} of the budget of ${costName(each, costs)}${each.tooSlow > 0 ? ` (${each.tooSlow} over the ceiling)` : ''}`,
  )
}

export type TableCells = readonly (string | TerminalText)[]

/** Columns as wide as their widest cell; colour codes have no width. */
export function table(rows: readonly TableCells[]): readonly TerminalText[] {
  const all = rows.map((row) => row.map((cell) => term`${cell}`))
  const widths = (all[0] ?? []).map((_, column) => Math.max(...all.map((row) => widthOf(row[column] ?? term``))))
  return all.map((row) => {
    const padded = row.map((cell, column) => term`${cell}${' '.repeat((widths[column] ?? 0) - widthOf(cell))}`)
    return term.own(term`  ${term.join(padded, '  ')}`.text.trimEnd())
  })
}
