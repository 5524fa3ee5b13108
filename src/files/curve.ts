/**
 * A curve of arrivals from a file: CSV with a column of times and columns of rates, or the answer of Prometheus to `query_range`. Gaps are bridged
 * linearly, NaN is the value before it, and a rate below 0 is 0. Every other oddity is an issue with its line.
 */
import type { CurvePoint } from '../domain/arrival-curve.ts'
import type { SourcePoint } from '../domain/issue.ts'
import { isSome, millis, perSecond, type Some } from '../domain/units.ts'
import { messageOf } from '../domain/unknown.ts'
import type { Report } from './report.ts'

/** Seconds since any moment, and a rate per second; NaN where nothing was measured. */
type Row = { readonly line: number; readonly seconds: number; readonly rate: number }

export type CurveWish = {
  readonly file: string
  /** Of CSV: the name of the column; the second one if left out. */
  readonly column?: string
  readonly factor: number
  readonly speed: number
}

/** More stages make k6 slow to start. */
const POINTS_MAX = 2000
/** Times that a date can hold (ECMA-262, 21.4.1.1), in seconds. */
const SECONDS_MAX = 8.64e12
/** Far above any load, so that sums and multiples of rates are finite too. */
const RATE_MAX = 1e12
/** The simplified curve is nowhere further away than this share of its peak. */
const ERROR_MAX = 0.01

