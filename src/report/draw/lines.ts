/** Lines, steps and areas over the plot, with their limits and marks. */
import { type Chart, type ChartLine, type Limit, type Mark, thinned } from '../chart.ts'
import { type Axis, LEFT, LETTERS_AT, n, PLOT_HEIGHT, RIGHT, type Scale, TOP, tickLabel, WIDTH } from './axes.ts'
import { escapeXml } from './xml.ts'

export function gridSvg(axis: Axis): string {
  const lines = axis.ticks.map((value) => {
    const y = n(axis.y(value))
    return `<line x1="${LEFT}" x2="${WIDTH - RIGHT}" y1="${y}" y2="${y}"/><text x="${LEFT - 6}" y="${n(axis.y(value) + 4)}" text-anchor="end">${tickLabel(value, axis)}</text>`
  })
  return `<g class="grid">${lines.join('')}</g>`
}

export function rightAxisSvg(axis: Axis, unit: string): string {
  const labels = axis.ticks.map(
    (value) =>
      `<text x="${WIDTH - RIGHT + 6}" y="${n(axis.y(value) + 4)}" text-anchor="start">${tickLabel(value, axis)}</text>`,
  )
  return `<g class="right-axis">${labels.join('')}<text x="${WIDTH}" y="${LETTERS_AT}" text-anchor="end">${escapeXml(unit)} →</text></g>`
}

export function limitSvg(limit: Limit, axis: Axis): string {
  const y = axis.y(limit.value)
  const right = limit.axis === 'right'
  return `<g class="limit ${limit.kind}"><line x1="${LEFT}" x2="${WIDTH - RIGHT}" y1="${n(y)}" y2="${n(y)}"/><text x="${right ? LEFT + 4 : WIDTH - RIGHT - 4}" y="${n(y + (y < TOP + 30 ? 12 : -4))}" text-anchor="${right ? 'start' : 'end'}">${escapeXml(limit.name)}</text></g>`
}

export function lineSvg(line: ChartLine, x: Scale, axis: Axis, seconds: number): string {
  const points = thinned(line.points.filter(([at]) => at >= 0 && at <= seconds))
  const first = points[0]
  const last = points.at(-1)
  if (first === undefined || last === undefined) return ''
  const style = `class="line c${line.colour}${line.dash ? ' dash' : ''}${line.shape === 'area' ? ' area' : ''}${line.axis ? ' on-right' : ''}"`
  const place = ([at, value]: readonly [number, number]): string => `${n(x(at))} ${n(axis.y(value))}`
  const path = points.map((point, index) => (index === 0 ? `M${place(point)}` : moveTo(line, point, x, axis))).join('')
  if (line.shape === 'step') return `<path ${style} d="${path}H${n(x(seconds))}"/>`
  if (line.shape === 'line') return `<path ${style} d="${path}"/>`
  const floor = n(axis.y(axis.low))
  return `<path ${style} d="M${n(x(first[0]))} ${floor}${path.replace('M', 'L')}L${n(x(last[0]))} ${floor}Z"/>`
}

const moveTo = (line: ChartLine, [at, value]: readonly [number, number], x: Scale, { y }: Axis): string =>
  line.shape === 'step' ? `H${n(x(at))}V${n(y(value))}` : `L${n(x(at))} ${n(y(value))}`

/** A dotted line with a triangle at its foot; the words of close marks stand below each other. */
export function marksSvg(marks: NonNullable<Chart['marks']>, x: Scale): string {
  const floor = TOP + PLOT_HEIGHT
  return marks.map((mark, index) => markSvg(mark, x(mark.at), TOP + 12 + (index % 5) * 12, floor)).join('')
}

function markSvg({ text, look }: Mark, at: number, y: number, floor: number): string {
  const toLeft = at > WIDTH * 0.75
  const words = `<text x="${n(at + (toLeft ? -4 : 4))}" y="${y}" text-anchor="${toLeft ? 'end' : 'start'}">${escapeXml(text)}</text>`
  return `<g class="mark ${look}"><line x1="${n(at)}" x2="${n(at)}" y1="${TOP}" y2="${floor}"/><path d="M${n(at - 4)} ${floor}h8l-4 -7z"/>${words}</g>`
}
