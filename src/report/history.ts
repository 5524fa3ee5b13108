/** The runs of one rehearsal in order of time, and the trend of each objective: a page, and characters for a terminal. */
import { showMeasuredPercent } from '../domain/show.ts'
import type { Judgment, SloResult, Verdict } from '../domain/verdict.ts'
import { n } from './draw/axes.ts'
import { light } from './draw/palette.ts'
import { type Html, html } from './escape/html.ts'
import { style } from './page-style.ts'
import { cell, row, section, table } from './sections/markup.ts'
import { objectiveWords, wordsOf } from './words.ts'

export type PastRun = { readonly startedAt: number; readonly folder: string; readonly judgment: Judgment }

/** One objective over the runs. A run that did not measure it has no value. */
export type ObjectiveTrend = {
  readonly sli: string
  readonly objective: string
  readonly unit: 'ms' | 'share'
  /** The limit of the objective: its target in ms, or its share. */
  readonly limit: number
  readonly points: readonly { readonly run: string; readonly value?: number; readonly state?: SloResult['state'] }[]
}

/** `runs` in order of time. Objectives are told apart by indicator and kind, and named as the newest run names them. */
export function trendsOf(runs: readonly PastRun[]): readonly ObjectiveTrend[] {
  const newest = runs.at(-1)?.judgment.slos ?? []
  return newest.map((slo) => ({
    sli: slo.sli,
    objective: objectiveWords(slo),
    unit: slo.kind === 'latency' ? 'ms' : 'share',
    limit: slo.kind === 'latency' ? (slo.targetMs ?? 0) : slo.objective,
    points: runs.map(({ judgment }) => {
      const then = judgment.slos.find(({ sli, kind }) => sli === slo.sli && kind === slo.kind)
      const value = then?.kind === 'latency' ? then.whole.quantileMs : then?.achieved
      return { run: judgment.run, ...(value === undefined ? {} : { value }), ...(then ? { state: then.state } : {}) }
    }),
  }))
}

const BARS = ['▁', '▂', '▃', '▄', '▅', '▆', '▇', '█']

/** `▁▂▅█`: lowest to highest value; a blank where there is none. */
export function sparkline(values: readonly (number | undefined)[]): string {
  const known = values.filter((each) => each !== undefined)
  const [low, high] = [Math.min(...known), Math.max(...known)]
  return values
    .map((each) => {
      if (each === undefined) return ' '
      const share = high > low ? (each - low) / (high - low) : 0
      return BARS[Math.round(share * (BARS.length - 1))] ?? ' '
    })
    .join('')
}

export const trendValue = ({ unit }: Pick<ObjectiveTrend, 'unit'>, value: number | undefined): string =>
  value === undefined ? '–' : unit === 'ms' ? `${value.toFixed(0)} ms` : showMeasuredPercent(value)

const HISTORY_STYLE =
  '.trend{width:100%;height:auto;min-width:560px;background:#fff;border-radius:4px}figure{margin:0 0 16px}'

export function historyPage(rehearsal: string, runs: readonly PastRun[]): string {
  return html`<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>${`History: ${rehearsal} · matchday`}</title>
<style>${html.own(style + HISTORY_STYLE)}</style>
</head>
<body>
<header><h1>${rehearsal}</h1><p class="hypothesis">${`${runs.length} runs, oldest first`}</p></header>
<main>
${section('trends', 'Objectives', html`${trendsOf(runs).map(figureOf)}`)}
${section('runs', 'Runs', table(['started', 'verdict', 'summary', 'folder'], runs.toReversed().map(runRow), 'Runs'))}
</main>
</body>
</html>
`.text
}

const looks: Readonly<Record<Verdict['kind'], string>> = {
  pass: 'good',
  fail: 'bad',
  aborted: 'warn',
  inconclusive: 'warn',
}

function runRow({ startedAt, folder, judgment }: PastRun): Html {
  const { kind } = judgment.verdict
  const { icon, word } = wordsOf(judgment.verdict)
  const when = new Date(startedAt).toISOString().slice(0, 16).replace('T', ' ')
  return row([cell(`${when} UTC`), cell(`${icon} ${word}`, looks[kind]), cell(judgment.summary), cell(folder)])
}

const [WIDTH, HEIGHT, LEFT, RIGHT, PAD] = [1000, 120, 80, 20, 18]
const colours = (state: SloResult['state'] | undefined): string =>
  state === 'proven' ? light.good : state === 'missed' ? light.bad : light.warn

function figureOf(trend: ObjectiveTrend): Html {
  const known = trend.points.flatMap(({ value }) => value ?? [])
  const title = `${trend.sli}: ${trend.objective}`
  if (known.length === 0) return html`<figure><figcaption>${title}: never measured</figcaption></figure>`
  const [low, high] = [Math.min(...known, trend.limit), Math.max(...known, trend.limit)]
  const room = high > low ? (high - low) * 0.1 : Math.max(Math.abs(high) * 0.1, 1e-6)
  const y = (value: number) => PAD + (1 - (value - low + room) / (high - low + 2 * room)) * (HEIGHT - 2 * PAD)
  const step = (WIDTH - LEFT - RIGHT) / Math.max(1, trend.points.length - 1)
  const placed = trend.points.flatMap(({ run, value, state }, index) =>
    value === undefined ? [] : [{ x: LEFT + index * step, y: y(value), run, value, state }],
  )
  const limit = n(y(trend.limit))
  return html`<figure><figcaption>${title}</figcaption><svg class="trend" viewBox="0 0 ${WIDTH} ${HEIGHT}" role="img" aria-label="${title}">
<line x1="${LEFT}" x2="${WIDTH - RIGHT}" y1="${limit}" y2="${limit}" stroke="${light.ink}" stroke-dasharray="4 3"/>
<text x="${LEFT - 8}" y="${limit}" text-anchor="end" dominant-baseline="middle" font-size="12" fill="${light.soft}">${trendValue(trend, trend.limit)}</text>
<polyline fill="none" stroke="${light.c1}" stroke-width="2" points="${placed.map((at) => `${n(at.x)},${n(at.y)}`).join(' ')}"/>
${placed.map((at) => html`<circle cx="${n(at.x)}" cy="${n(at.y)}" r="4" fill="${colours(at.state)}"><title>${`${at.run}: ${trendValue(trend, at.value)}`}</title></circle>`)}
</svg></figure>`
}