export function readCurve(text: string, wish: CurveWish, report: Report): Some<CurvePoint> | undefined {
  const at = (line: number): SourcePoint => ({ file: wish.file, line, column: line === 0 ? 0 : 1 })
  const rows = /^\s*[[{]/.test(text) ? prometheusRows(text, at, report) : csvRows(text, wish.column, at, report)
  if (rows === undefined) return undefined
  if (rows.length < 2) {
    report(at(0), 'wrong-value', `${wish.file} has ${rows.length} points.`, 'give it two or more.')
    return undefined
  }
  let before = Number.NEGATIVE_INFINITY
  for (const { line, seconds } of rows) {
    if (seconds <= before)
      report(
        at(line),
        'wrong-value',
        `time ${seconds} does not come after the one before it.`,
        'sort the rows by time.',
      )
    before = seconds
  }
  const start = rows[0]?.seconds ?? 0
  const points = filled(rows).map(
    ({ seconds, rate }): CurvePoint => [
      millis(Math.max(0, ((seconds - start) * 1000) / wish.speed)),
      perSecond(Math.max(0, rate) * wish.factor),
    ],
  )
  const simple = simplified(points)
  return isSome(simple) ? simple : undefined
}

/** NaN is the value before it; at the start, the first value. */
function filled(rows: readonly Row[]): readonly Row[] {
  let last = rows.find(({ rate }) => !Number.isNaN(rate))?.rate ?? 0
  return rows.map((row) => {
    if (!Number.isNaN(row.rate)) last = row.rate
    return { ...row, rate: last }
  })
}

type At = (line: number) => SourcePoint

function csvRows(text: string, column: string | undefined, at: At, report: Report): readonly Row[] | undefined {
  const lines = text.split(/\r?\n/).map((line) => line.split(',').map((cell) => cell.trim().replace(/^"(.*)"$/, '$1')))
  const [head = []] = lines
  const hasHead = secondsOf(head[0] ?? '') === undefined
  const index = column === undefined ? 1 : head.indexOf(column)
  if (index < 1) {
    const known = head.slice(1).join(', ')
    report(
      at(1),
      'wrong-value',
      `there is no column "${column}".`,
      hasHead ? `it has: ${known}.` : 'the first line must name the columns.',
    )
    return undefined
  }
  return lines.flatMap((cells, number): readonly Row[] => {
    if ((hasHead && number === 0) || cells.every((cell) => cell === '')) return []
    return rowOf(number + 1, cells[0] ?? '', cells[index], at, report)
  })
}

function rowOf(line: number, time: string, value: string | undefined, at: At, report: Report): readonly Row[] {
  const seconds = secondsOf(time)
  const rate = rateOf(value)
  if (seconds === undefined)
    report(
      at(line),
      'wrong-value',
      `"${time}" is no time.`,
      'write seconds, milliseconds since 1970, or 2026-03-01T20:00:00Z.',
    )
  if (rate === undefined)
    report(
      at(line),
      'wrong-value',
      `"${value ?? ''}" is no rate.`,
      'write a number per second; NaN or nothing for a gap.',
    )
  return seconds === undefined || rate === undefined ? [] : [{ line, seconds, rate }]
}

/** Seconds, epoch milliseconds (as Grafana exports them), or an ISO date with a time. */
function secondsOf(text: string): number | undefined {
  if (/^-?\d+(\.\d+)?([eE][+-]?\d+)?$/.test(text)) {
    const number = Number(text)
    const seconds = number > 1e11 ? number / 1000 : number
    return Math.abs(seconds) <= SECONDS_MAX ? seconds : undefined
  }
  const parsed = /^\d{4}-\d\d-\d\d[T ]\d\d:\d\d/.test(text) ? Date.parse(text.replace(' ', 'T')) : Number.NaN
  return Number.isNaN(parsed) ? undefined : parsed / 1000
}

function rateOf(text: string | undefined): number | undefined {
  if (text === undefined) return undefined
  if (text === '' || /^(nan|null)$/i.test(text)) return Number.NaN
  const number = Number(text)
  return Number.isFinite(number) && number <= RATE_MAX ? number : undefined
}

/** `[unix time, "value"]`, the pairs of a matrix. */
const PAIR = /\[\s*(-?[\d.eE+]+)\s*,\s*"([^"]*)"\s*\]/g

/** Series are added up where they have the same time. Lines are those of the pairs in the text. */
function prometheusRows(text: string, at: At, report: Report): readonly Row[] | undefined {
  const problem = notAMatrix(text)
  if (problem !== undefined) {
    report(at(0), 'wrong-value', problem, 'save the answer of /api/v1/query_range.')
    return undefined
  }
  const sums = new Map<number, Row>()
  let [line, seen] = [1, 0]
  for (const pair of text.matchAll(PAIR)) {
    for (; seen < pair.index; seen += 1) if (text.charCodeAt(seen) === 10) line += 1
    for (const row of rowOf(line, pair[1] ?? '', pair[2], at, report)) {
      const before = sums.get(row.seconds)
      const rate =
        before === undefined || Number.isNaN(before.rate)
          ? row.rate
          : Number.isNaN(row.rate)
            ? before.rate
            : before.rate + row.rate
      sums.set(row.seconds, { ...row, rate })
    }
  }
  return [...sums.values()].sort((a, b) => a.seconds - b.seconds)
}

function notAMatrix(text: string): string | undefined {
  try {
    const answer: unknown = JSON.parse(text)
    const data = field(answer, 'data') ?? answer
    const type = field(data, 'resultType')
    if (type !== undefined && type !== 'matrix') return `it holds a ${String(type)}, not a matrix.`
    return Array.isArray(field(data, 'result')) ? undefined : 'it holds no data.result.'
  } catch (error) {
    return `it is no JSON: ${messageOf(error)}.`
  }
}

const field = (value: unknown, key: string): unknown =>
  typeof value === 'object' && value !== null ? Object.entries(value).find(([name]) => name === key)?.[1] : undefined

/**
 * Keeps the points that the curve needs (U. Ramer 1972; D. Douglas and T. Peucker 1973), by the vertical distance. The error that is allowed grows only
 * where even so too many are left.
 */
function simplified(points: readonly CurvePoint[]): readonly CurvePoint[] {
  const peak = points.reduce((most, [, rate]) => Math.max(most, rate), 0)
  let kept = points
  for (let error = points.length > POINTS_MAX ? ERROR_MAX * peak : 0; ; error = Math.max(1e-9, error * 1.5)) {
    kept = error === 0 ? points : peucker(points, error)
    if (kept.length <= POINTS_MAX) return kept
  }
}

function peucker(points: readonly CurvePoint[], error: number): readonly CurvePoint[] {
  const keep = new Set([0, points.length - 1])
  const spans: [number, number][] = [[0, points.length - 1]]
  for (let span = spans.pop(); span !== undefined; span = spans.pop()) {
    const [from, to] = span
    const [farthest, distance] = farthestOf(points, from, to)
    if (distance <= error) continue
    keep.add(farthest)
    spans.push([from, farthest], [farthest, to])
  }
  return points.filter((_, index) => keep.has(index))
}

function farthestOf(points: readonly CurvePoint[], from: number, to: number): readonly [number, number] {
  const [start, end] = [points[from], points[to]]
  let best: readonly [number, number] = [from, 0]
  if (start === undefined || end === undefined) return best
  for (let index = from + 1; index < to; index += 1) {
    const [atMs, rate] = points[index] ?? start
    const line = start[1] + ((end[1] - start[1]) * (atMs - start[0])) / Math.max(1e-9, end[0] - start[0])
    const distance = Math.abs(rate - line)
    if (distance > best[1]) best = [index, distance]
  }
  return best
}
