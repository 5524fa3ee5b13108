/** Rows below (or instead of) a plot, all on its time axis: spans as bars, steps as a low silhouette with numbers, ticks as strokes. */
import { type Point, type Row, type Span, type Tick, thinned } from '../chart.ts'
import { LEFT, n, RIGHT, ROW_HEIGHT, type Scale, WIDTH } from './axes.ts'
import { escapeXml } from './xml.ts'

const PADDING = 3
/** Of the font of 11 px, on average. */
const LETTER_WIDTH = 6.2

export const rowsHeight = (rows: readonly Row[]): number => rows.length * ROW_HEIGHT

export function rowsSvg(rows: readonly Row[], x: Scale, seconds: number, top: number): string {
  return rows.map((row, index) => rowSvg(row, x, seconds, top + index * ROW_HEIGHT)).join('')
}

function rowSvg(row: Row, x: Scale, seconds: number, top: number): string {
  const floor = top + ROW_HEIGHT - PADDING
  return [
    `<g class="row"><line class="floor" x1="${LEFT}" x2="${WIDTH - RIGHT}" y1="${n(floor)}" y2="${n(floor)}"/>`,
    `<text x="${LEFT - 6}" y="${n(floor - 4)}" text-anchor="end">${escapeXml(shortened(row.name))}<title>${escapeXml(row.name)}</title></text>`,
    ...(row.steps ? [stepsSvg(row, row.steps, x, seconds, floor)] : []),
    ...(row.spans ?? []).map((span, index, all) => spanSvg(span, x, top, all[index + 1])),
    ...(row.ticks ?? []).map((tick) => tickSvg(tick, x, floor)),
    ...(row.words === undefined ? [] : [wordsSvg(row.words, row.spans ?? [], x, floor)]),
    '</g>',
  ].join('')
}

const shortened = (name: string): string => {
  const most = Math.floor((LEFT - 8) / LETTER_WIDTH)
  return name.length <= most ? name : `${name.slice(0, most - 1)}…`
}

/** Words that do not fit into a span stand behind it, if the next one leaves them room. */
function spanSvg(span: Span, x: Scale, top: number, next: Span | undefined): string {
  const from = x(span.from)
  const width = Math.max(2, x(span.to) - from)
  const length = span.text.length * LETTER_WIDTH + 6
  const behind = (next === undefined ? WIDTH - RIGHT : x(next.from)) - from - width
  const place = length < width ? from + 4 : length < behind ? from + width + 4 : undefined
  const words =
    place === undefined || span.quiet
      ? ''
      : `<text x="${n(place)}" y="${n(top + ROW_HEIGHT - 7)}">${escapeXml(span.text)}</text>`
  return `<g class="span ${span.look}"><rect x="${n(from)}" y="${n(top + PADDING)}" width="${n(width)}" height="${ROW_HEIGHT - 2 * PADDING}"><title>${escapeXml(span.text)}</title></rect>${words}</g>`
}

function wordsSvg(words: string, spans: readonly Span[], x: Scale, floor: number): string {
  const last = x(Math.max(0, ...spans.map(({ to }) => to))) + 6
  const first = x(Math.min(Number.MAX_VALUE, ...spans.map(({ from }) => from))) - 6
  const behind = last + words.length * LETTER_WIDTH <= WIDTH - RIGHT
  return `<text class="words" x="${n(behind ? last : first)}" y="${n(floor - 4)}" text-anchor="${behind ? 'start' : 'end'}">${escapeXml(words)}</text>`
}

/** The number stands at each change for which there is room. */
function stepsSvg(row: Row, steps: readonly Point[], x: Scale, seconds: number, floor: number): string {
  const shown = thinned(steps.filter(([at]) => at <= seconds))
  if (shown.length === 0) return ''
  const max = Math.max(1, row.max ?? 0, ...shown.map(([, value]) => value))
  const height = (value: number): number => (value / max) * (ROW_HEIGHT - 2 * PADDING)
  const path = shown.map(([at, value]) => `H${n(x(at))}V${n(floor - height(value))}`).join('')
  const area = `<path class="steps" d="M${n(x(shown[0]?.[0] ?? 0))} ${n(floor)}${path}H${n(x(seconds))}V${n(floor)}Z"/>`
  return area + (row.noneIsBad ? noneAtAll(shown, x, seconds, floor) : '') + numbers(shown, x, floor)
}

function noneAtAll(steps: readonly Point[], x: Scale, seconds: number, floor: number): string {
  return steps
    .map(([at, value], index) => {
      const until = steps[index + 1]?.[0] ?? seconds
      if (value > 0 || until <= at) return ''
      return `<rect class="none" x="${n(x(at))}" y="${n(floor - 3)}" width="${n(Math.max(1.5, x(until) - x(at)))}" height="3"/>`
    })
    .join('')
}

function numbers(steps: readonly Point[], x: Scale, floor: number): string {
  let free = Number.NEGATIVE_INFINITY
  return steps
    .map(([at, value], index) => {
      const place = x(at) + 3
      const next = steps[index + 1]
      const width = String(value).length * LETTER_WIDTH + 4
      if (place < free || (next !== undefined && x(next[0]) - place < width - 3)) return ''
      free = place + width
      return `<text class="number" x="${n(place)}" y="${n(floor - 4)}">${value}</text>`
    })
    .join('')
}

function tickSvg(tick: Tick, x: Scale, floor: number): string {
  const full = ROW_HEIGHT - 2 * PADDING
  const height = Math.max(3, full * (tick.share ?? 1))
  return `<line class="tick ${tick.look}" x1="${n(x(tick.at))}" x2="${n(x(tick.at))}" y1="${n(floor - height)}" y2="${n(floor)}"><title>${escapeXml(tick.text)}</title></line>`
}
