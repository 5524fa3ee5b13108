/** The page of a comparison: outcome first, then the forest plot, then every figure. Self-contained, works offline, in print and without scripts. */
import type { Comparison, Measure } from '../../domain/comparison.ts'
import { type Html, html } from '../escape/html.ts'
import { style } from '../page-style.ts'
import { cell, row, section, table } from '../sections/markup.ts'
import { forest } from './forest.ts'
import { changeText, lossSize, outcomeWords, reactionValue, sides, stateWords, unitWords, valueText } from './words.ts'

/** The plot is drawn for a light page; on a dark one it keeps a light ground. */
const FOREST_STYLE = `
.forest{width:100%;height:auto;min-width:640px;background:#fff;border-radius:4px}figure{margin:0 0 18px}figcaption{font-weight:600;margin-bottom:4px}.plot{overflow-x:auto}.key{color:var(--soft);font-size:13px}
`

export function comparisonPage(comparison: Comparison): string {
  const { icon, word, kind } = outcomeWords[comparison.outcome]
  const { objectives, others } = comparison
  return html`<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>${`${word}: ${comparison.rehearsal} · matchday compare`}</title>
<style>${html.own(style + FOREST_STYLE)}</style>
</head>
<body>
<header class="${kind}">
<p class="verdict"><span aria-hidden="true">${icon}</span> ${word}</p>
<h1>${comparison.summary}</h1>
<dl>${factsOf(comparison).map(([name = '', value = '']) => html`<div><dt>${name}</dt><dd>${value}</dd></div>`)}</dl>
</header>
<main>
${list('gaps', 'Why it is undecided', comparison.gaps)}
${section('objectives', 'Objectives that gate', html`${forest(objectives)}<p class="key">Diamond: estimate. Bar: 90 % interval. Dashed: margin. A release is worse when its bar is proven right of “no change”, and not worse when it is proven left of its margin.</p>${figures(objectives, 'Objectives that gate')}`)}
${others.length > 0 ? section('others', 'Shown, and not gating', html`${forest(others)}${figures(others, 'Shown, and not gating')}`) : html``}
${reactions(comparison)}
${list('limits', 'What this cannot show', comparison.limits)}
${voids(comparison)}
${section('pairs', 'Every pair', html`${[...objectives, ...others].filter(({ values }) => values.length > 0).map(pairTable)}`)}
</main>
</body>
</html>
`.text
}

function factsOf(comparison: Comparison): readonly (readonly string[])[] {
  const { rehearsal, run, unit, pairs, pairsMost, voidPairs, rules } = comparison
  return [
    ['rehearsal', rehearsal],
    ...(run === undefined ? [] : [['run', run]]),
    ['releases', sides(comparison)],
    ['unit', unitWords[unit]],
    ['pairs', `${pairs} of at most ${pairsMost}${voidPairs.length > 0 ? `, ${voidPairs.length} void` : ''}`],
    ['false alarms', `at most ${rules.alpha * 100} % over all objectives and looks`],
  ]
}

const HEADS = [
  'statistic',
  'verdict',
  'A',
  'B',
  'change',
  '90 % interval',
  'margin',
  'could see',
  'pairs',
  'sd',
  'p worse',
  'p within margin',
]

const figures = (measures: readonly Measure[], name: string): Html => table(HEADS, measures.map(figureRow), name)

function figureRow(measure: Measure): Html {
  const { sli, statistic, a, b, estimate, interval, margin, smallest, pairs, sd, pWorse, pNotWorse } = measure
  const [words, look] = stateWords(measure)
  return row([
    cell(`${sli} ${statistic}`),
    cell(words, look),
    cell(valueText(measure, a)),
    cell(valueText(measure, b)),
    cell(estimate === undefined ? '–' : changeText(measure, estimate)),
    cell(interval === undefined ? '–' : `${changeText(measure, interval[0])} to ${changeText(measure, interval[1])}`),
    cell(lossSize(measure, margin)),
    cell(lossSize(measure, smallest)),
    cell(String(pairs)),
    cell(sd === undefined ? '–' : sd.toPrecision(2)),
    cell(pText(pWorse)),
    cell(pText(pNotWorse)),
  ])
}

const pText = (p: number | undefined): string => (p === undefined ? '–' : p < 0.0001 ? '< 0.0001' : p.toPrecision(2))

const list = (id: string, title: string, sentences: readonly string[]): Html =>
  sentences.length === 0
    ? html``
    : section(id, title, html`<ul>${sentences.map((each) => html`<li>${each}</li>`)}</ul>`)

const pairTable = (measure: Measure): Html =>
  html`<details><summary>${`${measure.sli} ${measure.statistic}`}</summary>${table(
    ['pair', 'A', 'B', 'change'],
    measure.values.map(({ pair, a, b }) =>
      row([
        cell(String(pair)),
        cell(valueText(measure, a)),
        cell(valueText(measure, b)),
        cell(changeText(measure, measure.kind === 'latency' ? b / a : b - a)),
      ]),
    ),
    `${measure.sli} ${measure.statistic} of every pair`,
  )}</details>`

function reactions({ reactions: all }: Comparison): Html {
  if (all.length === 0) return html``
  const rows = all.map(({ what, unit, a, b }) => {
    const values = (side: readonly number[]) => side.map((each) => reactionValue(unit, each)).join(', ') || '–'
    return row([cell(what), cell(values(a)), cell(values(b))])
  })
  return section('reactions', 'Under faults', table(['what', 'A', 'B'], rows, 'Under faults'))
}

const voids = ({ voidPairs }: Comparison): Html =>
  list(
    'voids',
    'Void pairs',
    voidPairs.map(({ pair, reasons }) => `Pair ${pair}: ${reasons.join('; ')}.`),
  )
