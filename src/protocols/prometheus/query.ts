/**
 * Prometheus' query API (prometheus.io/docs/prometheus/latest/querying/api): an instant query of a range selector (`metric{…}[15000ms]`) answers the
 * raw samples that were scraped, with their own times. No `rate()` that extrapolates over the edges of a window.
 */
import { fieldOf, jsonOf } from './json.ts'

/** `at` in ms of Prometheus' clock. `value` may be NaN or infinite. */
export type RawSample = { readonly at: number; readonly value: number }
export type RawSeries = {
  readonly labels: Readonly<Record<string, string>>
  readonly samples: readonly RawSample[]
}
export type MatrixResult =
  | { readonly ok: true; readonly series: readonly RawSeries[] }
  | { readonly ok: false; readonly problem: string }

/** Path of an instant query of the raw samples of the last `rangeMs`. */
export const rawSamplesPath = (selector: string, rangeMs: number): string =>
  `/api/v1/query?query=${encodeURIComponent(`${selector}[${Math.ceil(rangeMs)}ms]`)}`

/** Path of a query that answers Prometheus' own time. */
export const TIME_PATH = '/api/v1/query?query=time()'

/** The answer to a raw-samples query. A refusal carries Prometheus' own words. */
export function readMatrix(status: number, text: string): MatrixResult {
  const answer = jsonOf(text)
  const refusal = refusalOf(status, answer, text)
  if (refusal !== undefined) return { ok: false, problem: refusal }
  const data = fieldOf(answer, 'data')
  const [type, result] = [fieldOf(data, 'resultType'), fieldOf(data, 'result')]
  if (type !== 'matrix' || !Array.isArray(result))
    return { ok: false, problem: `answered a ${String(type)} where a matrix was asked for` }
  const series = result.map(seriesOf)
  const broken = series.find((each) => typeof each === 'string')
  if (typeof broken === 'string') return { ok: false, problem: broken }
  return { ok: true, series: series.filter((each) => typeof each !== 'string') }
}

/** Prometheus' time in ms; undefined if the answer has none. */
export function readTime(status: number, text: string): number | undefined {
  const result = status === 200 ? fieldOf(fieldOf(jsonOf(text), 'data'), 'result') : undefined
  const seconds = Array.isArray(result) ? Number(result[0]) : Number.NaN
  return Number.isFinite(seconds) ? seconds * 1000 : undefined
}

function refusalOf(status: number, answer: unknown, text: string): string | undefined {
  if (fieldOf(answer, 'status') === 'success') return undefined
  const [type, error] = [fieldOf(answer, 'errorType'), fieldOf(answer, 'error')]
  if (typeof error === 'string') return `${String(type)}: ${error}`
  const message = fieldOf(answer, 'message')
  const said = typeof message === 'string' ? message : text.trim()
  return `answered ${status}${said === '' ? '' : `: ${said.slice(0, 300)}`}`
}

function seriesOf(value: unknown): RawSeries | string {
  const [metric, values] = [fieldOf(value, 'metric'), fieldOf(value, 'values')]
  if (Array.isArray(fieldOf(value, 'histograms')))
    return 'answered a native histogram, which has no value of its own; select its _count or _sum'
  if (typeof metric !== 'object' || metric === null || !Array.isArray(values)) return 'answered a series without values'
  const labels = Object.fromEntries(Object.entries(metric).map(([name, label]) => [name, String(label)]))
  const samples = values.map(sampleOf)
  return samples.some(({ at }) => !Number.isFinite(at)) ? 'answered a sample without a time' : { labels, samples }
}

const sampleOf = (pair: unknown): RawSample =>
  Array.isArray(pair) ? { at: Number(pair[0]) * 1000, value: numberOf(pair[1]) } : { at: Number.NaN, value: Number.NaN }

const numberOf = (text: unknown): number => {
  if (text === '+Inf') return Number.POSITIVE_INFINITY
  if (text === '-Inf') return Number.NEGATIVE_INFINITY
  return typeof text === 'string' && text !== '' ? Number(text) : Number.NaN
}
