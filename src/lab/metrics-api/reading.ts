/** The result of one scrape of a pod, reduced to what the rules need. */

import type { Exposition, SeriesSample } from '../../protocols/prometheus/text.ts'
import { parseExposition } from '../../protocols/prometheus/text.ts'
import { type MetricRule, metricRules } from './metric-rules.ts'

/** Cumulative counts by upper bound, ascending. */
export type Buckets = readonly (readonly [bound: number, count: number])[]

export type UsageReading = {
  readonly atMs: number
  /** The start time of the process, if it exposes one. A different one means that all counters restarted. */
  readonly processStart: number | undefined
  /** Counters and gauges by name, summed over their label sets. Missing: the pod does not expose it. */
  readonly totals: ReadonlyMap<string, number>
  readonly buckets: ReadonlyMap<string, Buckets>
}

const PROCESS_START = 'process_start_time_seconds'
const rules = Object.values(metricRules)
const metricOf = (rule: MetricRule): string => {
  switch (rule.kind) {
    case 'rate':
      return rule.counter
    case 'gauge':
      return rule.gauge
    case 'quantile':
      return `${rule.histogram}_bucket`
  }
}
const WANTED = new RegExp(`^(# TYPE )?(${[...new Set(rules.map(metricOf)), PROCESS_START].join('|')})(_total)?[ {]`)
const FAMILIES = new RegExp(`^# TYPE (${[...new Set(rules.map(familyOf))].join('|')}) `)

function familyOf(rule: MetricRule): string {
  switch (rule.kind) {
    case 'rate':
      // OpenMetrics declares a counter without its suffix.
      return `${rule.counter.replace(/_total$/, '')}(?:_total)?`
    case 'gauge':
      return rule.gauge
    case 'quantile':
      return rule.histogram
  }
}

/** Reads an exposition. Most of its lines are about other metrics and are not parsed. */
export function readingOf(text: string, atMs: number): UsageReading {
  const lines = text.split('\n').filter((line) => WANTED.test(line) || FAMILIES.test(line))
  const exposition = parseExposition(lines.join('\n'))
  const totals = new Map<string, number>()
  const buckets = new Map<string, Buckets>()
  for (const rule of rules) {
    if (rule.kind === 'quantile') addBuckets(buckets, rule.histogram, exposition)
    else addTotal(totals, metricOf(rule), exposition)
  }
  const processStart = exposition.samples.find(({ name }) => name === PROCESS_START)?.value
  return { atMs, processStart, totals, buckets }
}

function addTotal(totals: Map<string, number>, name: string, { samples, types }: Exposition): void {
  const values = samples.filter((sample) => sample.name === name && Number.isFinite(sample.value))
  // A counter with labels has no line before its first event. If it is declared, its value is 0.
  const declared = types.has(name) || types.has(name.replace(/_total$/, ''))
  if (values.length > 0 || declared) totals.set(name, sum(values))
}

function addBuckets(buckets: Map<string, Buckets>, histogram: string, { samples, types }: Exposition): void {
  const counts = new Map<number, number>()
  for (const { name, labels, value } of samples) {
    if (name !== `${histogram}_bucket` || labels.le === undefined || !Number.isFinite(value)) continue
    const bound = labels.le === '+Inf' ? Number.POSITIVE_INFINITY : Number(labels.le)
    if (!Number.isNaN(bound)) counts.set(bound, (counts.get(bound) ?? 0) + value)
  }
  if (counts.size > 0 || types.has(histogram))
    buckets.set(
      histogram,
      [...counts].sort(([a], [b]) => a - b),
    )
}

const sum = (samples: readonly SeriesSample[]): number => samples.reduce((total, { value }) => total + value, 0)
