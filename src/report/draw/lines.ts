/** Lines, steps and areas over the plot, with their limits and marks. Labels are in `labels.ts`. */
import { type ChartLine, type Limit, type PlotMark, thinned } from '../chart.ts'
import { type Html, html } from '../escape/html.ts'
import { type Axis, LEFT, n, PLOT_HEIGHT, RIGHT, type Scale, TOP, tickLabel, WIDTH } from './axes.ts'
import { type Curve, curveOf } from './labels.ts'
import { gridLook, limitLook, lineLook, markLooks } from './looks.ts'

export function gridSvg(axis: Axis): Html {
  const lines = axis.ticks.map((value) => {
    const y = n(axis.y(value))
    return html`<line${gridLook} x1="${LEFT}" x2="${WIDTH - RIGHT}" y1="${y}" y2="${y}"/><text x="${LEFT - 6}" y="${n(axis.y(value) + 4)}" text-anchor="end">${tickLabel(value, axis)}</text>`
  })
  return html`<g class="grid">${lines}</g>`
}

export function rightAxisSvg(axis: Axis, unit: string): Html {
  const labels = axis.ticks.map(
    (value) =>
      html`<text x="${WIDTH - RIGHT + 6}" y="${n(axis.y(value) + 4)}" text-anchor="start">${tickLabel(value, axis)}</text>`,
  )
  return html`<g class="right-axis">${labels}<text transform="translate(${WIDTH - 3} ${TOP + PLOT_HEIGHT / 2}) rotate(-90)" text-anchor="middle">${unit}</text></g>`
}

export function limitSvg(limit: Limit, axis: Axis): Html {
  const y = n(axis.y(limit.value))
  return html`<g class="limit ${limit.kind}"><line${limitLook(limit)} x1="${LEFT}" x2="${WIDTH - RIGHT}" y1="${y}" y2="${y}"/></g>`
}

/** What the line covers, for labels that keep clear of it. */
export const curveUnder = (line: ChartLine, x: Scale, axis: Axis, seconds: number): Curve =>
  curveOf(
    thinned(line.points.filter(([at]) => at >= 0 && at <= seconds)).map(([at, value]) => [x(at), axis.y(value)]),
    line.shape === 'step',
  )

export function lineSvg(line: ChartLine, x: Scale, axis: Axis, seconds: number): Html {
  const points = thinned(line.points.filter(([at]) => at >= 0 && at <= seconds))
  const first = points[0]
  const last = points.at(-1)
  if (first === undefined || last === undefined) return html``
  const style = html`class="line c${line.colour}${line.shape === 'area' ? ' area' : ''}"${lineLook(line)}`
  const place = ([at, value]: readonly [number, number]): string => `${n(x(at))} ${n(axis.y(value))}`
  const path = points.map((point, index) => (index === 0 ? `M${place(point)}` : moveTo(line, point, x, axis))).join('')
  if (line.shape === 'step') return html`<path ${style} d="${path}H${n(x(seconds))}"/>`
  if (line.shape === 'line') return html`<path ${style} d="${path}"/>`
  const floor = n(axis.y(axis.low))
  return html`<path ${style} d="M${n(x(first[0]))} ${floor}${path.replace('M', 'L')}L${n(x(last[0]))} ${floor}Z"/>`
}

const moveTo = (line: ChartLine, [at, value]: readonly [number, number], x: Scale, { y }: Axis): string =>
  line.shape === 'step' ? `H${n(x(at))}V${n(y(value))}` : `L${n(x(at))} ${n(y(value))}`

/** A dotted line with a triangle at its foot. */
export function markSvg(mark: PlotMark, x: Scale): Html {
  const looks = markLooks(mark)
  const [at, floor] = [n(x(mark.at)), TOP + PLOT_HEIGHT]
  return html`<g class="mark ${mark.look}"><line${looks.line} x1="${at}" x2="${at}" y1="${TOP}" y2="${floor}"/><path${looks.foot} d="M${at} ${floor - 7}l4 7h-8z"/></g>`
}
