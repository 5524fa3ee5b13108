/** One self-contained page: verdict and causes first, then every chart on one time axis, then tables. Works offline, in print, without scripts, light and dark. */
import type { Judgment } from '../domain/verdict.ts'
import { type Chart, chartSvg, clock, escapeXml, plotArea } from './chart.ts'
import { chartsOf } from './charts.ts'
import { script } from './page-script.ts'
import { style } from './page-style.ts'
import { sections } from './sections.ts'
import type { RunView } from './view.ts'
import { verdictWords } from './words.ts'

export function htmlReport(judgment: Judgment, view: RunView): string {
  const charts = chartsOf(view)
  const words = verdictWords[judgment.verdict.kind]
  return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>${escapeXml(`${words.word}: ${judgment.rehearsal} · matchday`)}</title>
<style>${style}</style>
</head>
<body>
${header(judgment, view)}
<main>
${sections.causes(judgment)}
${sections.objectives(judgment)}
<section id="timeline"><h2>What happened</h2>${legend(view)}${charts.map((chart) => figure(chart, view)).join('\n')}</section>
${sections.faults(judgment, view)}
${sections.autoscalers(judgment)}
${sections.budgets(judgment)}
${sections.ledger(judgment)}
${sections.generator(judgment)}
${sections.again(judgment, view)}
</main>
<script type="application/json" id="series">${seriesJson(charts, view)}</script>
<script>${script}</script>
</body>
</html>
`
}

function header(judgment: Judgment, view: RunView): string {
  const words = verdictWords[judgment.verdict.kind]
  const { rehearsal, target, environment, at } = view.started
  const facts = [
    ['rehearsal', rehearsal.name],
    ['run', judgment.run],
    ['context', `${target.context} / ${target.namespace}`],
    ['started', `${new Date(at).toISOString().slice(0, 19).replace('T', ' ')} UTC`],
    ['length', `${clock(view.seconds)} min`],
    ['Kubernetes', environment.kubernetes],
    ['k6', environment.k6],
    ['seed', String(environment.seed)],
  ]
  return `<header class="${judgment.verdict.kind}">
<p class="verdict"><span aria-hidden="true">${words.icon}</span> ${words.word}</p>
<h1>${escapeXml(judgment.summary)}</h1>
<p class="hypothesis">${escapeXml(rehearsal.hypothesis)}</p>
${judgment.healed ? '' : '<p class="not-healed">Not everything was taken back: run <code>matchday heal</code>.</p>'}
<dl>${facts.map(([name = '', value = '']) => `<div><dt>${name}</dt><dd>${escapeXml(value)}</dd></div>`).join('')}</dl>
</header>`
}

function legend(view: RunView): string {
  const faults = view.faults.map((fault) => {
    const from = fault.injected ?? fault.requested
    const until = fault.healed === undefined ? 'never healed' : `healed ${clock(fault.healed)}`
    return `<li><span class="swatch fault"></span><b>${fault.letter}</b> ${escapeXml(fault.name)}: ${fault.injected === undefined ? 'never injected' : `injected ${clock(from)}`}, ${until}</li>`
  })
  return `<ul class="legend">${faults.join('')}<li><span class="swatch phase"></span>phases, named above each chart</li></ul>`
}

function figure(chart: Chart, view: RunView): string {
  const keys = chart.lines
    .filter((line) => line.points.length > 0)
    .map(
      (line) => `<li><span class="key c${line.colour}${line.dash ? ' dash' : ''}"></span>${escapeXml(line.name)}</li>`,
    )
  return `<figure><figcaption><b>${escapeXml(chart.title)}</b> <span class="unit">${escapeXml(chart.unit)}</span><ul class="keys">${keys.join('')}</ul></figcaption>
${chartSvg(chart, view)}
<p class="caption">${escapeXml(chart.caption)}</p>
<details><summary>as a table</summary>${table(chart, view)}</details></figure>`
}

/** Every line at steps of about a fortieth of the run; the value is the last one seen by then. */
function table(chart: Chart, view: RunView): string {
  const size = Math.max(1, Math.ceil(view.seconds / 40))
  const times = Array.from({ length: Math.floor(view.seconds / size) + 1 }, (_, index) => index * size)
  const rows = times.map(
    (at) =>
      `<tr><th>${clock(at)}</th>${chart.lines.map((line) => `<td>${valueAt(line.points, at)}</td>`).join('')}</tr>`,
  )
  return `<table><thead><tr><th>time</th>${chart.lines.map((line) => `<th>${escapeXml(line.name)}</th>`).join('')}</tr></thead><tbody>${rows.join('')}</tbody></table>`
}

function valueAt(points: Chart['lines'][number]['points'], at: number): string {
  const value = points.findLast(([seconds]) => seconds <= at)?.[1]
  return value === undefined ? '–' : value.toFixed(1).replace(/\.0$/, '')
}

/** Data for the crosshair; `<` is escaped so that no text can end the script element. */
function seriesJson(charts: readonly Chart[], view: RunView): string {
  const data = {
    seconds: view.seconds,
    left: plotArea.left / plotArea.width,
    right: plotArea.right / plotArea.width,
    charts: Object.fromEntries(
      charts.map((chart) => [
        chart.id,
        chart.lines.map((line) => ({
          name: line.name,
          step: line.shape === 'step',
          points: line.points.map(([at, value]) => [Math.round(at * 10) / 10, Math.round(value * 100) / 100]),
        })),
      ]),
    ),
  }
  return JSON.stringify(data).replaceAll('<', '\\u003c')
}
