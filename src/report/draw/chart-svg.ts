/** One chart as SVG text: plot, rows, limits, marks, shaded phases and harms. Readable without scripts, in print and in the dark theme. */
import type { Chart } from '../chart.ts'
import { type Html, html } from '../escape/html.ts'
import type { Drawing } from '../lane.ts'
import {
  BOTTOM,
  LEFT,
  leftAxis,
  n,
  PLOT_HEIGHT,
  RIGHT,
  rightAxis,
  type Scale,
  TOP,
  timeAxis,
  timed,
  timeScale,
  WIDTH,
} from './axes.ts'
import { harmBands, harmLetters, phaseBand } from './bands.ts'
import { labelsSvg } from './labels.ts'
import { curveUnder, gridSvg, limitSvg, lineSvg, markSvg, rightAxisSvg } from './lines.ts'
import { chartLook, crossLook, nowLook } from './looks.ts'
import { rowsHeight, rowsSvg } from './rows.ts'

/** As shares of the width, for the crosshair. */
export const plotArea = { left: LEFT / WIDTH, right: (WIDTH - RIGHT) / WIDTH, width: WIDTH }

export function chartSvg(chart: Chart, drawing: Drawing): Html {
  const x = timeScale(drawing.axis)
  const rows = chart.rows ?? []
  const plot = chart.lines.length > 0 ? PLOT_HEIGHT : 0
  // Some space between the plot and its rows.
  const rowsTop = TOP + plot + (plot > 0 && rows.length > 0 ? 4 : 0)
  const body = rowsTop - TOP + rowsHeight(rows)
  const height = TOP + body + BOTTOM
  const plotted = plot > 0 ? plotParts(chart, drawing, x) : undefined
  const parts = [
    timed(...drawing.phases.map((phase, index) => phaseBand(phase, index, x, body)), ...harmBands(drawing, x, body)),
    ...(plotted === undefined ? [] : [...plotted.ground, timed(...plotted.curves), plotted.fixed]),
    ...rowsSvg(rows, x, drawing.seconds, rowsTop),
    timed(
      ...(plotted === undefined ? [] : [plotted.labels]),
      ...harmLetters(drawing, x),
      ...nowLine(drawing, x, TOP + body),
    ),
    timeAxis(drawing.axis, x, height),
  ]
  return html`<svg class="chart"${chartLook} id="${chart.id}" viewBox="0 0 ${WIDTH} ${height}" role="img" aria-label="${`${chart.title}. ${chart.caption}`}">${parts}<line class="cross"${crossLook} x1="0" x2="0" y1="${TOP}" y2="${TOP + body}" visibility="hidden"/></svg>`
}

/** While a run is under way: where it is now. */
const nowLine = ({ axis, seconds }: Drawing, x: Scale, bottom: number): readonly Html[] =>
  axis > seconds
    ? [
        html`<line class="now"${nowLook} x1="${n(x(seconds))}" x2="${n(x(seconds))}" y1="${TOP}" y2="${n(bottom)}"><title>now</title></line>`,
      ]
    : []

type PlotParts = {
  readonly ground: readonly Html[]
  readonly curves: readonly Html[]
  /** Labels that stay where they are when the time axis is zoomed. */
  readonly fixed: Html
  readonly labels: Html
}

function plotParts(chart: Chart, { seconds }: Drawing, x: Scale): PlotParts {
  const [left, right] = [leftAxis(chart), rightAxis(chart)]
  const axisOf = (each: { readonly axis?: 'right' }) => (each.axis ? right : left)
  const { fixed, timed: labels } = labelsSvg(
    chart,
    axisOf,
    x,
    chart.lines.map((line) => curveUnder(line, x, axisOf(line), seconds)),
  )
  return {
    ground: [
      gridSvg(left),
      ...(chart.right === undefined ? [] : [rightAxisSvg(right, chart.right)]),
      ...chart.limits.map((limit) => limitSvg(limit, axisOf(limit))),
    ],
    curves: [
      ...chart.lines.map((line) => lineSvg(line, x, axisOf(line), seconds)),
      ...(chart.marks ?? []).map((mark) => markSvg(mark, x)),
    ],
    fixed,
    labels,
  }
}
