/**
 * The content of one chart, independent of how it is drawn: lines over seconds since the load's zero, and below them rows of spans, steps and ticks
 * on the same axis. A lane makes charts; `draw/` turns them into SVG, `figure.ts` adds sentence and table.
 */

/** Seconds since the load's zero, and a value. */
export type Point = readonly [seconds: number, value: number]
export type Colour = 1 | 2 | 3 | 4 | 5 | 6
export type ChartLine = {
  readonly name: string
  readonly points: readonly Point[]
  readonly shape: 'line' | 'step' | 'area'
  readonly colour: Colour
  readonly dash?: boolean
  readonly axis?: 'right'
}
export type Limit = {
  readonly value: number
  readonly name: string
  readonly kind: 'target' | 'ceiling' | 'bound'
  readonly axis?: 'right'
}
/** A labelled moment on the plot: decided, ready, promoted. */
export type PlotMark = { readonly at: number; readonly text: string; readonly look: 'good' | 'bad' | 'neutral' }

export type SpanLook =
  | 'phase'
  | 'planned'
  | 'fault'
  | 'fault-edge'
  | 'action'
  | 'action-edge'
  | 'tail'
  | 'good'
  | 'bad'
  | 'warn'
  | 'neutral'
export type Span = {
  readonly from: number
  readonly to: number
  readonly look: SpanLook
  /** The hatch of a fault or an action. */
  readonly pattern?: number
  /** Written into the span if it fits, otherwise after it. */
  readonly text: string
  /** Shown in the table and on hover, but not written on the chart. */
  readonly quiet?: true
}
/** `share` of the row's height; ticks of one look are all alike otherwise. */
export type Tick = {
  readonly at: number
  readonly look: 'good' | 'bad' | 'neutral'
  readonly text: string
  readonly share?: number
}
export type ChartRow = {
  readonly name: string
  readonly spans?: readonly Span[]
  readonly steps?: readonly Point[]
  readonly ticks?: readonly Tick[]
  /** After the last span, or where else there is room. */
  readonly words?: string
  /** Steps of 0 are marked: none Ready, none allowed. */
  readonly noneIsBad?: true
  /** The value at full row height; by default the row's highest step. */
  readonly max?: number
}

export type Chart = {
  readonly id: string
  readonly title: string
  readonly unit: string
  /** One sentence that describes the chart, for readers who cannot see it. */
  readonly caption: string
  readonly lines: readonly ChartLine[]
  readonly limits: readonly Limit[]
  readonly range?: { readonly min?: number; readonly max?: number }
  /** A logarithmic axis starts at `range.min`; lower values are drawn there. */
  readonly scale?: 'log'
  /** Unit of the right axis, for lines and limits that are on it. */
  readonly right?: string
  readonly marks?: readonly PlotMark[]
  readonly rows?: readonly ChartRow[]
}

export const line = (
  name: string,
  points: readonly Point[],
  colour: Colour,
  shape: ChartLine['shape'] = 'line',
  dash = false,
): ChartLine => ({ name, points, colour, shape, dash })

export const peak = (points: readonly Point[]): number => points.reduce((most, [, value]) => Math.max(most, value), 0)
export const lowest = (points: readonly Point[]): number =>
  points.reduce((least, [, value]) => Math.min(least, value), Number.POSITIVE_INFINITY)

/** Keeps only changes, and only the last one of a moment, which is enough for a step chart. */
export function step(points: Point[], at: number, value: number): void {
  if (points.at(-1)?.[0] === at) points.pop()
  if (points.at(-1)?.[1] !== value) points.push([at, value])
}

/** More points than pixels show nothing new. The lowest and the highest point of each bucket stay, so that no spike is lost. */
export function thinned(points: readonly Point[]): readonly Point[] {
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

export const isEmpty = (chart: Chart): boolean =>
  chart.lines.every((each) => each.points.length === 0) && (chart.rows ?? []).length === 0
