/** A chart with its legend, its sentence and its table, so that readers who cannot see it, or print it, lose nothing. */
import type { Chart, ChartLine, ChartRow, Point } from './chart.ts'
import { chartSvg } from './draw/chart-svg.ts'
import { keyLook } from './draw/looks.ts'
import { type Html, html } from './escape/html.ts'
import type { Drawing } from './lane.ts'
import { table } from './sections/markup.ts'
import { clock, counted } from './words.ts'

export function figure(chart: Chart, drawing: Drawing): Html {
  return html`<figure><figcaption>${figureHead(chart)}</figcaption>
<div class="plot">${chartSvg(chart, drawing)}</div>
<p class="caption">${chart.caption}</p>
<details><summary>as a table</summary>${chart.lines.length > 0 ? lineTable(chart, drawing.seconds) : html``}${rowTable(chart, drawing.seconds)}</details></figure>`
}

export const figureHead = ({ title, unit, lines }: Chart): Html =>
  html`<b>${title}</b> <span class="unit">${unit}</span>${keys(lines)}`

function keys(lines: readonly ChartLine[]): Html {
  const items = lines
    .filter((line) => line.points.length > 0)
    .map(
      (line) =>
        html`<li><svg class="key" width="18" height="8" aria-hidden="true"><line class="c${line.colour}"${keyLook(line)} x2="18" y1="4" y2="4"/></svg>${line.name}</li>`,
    )
  return items.length === 0 ? html`` : html`<ul class="keys">${items}</ul>`
}

/** Every line at steps of about a fortieth of the run; the value is the last one seen by then. */
function lineTable(chart: Chart, seconds: number): Html {
  const size = Math.max(1, Math.ceil(seconds / 40))
  const times = Array.from({ length: Math.floor(seconds / size) + 1 }, (_, index) => index * size)
  const rows = times.map(
    (at) =>
      html`<tr><th scope="row">${clock(at)}</th>${chart.lines.map((line) => html`<td>${valueAt(line.points, at)}</td>`)}</tr>`,
  )
  return table(['time', ...chart.lines.map((line) => line.name)], rows, `${chart.title}, ${chart.unit}`)
}

function valueAt(points: readonly Point[], at: number): string {
  const value = points.findLast(([seconds]) => seconds <= at)?.[1]
  return value === undefined ? '–' : value.toFixed(1).replace(/\.0$/, '')
}

/** The contents of a row in order of time, limited in length, with a note if there is more. */
const MOST_ENTRIES = 60

type Entry = { readonly at: number; readonly to?: number; readonly text: string }

function rowTable({ title, rows = [] }: Chart, seconds: number): Html {
  const lines = rows.flatMap((row) => {
    const entries = entriesOf(row).filter(({ at }) => at <= seconds)
    const left = entries.length - MOST_ENTRIES
    const shown = entries.slice(0, MOST_ENTRIES).map(({ at, to, text }) => entryRow(row.name, at, to, text))
    return left > 0
      ? [
          ...shown,
          entryRow(row.name, undefined, undefined, `${counted(left, 'more entry', 'more entries')} in the journal`),
        ]
      : shown
  })
  return lines.length === 0 ? html`` : table(['row', 'from', 'to', 'what'], lines, `${title}: rows`)
}

const entriesOf = ({ spans = [], steps = [], ticks = [] }: ChartRow): readonly Entry[] =>
  [
    ...spans.map(({ from, to, text }) => ({
      at: from,
      to,
      text,
    })),
    ...steps.map(([at, value]) => ({ at, text: String(value) })),
    ...ticks.map(({ at, text }) => ({ at, text })),
  ].sort((a, b) => a.at - b.at)

const entryRow = (row: string, at: number | undefined, to: number | undefined, text: string): Html =>
  html`<tr><th scope="row">${row}</th><td>${at === undefined ? '' : clock(at)}</td><td>${to === undefined ? '' : clock(to)}</td><td>${text}</td></tr>`
