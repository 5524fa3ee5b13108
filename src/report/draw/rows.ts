/** Rows below (or instead of) a plot, all on its time axis: spans as bars, steps as a low silhouette with numbers, ticks as strokes. */
import { type ChartRow, type Point, type Span, type Tick, thinned } from '../chart.ts'
import { type Html, html } from '../escape/html.ts'
import { LEFT, n, RIGHT, ROW_HEIGHT, type Scale, timed, WIDTH } from './axes.ts'
import { rowLooks, spanLook, tickLook } from './looks.ts'

const PADDING = 3
/** Average width of a character at 11 px. */
const LETTER_WIDTH = 6.2

export const rowsHeight = (rows: readonly ChartRow[]): number => rows.length * ROW_HEIGHT

export function rowsSvg(rows: readonly ChartRow[], x: Scale, seconds: number, top: number): readonly Html[] {
  return rows.map((row, index) => rowSvg(row, x, seconds, top + index * ROW_HEIGHT))
}

function rowSvg(row: ChartRow, x: Scale, seconds: number, top: number): Html {
  const floor = top + ROW_HEIGHT - PADDING
  const parts = [
    html`<line class="floor"${rowLooks.floor} x1="${LEFT}" x2="${WIDTH - RIGHT}" y1="${n(floor)}" y2="${n(floor)}"/>`,
    html`<text x="${LEFT - 6}" y="${n(floor - 4)}" text-anchor="end">${shortened(row.name)}<title>${row.name}</title></text>`,
    timed(
      ...(row.steps ? stepsSvg(row, row.steps, x, seconds, floor) : []),
      ...(row.spans ?? []).map((span, index, all) => spanSvg(span, x, top, all[index + 1])),
      ...(row.ticks ?? []).map((tick) => tickSvg(tick, x, floor)),
      ...(row.words === undefined ? [] : [wordsSvg(row.words, row.spans ?? [], x, floor)]),
    ),
  ]
  return html`<g class="row">${parts}</g>`
}

const shortened = (name: string): string => {
  const most = Math.floor((LEFT - 8) / LETTER_WIDTH)
  return name.length <= most ? name : `${name.slice(0, most - 1)}…`
}

/** Text that does not fit into a span is placed after it, if the next span leaves room. */
function spanSvg(span: Span, x: Scale, top: number, next: Span | undefined): Html {
  const from = x(span.from)
  const width = Math.max(2, x(span.to) - from)
  const length = span.text.length * LETTER_WIDTH + 6
  const behind = (next === undefined ? WIDTH - RIGHT : x(next.from)) - from - width
  const place = length < width ? from + 4 : length < behind ? from + width + 4 : undefined
  const words =
    place === undefined || span.quiet
      ? html``
      : html`<text${rowLooks.spanText} x="${n(place)}" y="${n(top + ROW_HEIGHT - 7)}">${span.text}</text>`
  return html`<g class="span ${span.look}"><rect${spanLook(span.look, span.pattern)} x="${n(from)}" y="${n(top + PADDING)}" width="${n(width)}" height="${ROW_HEIGHT - 2 * PADDING}"><title>${span.text}</title></rect>${words}</g>`
}

/** After the spans, before them, or in the outline of the plan, never over the name of the row; where nothing has room, at the right edge. */
function wordsSvg(words: string, spans: readonly Span[], x: Scale, floor: number): Html {
  const [edge, length] = [WIDTH - RIGHT, words.length * LETTER_WIDTH]
  const afterAll = endOf(spans, x)
  const before = x(Math.min(Number.MAX_VALUE, ...spans.map(({ from }) => from))) - 6
  const inOutline = endOf(
    spans.filter(({ look }) => look !== 'planned'),
    x,
  )
  const after = [afterAll, before - length >= LEFT ? undefined : inOutline].find(
    (place) => place !== undefined && place + length <= edge,
  )
  const place = after ?? (before - length >= LEFT ? before : edge)
  return html`<text class="words"${rowLooks.words} x="${n(place)}" y="${n(floor - 4)}" text-anchor="${after === undefined ? 'end' : 'start'}">${words}</text>`
}

const endOf = (spans: readonly Span[], x: Scale): number => x(Math.max(0, ...spans.map(({ to }) => to))) + 6

/** The number is written at each change if there is room. */
function stepsSvg(row: ChartRow, steps: readonly Point[], x: Scale, seconds: number, floor: number): readonly Html[] {
  const shown = thinned(steps.filter(([at]) => at <= seconds))
  if (shown.length === 0) return []
  const max = Math.max(1, row.max ?? 0, ...shown.map(([, value]) => value))
  const height = (value: number): number => (value / max) * (ROW_HEIGHT - 2 * PADDING)
  const path = shown.map(([at, value]) => `H${n(x(at))}V${n(floor - height(value))}`).join('')
  const area = html`<path class="steps"${rowLooks.steps} d="M${n(x(shown[0]?.[0] ?? 0))} ${n(floor)}${path}H${n(x(seconds))}V${n(floor)}Z"/>`
  return [area, ...(row.noneIsBad ? noneAtAll(shown, x, seconds, floor) : []), ...numbers(shown, x, floor)]
}

function noneAtAll(steps: readonly Point[], x: Scale, seconds: number, floor: number): readonly Html[] {
  return steps.flatMap(([at, value], index) => {
    const until = steps[index + 1]?.[0] ?? seconds
    if (value > 0 || until <= at) return []
    const width = n(Math.max(1.5, x(until) - x(at)))
    return [html`<rect class="none"${rowLooks.none} x="${n(x(at))}" y="${n(floor - 3)}" width="${width}" height="3"/>`]
  })
}

function numbers(steps: readonly Point[], x: Scale, floor: number): readonly Html[] {
  let free = Number.NEGATIVE_INFINITY
  return steps.flatMap(([at, value], index) => {
    const place = x(at) + 3
    const next = steps[index + 1]
    const width = String(value).length * LETTER_WIDTH + 4
    if (place < free || (next !== undefined && x(next[0]) - place < width - 3)) return []
    free = place + width
    return [html`<text class="number"${rowLooks.number} x="${n(place)}" y="${n(floor - 4)}">${value}</text>`]
  })
}

function tickSvg(tick: Tick, x: Scale, floor: number): Html {
  const full = ROW_HEIGHT - 2 * PADDING
  const height = Math.max(3, full * (tick.share ?? 1))
  return html`<line class="tick ${tick.look}"${tickLook(tick)} x1="${n(x(tick.at))}" x2="${n(x(tick.at))}" y1="${n(floor - height)}" y2="${n(floor)}"><title>${tick.text}</title></line>`
}
