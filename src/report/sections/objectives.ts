/** Objectives over the whole run, and each by phase and fault. */
import type { Judgment, SloResult, WindowCounts } from '../../domain/verdict.ts'
import { type Html, html } from '../escape/html.ts'
import { achievedText, budgetShare, clock, inMillis, inPercent, objectiveWords, sloWords, whole } from '../words.ts'
import { cell, row, section, table } from './markup.ts'

const HEADS = [
  'SLI',
  'objective',
  'verdict',
  'achieved',
  'within',
  'at least (95 %)',
  'attempts',
  'bad',
  'slow',
  'budget used',
  'p95',
  'p99',
]

export function objectives({ slos }: Judgment): Html {
  const windows = slos.map(
    (slo) =>
      html`<details><summary>${`${slo.sli}, ${objectiveWords(slo)}, by phase and fault`}</summary>${windowTable(slo)}</details>`,
  )
  return section('objectives', 'Objectives', html`${table(HEADS, slos.map(sloRow), 'Objectives')}${windows}`)
}

function sloRow(slo: SloResult): Html {
  const [words, look] = sloWords[slo.state]
  const { whole: counts } = slo
  return row([
    cell(slo.sli),
    cell(objectiveWords(slo)),
    cell(words, look),
    cell(achievedText(slo)),
    cell(slo.kind === 'latency' ? inPercent(slo.achieved) : '–'),
    cell(inPercent(slo.lowerBound)),
    cell(whole(counts.attempts)),
    cell(whole(counts.bad + counts.neverRan)),
    cell(slo.kind === 'latency' ? `${whole(counts.slow)} slow` : '–'),
    cell(budgetShare(slo.budgetUsed)),
    cell(quantileText(slo, counts)),
    cell(inMillis(counts.p99Ms)),
  ])
}

/** A latency objective is measured at its own quantile, which a column for p95 must name if it is another one. */
const quantileText = ({ kind, objective }: SloResult, { quantileMs }: WindowCounts): string =>
  kind === 'latency' && objective !== 0.95 && quantileMs !== undefined
    ? `p${Number((objective * 100).toFixed(3))} ${inMillis(quantileMs)}`
    : inMillis(quantileMs)

const windowTable = (slo: SloResult): Html =>
  table(
    ['window', 'from', 'to', 'attempts', 'good', 'bad', 'never ran', 'slow', 'p95', 'p99'],
    slo.windows.map(({ name, fromMs, toMs, counts, kind }) =>
      row([
        cell(`${kind === 'fault' ? 'fault ' : ''}${name}`),
        cell(clock(fromMs / 1000)),
        cell(clock(toMs / 1000)),
        cell(whole(counts.attempts)),
        cell(whole(counts.good)),
        cell(whole(counts.bad)),
        cell(whole(counts.neverRan)),
        cell(whole(counts.slow)),
        cell(quantileText(slo, counts)),
        cell(inMillis(counts.p99Ms)),
      ]),
    ),
    `${slo.sli}, ${objectiveWords(slo)}, by phase and fault`,
  )
