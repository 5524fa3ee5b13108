/** One self-contained page: verdict and causes first, then every chart on one time axis, then tables. Works offline, in print, without scripts, light and dark. */
import type { Judgment } from '../domain/verdict.ts'
import { hatches } from './draw/hatches.ts'
import { swatchLook } from './draw/looks.ts'
import { type Html, html, scriptJson } from './escape/html.ts'
import { figure } from './figure.ts'
import { biteOf, type DrawnHarm } from './harms.ts'
import { script } from './page-script.ts'
import { style, themeSwitch } from './page-style.ts'
import { type Section, sections } from './sections/all.ts'
import { seriesOf } from './series.ts'
import type { RunView } from './view.ts'
import { clock, healWords, wordsOf } from './words.ts'

export function htmlReport(judgment: Judgment, view: RunView): string {
  const charts = view.charts(judgment)
  const words = wordsOf(judgment.verdict)
  const drawing = { ...view, judgment }
  const drawn = (all: readonly Section[]) =>
    all.map((section) => section(judgment, view)).filter(({ text }) => text !== '')
  const [before, after] = [drawn(sections.first), drawn(sections.rest)]
  return html`<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>${`${words.word}: ${judgment.rehearsal} · matchday`}</title>
<style>${html.own(style)}</style>
</head>
<body>
${hatches}
${header(judgment, view)}
<div class="tools">${contents(before, after, charts.length > 0)}${themeSwitch}</div>
<main>
${html.join(before)}
<section id="timeline"><h2>What happened</h2>${legend(view)}${html.join(charts.map((chart) => figure(chart, drawing)))}</section>
${html.join(after)}
</main>
<script type="application/json" id="series">${scriptJson(seriesOf(charts, view))}</script>
<script>${html.own(script)}</script>
</body>
</html>
`.text
}

/** Links to the sections that this run has, in the order of the page. */
function contents(before: readonly Html[], after: readonly Html[], charted: boolean): Html {
  const charts = charted ? [html`<li><a href="#timeline">What happened</a></li>`] : []
  const items = [...before.flatMap(linkTo), ...charts, ...after.flatMap(linkTo)]
  return html`<nav class="contents" aria-label="Contents"><ul>${items}</ul></nav>`
}

function linkTo({ text }: Html): readonly Html[] {
  const [, id, title] = /^<section id="([\w-]+)"><h2>([^<]*)<\/h2>/.exec(text) ?? []
  return id === undefined || title === undefined
    ? []
    : [html`<li><a href="#${html.own(id)}">${html.own(title)}</a></li>`]
}

function header(judgment: Judgment, view: RunView): Html {
  const words = wordsOf(judgment.verdict)
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
    ...(environment.podNetwork === undefined ? [] : [['pod network', environment.podNetwork]]),
  ]
  return html`<header class="${judgment.verdict.kind}">
<p class="verdict"><span aria-hidden="true">${words.icon}</span> ${words.word}</p>
<h1>${judgment.summary}</h1>
<p class="hypothesis">${rehearsal.hypothesis}</p>
${judgment.healed ? html`` : html`<p class="not-healed">${healWords(judgment).problem} Next: ${healWords(judgment).next}.</p>`}
<dl>${facts.map(([name = '', value = '']) => html`<div><dt>${name}</dt><dd>${value}</dd></div>`)}</dl>
</header>`
}

function legend({ harms, seconds }: RunView): Html {
  const items = harms.map(
    (harm) => html`<li>${swatch(harm)}<b>${harm.letter}</b> ${`${harm.name}: ${lifeOf(harm, seconds)}`}</li>`,
  )
  return html`<ul class="legend">${items}<li>${swatch()}phases, named above each chart</li></ul>`
}

/** Wide enough to show how a harm is hatched; without one, a phase. */
const swatch = (of?: DrawnHarm): Html =>
  html`<svg class="swatch" width="30" height="13" aria-hidden="true"><rect class="${of?.kind ?? 'phase'}"${swatchLook(of)} width="30" height="13"/></svg>`

function lifeOf(harm: DrawnHarm, seconds: number): string {
  const [began, ended] = harm.kind === 'fault' ? ['injected', 'healed'] : ['begun', 'undone']
  const bite = biteOf(harm, seconds)
  if (bite === undefined) return `never ${began}`
  const done = harm.kind === 'action' && harm.done !== undefined ? [`done ${clock(harm.done)}`] : []
  return [`${began} ${clock(bite[0])}`, ...done, ...endOf(harm, ended)].join(', ')
}

function endOf({ healed, kept, lasts }: DrawnHarm, ended: string): readonly string[] {
  if (healed !== undefined) return [`${ended} ${clock(healed)}`]
  return lasts && kept === undefined ? [`never ${ended}`] : []
}
