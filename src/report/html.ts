/** One self-contained page: verdict and causes first, then every chart on one time axis, then tables. Works offline, in print, without scripts, light and dark. */
import type { Judgment } from '../domain/verdict.ts'
import { hatches } from './draw/bands.ts'
import { escapeXml } from './draw/xml.ts'
import { figure } from './figure.ts'
import { biteOf, type Harm } from './harms.ts'
import { script } from './page-script.ts'
import { style } from './page-style.ts'
import { sections } from './sections/all.ts'
import { seriesJson } from './series.ts'
import type { RunView } from './view.ts'
import { clock, verdictWords } from './words.ts'

export function htmlReport(judgment: Judgment, view: RunView): string {
  const charts = view.charts(judgment)
  const words = verdictWords[judgment.verdict.kind]
  const drawing = { ...view, judgment }
  const { first, rest } = sections
  return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>${escapeXml(`${words.word}: ${judgment.rehearsal} · matchday`)}</title>
<style>${style}</style>
</head>
<body>
${hatches}
${header(judgment, view)}
<main>
${first.map((section) => section(judgment, view)).join('\n')}
<section id="timeline"><h2>What happened</h2>${legend(view)}${charts.map((chart) => figure(chart, drawing)).join('\n')}</section>
${rest
  .map((section) => section(judgment, view))
  .filter((text) => text !== '')
  .join('\n')}
</main>
<script type="application/json" id="series">${seriesJson(charts, view.seconds)}</script>
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

function legend({ harms, seconds }: RunView): string {
  const items = harms.map(
    (harm) =>
      `<li><span class="swatch ${harm.kind}"></span><b>${harm.letter}</b> ${escapeXml(`${harm.name}: ${lifeOf(harm, seconds)}`)}</li>`,
  )
  return `<ul class="legend">${items.join('')}<li><span class="swatch phase"></span>phases, named above each chart</li></ul>`
}

function lifeOf(harm: Harm, seconds: number): string {
  const [began, ended] = harm.kind === 'fault' ? ['injected', 'healed'] : ['begun', 'undone']
  const bite = biteOf(harm, seconds)
  if (bite === undefined) return `never ${began}`
  const done = harm.kind === 'action' && harm.done !== undefined ? [`done ${clock(harm.done)}`] : []
  return [`${began} ${clock(bite[0])}`, ...done, ...endOf(harm, ended)].join(', ')
}

function endOf({ healed, kept, lasts }: Harm, ended: string): readonly string[] {
  if (healed !== undefined) return [`${ended} ${clock(healed)}`]
  return lasts && kept === undefined ? [`never ${ended}`] : []
}
