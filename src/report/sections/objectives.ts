/** Objectives over the whole run, and each by phase and fault. */
import type { Judgment, SloResult, WindowCounts } from '../../domain/verdict.ts'
import { type Html, html } from '../escape/html.ts'
import { achievedText, budgetShare, clock, inMillis, inPercent, objectiveWords, sloWords, whole } from '../words.ts'
import { cell, row, section, table } from './markup.ts'

/** One column, so that the table of the stock rehearsals fits a page of 1280 px. */
const QUANTILES = 'p95 / p99'

const HEADS = [
  'SLI',
  'objective',
  'verdict',
  'achieved',
  'within',
  'at least (95\u00a0%)',
  'attempts',
  'bad',
  'slow',
  'budget used',
  QUANTILES,
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
    cell(slo.kind === 'latency' ? whole(counts.slow) : '–'),
    cell(budgetShare(slo.budgetUsed)),
    cell(quantilesText(slo, counts)),
  ])
}

/** A latency objective is measured at its own quantile, which a column for p95 must name if it is another one. */
const quantilesText = ({ kind, objective }: SloResult, { quantileMs, p99Ms }: WindowCounts): string => {
  const isOther = kind === 'latency' && objective !== 0.95 && quantileMs !== undefined
  const name = isOther ? `p${Number((objective * 100).toFixed(3))} ` : ''
  return quantileMs === undefined && p99Ms === undefined
    ? '–'
    : `${name}${quantileMs?.toFixed(0) ?? '–'} / ${inMillis(p99Ms)}`
}

const windowTable = (slo: SloResult): Html =>
  table(
    ['window', 'from', 'to', 'attempts', 'good', 'bad', 'never ran', 'slow', QUANTILES],
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
        cell(quantilesText(slo, counts)),
      ]),
    ),
    `${slo.sli}, ${objectiveWords(slo)}, by phase and fault`,
  )
