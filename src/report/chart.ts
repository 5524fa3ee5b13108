/** One chart as SVG text: lines or steps over seconds, limits, phases and fault windows shaded. Readable without scripts, in print and in the dark. */
import type { FaultWindow, Point, RunView } from './view.ts'

export type ChartLine = {
  readonly name: string
  readonly points: readonly Point[]
  readonly shape: 'line' | 'step' | 'area'
  readonly colour: 1 | 2 | 3 | 4 | 5 | 6
  readonly dash?: boolean
}
export type Limit = { readonly value: number; readonly name: string; readonly kind: 'target' | 'ceiling' }
export type Chart = {
  readonly id: string
  readonly title: string
  readonly unit: string
  /** One sentence that says what is seen, for those who cannot see it. */
  readonly caption: string
  readonly lines: readonly ChartLine[]
  readonly limits: readonly Limit[]
  readonly range?: { readonly min?: number; readonly max?: number }
}

const WIDTH = 1000
const HEIGHT = 150
const LEFT = 56
const RIGHT = 12
const TOP = 18
const BOTTOM = 22
export const plotArea = { left: LEFT, right: WIDTH - RIGHT, width: WIDTH }

export const escapeXml = (text: string): string => text.replace(/[&<>"']/g, (char) => `&#${char.charCodeAt(0)};`)
const n = (value: number): string => value.toFixed(1).replace(/\.0$/, '')

export function chartSvg(chart: Chart, view: RunView): string {
  const x = (seconds: number): number =>
    LEFT + (Math.max(0, Math.min(seconds, view.seconds)) / view.seconds) * (WIDTH - LEFT - RIGHT)
  const [low, high] = rangeOf(chart)
  const y = (value: number): number =>
    TOP + (1 - (Math.max(low, Math.min(value, high)) - low) / (high - low)) * (HEIGHT - TOP - BOTTOM)
  const parts = [
    ...view.phases.map((phase, index) => phaseBand(phase, index, x)),
    ...view.faults.map((fault) => faultBand(fault, view, x)),
    ...ticks(low, high).map(
      (value) =>
        `<g class="grid"><line x1="${LEFT}" x2="${WIDTH - RIGHT}" y1="${n(y(value))}" y2="${n(y(value))}"/><text x="${LEFT - 6}" y="${n(y(value) + 4)}" text-anchor="end">${label(value, high - low)}</text></g>`,
    ),
    ...timeTicks(view.seconds).map(
      (value) => `<text class="time" x="${n(x(value))}" y="${HEIGHT - 6}" text-anchor="middle">${clock(value)}</text>`,
    ),
    ...chart.limits.map(
      (limit) =>
        `<g class="limit ${limit.kind}"><line x1="${LEFT}" x2="${WIDTH - RIGHT}" y1="${n(y(limit.value))}" y2="${n(y(limit.value))}"/><text x="${WIDTH - RIGHT - 4}" y="${n(y(limit.value) + (y(limit.value) < TOP + 30 ? 12 : -4))}" text-anchor="end">${escapeXml(limit.name)}</text></g>`,
    ),
    ...chart.lines.map((line) => lineSvg(line, x, y, view.seconds, y(low))),
  ]
  return `<svg class="chart" id="${chart.id}" viewBox="0 0 ${WIDTH} ${HEIGHT}" role="img" aria-label="${escapeXml(`${chart.title}. ${chart.caption}`)}">${parts.join('')}<line class="cross" x1="0" x2="0" y1="${TOP}" y2="${HEIGHT - BOTTOM}" visibility="hidden"/></svg>`
}

function rangeOf(chart: Chart): readonly [number, number] {
  const values = [
    ...chart.lines.flatMap((line) => line.points.map(([, value]) => value)),
    ...chart.limits.map((limit) => limit.value),
  ]
  const low = chart.range?.min ?? 0
  const high = chart.range?.max ?? Math.max(low + 1, ...values) * 1.08
  return [low, high > low ? high : low + 1]
}

/** A band too narrow for its name, at the right edge of a run that was stopped, goes without one. */
function phaseBand(phase: RunView['phases'][number], index: number, x: (s: number) => number): string {
  const width = x(phase.to) - x(phase.from)
  if (width <= 0) return ''
  const band = `<rect class="phase p${index % 2}" x="${n(x(phase.from))}" y="${TOP}" width="${n(width)}" height="${HEIGHT - TOP - BOTTOM}"/>`
  if (width < phase.name.length * 6) return band
  return `${band}<text class="phase-name" x="${n(x(phase.from) + 4)}" y="${TOP - 6}">${escapeXml(phase.name)}</text>`
}

/** Requested → injected is light, injected → healed is hatched, and so is a fault that never healed until the end. */
function faultBand(fault: FaultWindow, view: RunView, x: (s: number) => number): string {
  const from = fault.injected ?? fault.requested
  const to = fault.healed ?? view.seconds
  const rect = (kind: string, a: number, b: number): string =>
    `<rect class="fault ${kind}" x="${n(x(a))}" y="${TOP}" width="${n(Math.max(1, x(b) - x(a)))}" height="${HEIGHT - TOP - BOTTOM}"/>`
  const bite = fault.injected === undefined ? rect('requested', fault.requested, to) : rect('injected', from, to)
  return `${bite}<text class="fault-letter" x="${n(x(from) + 3)}" y="${TOP + 12}">${fault.letter}</text>`
}

function lineSvg(
  line: ChartLine,
  x: (s: number) => number,
  y: (v: number) => number,
  seconds: number,
  floor: number,
): string {
  const points = thinned(line.points.filter(([at]) => at >= 0 && at <= seconds))
  const first = points[0]
  const last = points.at(-1)
  if (first === undefined || last === undefined) return ''
  const style = `class="line c${line.colour}${line.dash ? ' dash' : ''}${line.shape === 'area' ? ' area' : ''}"`
  const path = points
    .map(([at, value], index) =>
      index === 0
        ? `M${n(x(at))} ${n(y(value))}`
        : line.shape === 'step'
          ? `H${n(x(at))}V${n(y(value))}`
          : `L${n(x(at))} ${n(y(value))}`,
    )
    .join('')
  if (line.shape === 'step') return `<path ${style} d="${path}H${n(x(seconds))}"/>`
  if (line.shape === 'area')
    return `<path ${style} d="M${n(x(first[0]))} ${n(floor)}${path.replace('M', 'L')}L${n(x(last[0]))} ${n(floor)}Z"/>`
  return `<path ${style} d="${path}"/>`
}

/** More points than pixels tell nothing: of each bucket the lowest and the highest stay, so that no spike is lost. */
function thinned(points: readonly Point[]): readonly Point[] {
  const most = 900
  if (points.length <= most) return points
  const size = Math.ceil(points.length / (most / 2))
  const kept: Point[] = []
  for (let from = 0; from < points.length; from += size) {
    const bucket = points.slice(from, from + size)
    const low = bucket.reduce((a, b) => (b[1] < a[1] ? b : a))
    const high = bucket.reduce((a, b) => (b[1] > a[1] ? b : a))
    kept.push(...(low[0] <= high[0] ? [low, high] : [high, low]))
  }
  return kept
}

function ticks(low: number, high: number): readonly number[] {
  const span = high - low
  const raw = span / 3
  const magnitude = 10 ** Math.floor(Math.log10(raw))
  const size = [1, 2, 5, 10].map((each) => each * magnitude).find((each) => each >= raw) ?? raw
  const first = Math.ceil(low / size) * size
  return Array.from({ length: Math.floor((high - first) / size + 1e-9) + 1 }, (_, index) => first + index * size)
}

const label = (value: number, span: number): string =>
  span < 2 ? value.toFixed(1) : span < 20 ? n(value) : value.toFixed(0)

/** A label about every tenth of the width, at round times. */
function timeTicks(seconds: number): readonly number[] {
  const size = [5, 10, 15, 30, 60, 120, 300, 600, 1800, 3600].find((each) => seconds / each <= 12) ?? 7200
  return Array.from({ length: Math.floor(seconds / size) + 1 }, (_, index) => index * size)
}

export const clock = (seconds: number): string =>
  `${Math.floor(seconds / 60)}:${String(Math.floor(seconds % 60)).padStart(2, '0')}`
