/** The frame that all charts of a run share: one time axis, so that a moment is at the same position in each chart. */
import type { Chart, ChartLine, Limit } from '../chart.ts'
import { type Html, html } from '../escape/html.ts'
import { clock } from '../words.ts'

export const WIDTH = 1000
/** Room for the names of rows. */
export const LEFT = 124
/** Room for the numbers of a right axis. */
export const RIGHT = 40
/** Above the plot: names of phases, and below them the letters of faults and actions. */
export const TOP = 30
export const PHASE_NAMES_AT = 11
export const LETTERS_AT = 26
export const PLOT_HEIGHT = 110
export const ROW_HEIGHT = 22
export const BOTTOM = 22

export type Scale = (value: number) => number

/** Coordinates with one decimal: more precision only costs size. */
export const n = (value: number): string => value.toFixed(1).replace(/\.0$/, '')

export const timeScale =
  (seconds: number): Scale =>
  (at) =>
    LEFT + (Math.max(0, Math.min(at, seconds)) / seconds) * (WIDTH - LEFT - RIGHT)

export type Axis = { readonly y: Scale; readonly low: number; readonly high: number; readonly ticks: readonly number[] }

export function leftAxis(chart: Chart): Axis {
  const on = <T extends { axis?: 'right' }>(all: readonly T[]) => all.filter((each) => each.axis === undefined)
  const low = chart.range?.min ?? 0
  const high = chart.range?.max ?? highest(low, on(chart.lines), on(chart.limits))
  return chart.scale === 'log' ? logAxis(low, high) : linearAxis(low, high)
}

export function rightAxis(chart: Chart): Axis {
  const on = <T extends { axis?: 'right' }>(all: readonly T[]) => all.filter((each) => each.axis === 'right')
  return linearAxis(0, highest(0, on(chart.lines), on(chart.limits)))
}

function highest(low: number, lines: readonly ChartLine[], limits: readonly Limit[]): number {
  let most = low + 1
  for (const each of lines) for (const [, value] of each.points) most = Math.max(most, value)
  for (const each of limits) most = Math.max(most, each.value)
  return most * 1.08
}

function linearAxis(low: number, wanted: number): Axis {
  const high = wanted > low ? wanted : low + 1
  const y: Scale = (value) => TOP + (1 - (Math.max(low, Math.min(value, high)) - low) / (high - low)) * PLOT_HEIGHT
  return { y, low, high, ticks: roundTicks(low, high) }
}

/** Decades; lower values are drawn at the bottom. */
function logAxis(low: number, wanted: number): Axis {
  const high = Math.max(wanted, low * 10)
  const share = (value: number): number => Math.log(Math.max(low, Math.min(value, high)) / low) / Math.log(high / low)
  const decades = Math.floor(Math.log10(high / low) + 1e-9)
  return {
    y: (value) => TOP + (1 - share(value)) * PLOT_HEIGHT,
    low,
    high,
    ticks: Array.from({ length: decades + 1 }, (_, index) => low * 10 ** index),
  }
}

function roundTicks(low: number, high: number): readonly number[] {
  const raw = (high - low) / 3
  const magnitude = 10 ** Math.floor(Math.log10(raw))
  const size = [1, 2, 5, 10].map((each) => each * magnitude).find((each) => each >= raw) ?? raw
  const first = Math.ceil(low / size) * size
  return Array.from({ length: Math.floor((high - first) / size + 1e-9) + 1 }, (_, index) => first + index * size)
}

export const tickLabel = (value: number, { low, high }: Axis): string => {
  const span = high - low
  if (value !== 0 && Math.abs(value) < 1) return value.toPrecision(1)
  return span < 2 ? value.toFixed(1) : span < 20 ? n(value) : value.toFixed(0)
}

/** A label about every tenth of the width, at round times. */
export function timeTicks(seconds: number): readonly number[] {
  const size = [5, 10, 15, 30, 60, 120, 300, 600, 1800, 3600].find((each) => seconds / each <= 12) ?? 7200
  return Array.from({ length: Math.floor(seconds / size) + 1 }, (_, index) => index * size)
}

/** Everything whose x is a time: the zoom of the page moves what is in such groups, and nothing else. */
export const timed = (...parts: readonly Html[]): Html => html`<g class="timed">${parts}</g>`

export function timeAxis(seconds: number, x: Scale, bottom: number): Html {
  const ticks = timeTicks(seconds).map(
    (at) => html`<text class="time" x="${n(x(at))}" y="${n(bottom - 6)}" text-anchor="middle">${clock(at)}</text>`,
  )
  return html`<g class="timed times">${ticks}</g>`
}
