/**
 * What one scrape of one instance says of an indicator: the value of each series, with the part of the indicator that it counts. A scrape is a reading
 * only if every value is there and finite, and for a latency only if a bucket ends exactly at each limit: what lies in a bucket over a limit may be on
 * either side of it.
 */
import type { EvidenceOf, Series } from '../../domain/evidence.ts'
import { metricsRead, type PrometheusSli } from '../../domain/prometheus-sli.ts'
import type { Slo } from '../../domain/rehearsal.ts'

/** A number is the upper bound of a bucket in ms. */
export type Part = 'good' | 'bad' | 'total' | number
export type Cells = ReadonlyMap<string, { readonly part: Part; readonly value: number }>
export type Limits = { readonly targetMs: number; readonly ceilingMs: number }

/** The limits at which a latency is judged: those of its objective. */
export function limitsOf(sli: string, slos: readonly Slo[]): Limits | undefined {
  const latency = slos.find((slo) => slo.sli === sli && slo.kind === 'latency')
  return latency?.kind === 'latency' ? latency : undefined
}

export type Reading =
  /** `absent`: metrics without a sample, beside others that have one. */
  | { readonly is: 'read'; readonly cells: Cells; readonly absent: readonly string[] }
  /** The instance shows none of the metrics. */
  | { readonly is: 'absent' }
  | { readonly is: 'failed'; readonly problem: string }

export function readingOf(sample: EvidenceOf<'sample'>, sli: PrometheusSli, limits: Limits | undefined): Reading {
  if (!sample.ok) return { is: 'failed', problem: sample.problem }
  const wanted = metricsRead(sli)
  const broken = sample.unread?.find(({ metric, absent }) => wanted.includes(metric) && absent !== true)
  if (broken) return { is: 'failed', problem: `${broken.metric} ${broken.problem}` }
  const series = sample.series.filter(({ name }) => wanted.includes(name))
  if (series.length === 0) return { is: 'absent' }
  const odd = series.find(({ value }) => !Number.isFinite(value))
  if (odd) return { is: 'failed', problem: `${odd.name} has the value ${odd.value}` }
  const cells = new Map(series.map((each) => [keyOf(each), { part: partOf(each, sli), value: each.value }]))
  const problem = bucketProblem(series, sli, limits)
  if (problem !== undefined) return { is: 'failed', problem }
  return { is: 'read', cells, absent: wanted.filter((metric) => !series.some(({ name }) => name === metric)) }
}

const keyOf = ({ name, labels }: Series): string => `${name} ${JSON.stringify(Object.entries(labels).sort())}`

function partOf({ name, labels }: Series, sli: PrometheusSli): Part {
  switch (sli.kind) {
    case 'prometheus-ratio':
      return name === sli.good ? 'good' : 'total'
    case 'prometheus-failures':
      return name === sli.bad ? 'bad' : 'total'
    case 'prometheus-buckets':
      return boundMs(labels.le, sli.unit)
  }
}

/** In thousandths of a ms, so that 0.3 s is 300 ms. NaN without a bound. */
function boundMs(le: string | undefined, unit: 's' | 'ms'): number {
  if (le === '+Inf') return Number.POSITIVE_INFINITY
  return le === undefined || le === '' ? Number.NaN : Math.round(Number(le) * (unit === 's' ? 1e6 : 1e3)) / 1e3
}

/** Each histogram, told apart by its other labels, must have a bucket that ends at each limit, and one for all. */
function bucketProblem(series: readonly Series[], sli: PrometheusSli, limits: Limits | undefined): string | undefined {
  if (sli.kind !== 'prometheus-buckets') return undefined
  const histograms = Map.groupBy(series, ({ name, labels: { le: _, ...own } }) =>
    keyOf({ name, labels: own, value: 0 }),
  )
  for (const buckets of histograms.values()) {
    const bounds = buckets.map(({ labels }) => boundMs(labels.le, sli.unit))
    const problem = boundsProblem(bounds, limits)
    if (problem !== undefined) return `${sli.buckets} ${problem}`
  }
  return undefined
}

function boundsProblem(bounds: readonly number[], limits: Limits | undefined): string | undefined {
  if (bounds.some(Number.isNaN)) return 'has a series without a bound (label le)'
  if (!bounds.includes(Number.POSITIVE_INFINITY)) return 'has no bucket +Inf'
  const missing = limits && [limits.targetMs, limits.ceilingMs].find((limit) => !bounds.includes(limit))
  if (missing === undefined) return undefined
  const ends = bounds.filter(Number.isFinite).sort((a, b) => a - b)
  return `has no bucket that ends at ${missing} ms; its buckets end at ${ends.join(', ')} ms`
}

export type Growth = { readonly by: ReadonlyMap<Part, number>; readonly restarted: boolean }

const NO_CELLS: Cells = new Map()

/**
 * What the series counted since `before`. If one of them fell, or none of them is there any more, the instance was restarted, and all that it
 * shows is new.
 */
export function grown(before: Cells, now: Cells): Growth {
  const isGone = before.size > 0 && ![...before.keys()].some((key) => now.has(key))
  const restarted = isGone || [...now].some(([key, { value }]) => value < (before.get(key)?.value ?? 0))
  const since = restarted ? NO_CELLS : before
  const by = new Map<Part, number>()
  // A series that was not there before had counted nothing.
  for (const [key, { part, value }] of now) by.set(part, (by.get(part) ?? 0) + value - (since.get(key)?.value ?? 0))
  return { by, restarted }
}
