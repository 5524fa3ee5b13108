/** Lines, steps and areas over the plot, with their limits and marks. */
import { type Chart, type ChartLine, type Limit, type PlotMark, thinned } from '../chart.ts'
import { type Html, html } from '../escape/html.ts'
import { type Axis, LEFT, LETTERS_AT, n, PLOT_HEIGHT, RIGHT, type Scale, TOP, tickLabel, WIDTH } from './axes.ts'
import { gridLook, limitLook, limitTextLook, lineLook, markLooks } from './looks.ts'

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
  return html`<g class="right-axis">${labels}<text x="${WIDTH}" y="${LETTERS_AT}" text-anchor="end">${unit} →</text></g>`
}

export function limitSvg(limit: Limit, axis: Axis): Html {
  const y = axis.y(limit.value)
  const right = limit.axis === 'right'
  return html`<g class="limit ${limit.kind}"><line${limitLook(limit)} x1="${LEFT}" x2="${WIDTH - RIGHT}" y1="${n(y)}" y2="${n(y)}"/><text${limitTextLook(limit)} x="${right ? LEFT + 4 : WIDTH - RIGHT - 4}" y="${n(y + (y < TOP + 30 ? 12 : -4))}" text-anchor="${right ? 'start' : 'end'}">${limit.name}</text></g>`
}

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

/** A dotted line with a triangle at its foot. The labels of marks that are close to each other are stacked. */
export function marksSvg(marks: NonNullable<Chart['marks']>, x: Scale): readonly Html[] {
  const floor = TOP + PLOT_HEIGHT
  return marks.map((mark, index) => markSvg(mark, x(mark.at), TOP + 12 + (index % 5) * 12, floor))
}

function markSvg(mark: PlotMark, at: number, y: number, floor: number): Html {
  const looks = markLooks(mark)
  const toLeft = at > WIDTH * 0.75
  const words = html`<text${looks.text} x="${n(at + (toLeft ? -4 : 4))}" y="${y}" text-anchor="${toLeft ? 'end' : 'start'}">${mark.text}</text>`
  return html`<g class="mark ${mark.look}"><line${looks.line} x1="${n(at)}" x2="${n(at)}" y1="${TOP}" y2="${floor}"/><path${looks.foot} d="M${n(at - 4)} ${floor}h8l-4 -7z"/>${words}</g>`
}
