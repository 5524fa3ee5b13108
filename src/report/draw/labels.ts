/**
 * Labels of limits and marks, drawn above all lines. Each is placed where it overlaps least: not over another label, a limit or a mark's line, and if
 * possible not on a curve.
 */
import type { Chart, Limit, PlotMark } from '../chart.ts'
import { type Html, html } from '../escape/html.ts'
import { type Axis, LEFT, n, PLOT_HEIGHT, RIGHT, type Scale, TOP, WIDTH } from './axes.ts'
import { limitTextLook, markLooks } from './looks.ts'

type Anchor = 'start' | 'middle' | 'end'
type Place = { readonly x: number; readonly y: number; readonly anchor: Anchor }
type Box = { readonly left: number; readonly right: number; readonly top: number; readonly bottom: number }

/** What labels should keep clear of, in px. */
type Obstacles = {
  readonly boxes: Box[]
  readonly levels: readonly number[]
  readonly uprights: readonly number[]
  readonly curves: readonly Curve[]
}
/** Lowest and highest y of a curve in each column of `COLUMN` px. */
export type Curve = readonly (readonly [low: number, high: number] | undefined)[]

const COLUMN = 8
/** Average width of a character at 11 px, and its height above and below the baseline. */
const [LETTER, ABOVE, BELOW] = [6.2, 9, 3]
const [OVER_LABEL, ON_LIMIT, ON_MARK, ON_CURVE] = [1000, 100, 40, 4]

export function labelsSvg(
  { limits, marks = [] }: Chart,
  axisOf: (limit: Limit) => Axis,
  x: Scale,
  curves: readonly Curve[],
): { readonly fixed: Html; readonly timed: Html } {
  const obstacles: Obstacles = {
    boxes: [],
    levels: limits.map((limit) => axisOf(limit).y(limit.value)),
    uprights: marks.map(({ at }) => x(at)),
    curves,
  }
  const timed = marks.map((mark) => markLabel(mark, placed(mark.text, besideMark(x(mark.at)), obstacles)))
  const fixed = limits.map((limit) =>
    limitLabel(limit, placed(limit.name, alongLimit(axisOf(limit).y(limit.value), limit.axis === 'right'), obstacles)),
  )
  return { fixed: html`${fixed}`, timed: html`${timed}` }
}

const markLabel = (mark: PlotMark, place: Place): Html =>
  html`<g class="mark ${mark.look}">${words(mark.text, place, markLooks(mark).text)}</g>`
const limitLabel = (limit: Limit, place: Place): Html =>
  html`<g class="limit ${limit.kind}">${words(limit.name, place, limitTextLook(limit))}</g>`
const words = (text: string, { x, y, anchor }: Place, look: Html): Html =>
  html`<text${look} x="${n(x)}" y="${n(y)}" text-anchor="${anchor}">${text}</text>`

/** In rows from the top, after the mark's line, or before it near the right edge. */
function besideMark(at: number): readonly Place[] {
  const rows = Array.from({ length: Math.floor(PLOT_HEIGHT / 12) - 1 }, (_, index) => TOP + 12 + index * 12)
  const sides = at > WIDTH * 0.75 ? ([-1, 1] as const) : ([1, -1] as const)
  return sides.flatMap((side) => rows.map((y): Place => ({ x: at + side * 4, y, anchor: side > 0 ? 'start' : 'end' })))
}

/** Above or below the limit: at the end of its own axis, at the other one, or between. */
function alongLimit(y: number, onRight: boolean): readonly Place[] {
  const start: Omit<Place, 'y'> = { x: LEFT + 4, anchor: 'start' }
  const end: Omit<Place, 'y'> = { x: WIDTH - RIGHT - 4, anchor: 'end' }
  const between = [0.75, 0.5, 0.25].map(
    (share): Omit<Place, 'y'> => ({ x: LEFT + share * (WIDTH - LEFT - RIGHT), anchor: 'middle' }),
  )
  const rows = [y - 4, y + 12].filter((each) => each - ABOVE >= TOP - 2 && each <= TOP + PLOT_HEIGHT)
  return [...(onRight ? [start, end] : [end, start]), ...between].flatMap((place) =>
    rows.map((each) => ({ ...place, y: each })),
  )
}

/** The first of the places that cost least. It becomes an obstacle for later labels. */
function placed(text: string, places: readonly Place[], obstacles: Obstacles): Place {
  let best: { readonly place: Place; readonly cost: number } | undefined
  for (const [index, place] of places.entries()) {
    const cost = index + costOf(boxOf(text, place), obstacles)
    if (best === undefined || cost < best.cost) best = { place, cost }
  }
  const place = best?.place ?? { x: LEFT + 4, y: TOP + 12, anchor: 'start' }
  obstacles.boxes.push(boxOf(text, place))
  return place
}

function boxOf(text: string, { x, y, anchor }: Place): Box {
  const width = text.length * LETTER
  const left = anchor === 'start' ? x : anchor === 'end' ? x - width : x - width / 2
  return { left, right: left + width, top: y - ABOVE, bottom: y + BELOW }
}

function costOf(box: Box, { boxes, levels, uprights, curves }: Obstacles): number {
  const outside = box.left < LEFT || box.right > WIDTH - RIGHT ? OVER_LABEL : 0
  const labels = boxes.filter(
    (each) => each.left < box.right && box.left < each.right && each.top < box.bottom && box.top < each.bottom,
  ).length
  const limits = levels.filter((y) => y > box.top && y < box.bottom).length
  const marks = uprights.filter((each) => each > box.left && each < box.right).length
  const crossed = curves.reduce((sum, curve) => sum + crossings(curve, box), 0)
  return outside + labels * OVER_LABEL + limits * ON_LIMIT + marks * ON_MARK + crossed * ON_CURVE
}

function crossings(curve: Curve, { left, right, top, bottom }: Box): number {
  let count = 0
  for (let column = Math.floor(left / COLUMN); column <= Math.floor(right / COLUMN); column++) {
    const span = curve[column]
    if (span !== undefined && span[0] < bottom && span[1] > top) count += 1
  }
  return count
}

/** `points` in px, ascending in x. A step keeps its y until the next point. */
export function curveOf(points: readonly (readonly [x: number, y: number])[], isStep: boolean): Curve {
  const columns: [number, number][] = []
  const touch = (column: number, y: number): void => {
    const known = columns[column]
    columns[column] = known === undefined ? [y, y] : [Math.min(known[0], y), Math.max(known[1], y)]
  }
  for (const [index, [x, y]] of points.entries()) {
    const [fromX, fromY] = points[index - 1] ?? [x, y]
    for (let column = Math.floor(fromX / COLUMN); column <= Math.floor(x / COLUMN); column++)
      touch(
        column,
        isStep ? fromY : fromY + (y - fromY) * Math.min(1, Math.max(0, (column * COLUMN - fromX) / (x - fromX || 1))),
      )
    touch(Math.floor(x / COLUMN), y)
  }
  return columns
}
