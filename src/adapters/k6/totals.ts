/**
 * Running totals of one k6 instance. k6 pushes the value of each series since its start, only when it changed. A value that went down was reset; the
 * earlier count is added. Gauges are the last value.
 */
import {
  type NativeHistogram,
  type TimeSeries,
  upperBound,
  type WriteRequest,
} from '../../protocols/prometheus/remote-write.ts'

export type MetricLabels = Readonly<Record<string, string>>

/** Which series of a name: by labels that they must have, or by a rule. */
export type Match = MetricLabels | ((labels: MetricLabels) => boolean)

/** Cumulative counts by upper bound in ms; `count` is their sum. */
export type HistogramTotal = { readonly count: number; readonly buckets: ReadonlyMap<number, number> }

export type Totals = {
  add(request: WriteRequest): void
  /** Sum over the series of a name whose labels match; undefined when there is none. */
  sum(name: string, match?: Match): number | undefined
  /** Sums by the values of one label, of the series whose other labels match. */
  sumBy(name: string, label: string, match?: Match): Readonly<Record<string, number>>
  /** All matching histograms as one. */
  histogram(name: string, match?: Match): HistogramTotal
  /** Every matching series of a counter, and of a histogram by its count. */
  each(name: string, match: Match): readonly { readonly labels: MetricLabels; readonly value: number }[]
  eachHistogram(name: string, match: Match): readonly { readonly labels: MetricLabels; readonly value: number }[]
  /** Values that a label has in the series of a name. */
  values(name: string, label: string): readonly string[]
}

type Tally = { readonly labels: MetricLabels; last: number; before: number }
type Growing = { readonly labels: MetricLabels; last: HistogramTotal; before: HistogramTotal }

export const NO_HISTOGRAM: HistogramTotal = { count: 0, buckets: new Map() }

/** `unitMs`: the unit of histograms in ms; remote write sends seconds, OpenTelemetry milliseconds. */
export function createTotals(unitMs = 1000): Totals {
  const numbers = new Map<string, Map<string, Tally>>()
  const histograms = new Map<string, Map<string, Growing>>()

  const addNumber = (series: TimeSeries, value: number): void => {
    const known = slot(numbers, series, { labels: series.labels, last: 0, before: 0 })
    if (value < known.last && series.name.endsWith('_total')) known.before += known.last
    known.last = value
  }
  const addHistogram = (series: TimeSeries, histogram: NativeHistogram): void => {
    const known = slot(histograms, series, { labels: series.labels, last: NO_HISTOGRAM, before: NO_HISTOGRAM })
    if (histogram.count < known.last.count) known.before = merged([known.before, known.last])
    known.last = inMillis(histogram, unitMs)
  }
  const matching = <T extends { readonly labels: MetricLabels }>(
    all: Map<string, Map<string, T>>,
    name: string,
    match: Match,
  ): T[] => [...(all.get(name)?.values() ?? [])].filter(({ labels }) => matches(labels, match))

  return {
    add: ({ series }) => {
      for (const each of series) {
        // At the end of k6, histograms come with a stale marker, and other series have only that marker: its NaN is not a value.
        for (const { value } of each.samples) if (!Number.isNaN(value)) addNumber(each, value)
        for (const histogram of each.histograms) addHistogram(each, histogram)
      }
    },
    sum: (name, match = {}) => {
      const found = matching(numbers, name, match)
      return found.length === 0 ? undefined : found.reduce((sum, { last, before }) => sum + before + last, 0)
    },
    sumBy: (name, label, match = {}) => {
      const sums: Record<string, number> = {}
      for (const { labels, last, before } of matching(numbers, name, match)) {
        const value = labels[label]
        if (value !== undefined) sums[value] = (sums[value] ?? 0) + before + last
      }
      return sums
    },
    histogram: (name, match = {}) =>
      merged(matching(histograms, name, match).flatMap(({ last, before }) => [before, last])),
    each: (name, match) =>
      matching(numbers, name, match).map(({ labels, last, before }) => ({ labels, value: before + last })),
    eachHistogram: (name, match) =>
      matching(histograms, name, match).map(({ labels, last, before }) => ({
        labels,
        value: before.count + last.count,
      })),
    values: (name, label) => {
      const series = [...(numbers.get(name)?.values() ?? []), ...(histograms.get(name)?.values() ?? [])]
      return [...new Set(series.flatMap(({ labels }) => labels[label] ?? []))]
    },
  }
}

const matches = (labels: MetricLabels, match: Match): boolean =>
  typeof match === 'function' ? match(labels) : Object.entries(match).every(([name, value]) => labels[name] === value)

function slot<T>(all: Map<string, Map<string, T>>, { name, labels }: TimeSeries, fresh: T): T {
  const ofName = all.get(name) ?? new Map<string, T>()
  all.set(name, ofName)
  const key = JSON.stringify(Object.entries(labels).sort())
  const known = ofName.get(key) ?? fresh
  ofName.set(key, known)
  return known
}

/** Values of 0 are below half a millisecond, the resolution of its clock. */
const ZERO_BOUND_MS = 0.5

function inMillis({ count, schema, zeroCount, positive, negative }: NativeHistogram, unitMs: number): HistogramTotal {
  const buckets = new Map<number, number>()
  const atZero = zeroCount + negative.reduce((sum, [, each]) => sum + each, 0)
  if (atZero > 0) buckets.set(ZERO_BOUND_MS, atZero)
  for (const [index, each] of positive) {
    // Five digits are plenty for buckets that are 9 % wide, and keep the journal small.
    if (each > 0) buckets.set(Number((upperBound(schema, index) * unitMs).toPrecision(5)), each)
  }
  return { count, buckets }
}

function merged(parts: readonly HistogramTotal[]): HistogramTotal {
  const [only, ...others] = parts.filter(({ count }) => count > 0)
  if (others.length === 0) return only ?? NO_HISTOGRAM
  const buckets = new Map(only?.buckets)
  let count = only?.count ?? 0
  for (const part of others) {
    count += part.count
    for (const [bound, each] of part.buckets) buckets.set(bound, (buckets.get(bound) ?? 0) + each)
  }
  return { count, buckets }
}
