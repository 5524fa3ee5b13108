/** An indicator of OpenSLO as one that a Prometheus counts: two counters, or the buckets of a histogram. */
import type { SourcePoint } from '../../domain/issue.ts'
import type { PrometheusSli } from '../../domain/prometheus-sli.ts'
import { isObject } from '../../domain/unknown.ts'
import { type CounterQuery, readCounterQuery } from '../../protocols/prometheus/counter-query.ts'
import type { Report } from '../report.ts'
import type { IndicatorSpec, MetricDraft } from './shape.ts'

/** The source of an indicator that defines its own series. The slash keeps it distinct from source names in target files. */
const sourceOf = (sli: string): string => `openslo/${sli}`

/** Undefined if it is not supported, which is reported as an issue. */
export function indicatorOf(
  sli: string,
  at: SourcePoint,
  spec: IndicatorSpec,
  unit: 's' | 'ms' | undefined,
  report: Report,
): PrometheusSli | undefined {
  const { ratioMetric, thresholdMetric } = spec
  if ((ratioMetric === undefined) === (thresholdMetric === undefined)) {
    const problem = 'An indicator has a ratioMetric or a thresholdMetric.'
    report(at, 'wrong-value', problem, 'give it one of the two.')
    return undefined
  }
  if (thresholdMetric !== undefined) return bucketsOf(sli, at, thresholdMetric, unit, report)
  return ratioMetric && ratioOf(sli, at, ratioMetric.value, report)
}

type Ratio = NonNullable<IndicatorSpec['ratioMetric']>['value']

function ratioOf(sli: string, at: SourcePoint, ratio: Ratio, report: Report): PrometheusSli | undefined {
  const { counter, good, bad, total, raw, rawType } = ratio
  const computed = raw?.at ?? rawType?.at
  if (computed !== undefined) {
    const next = 'give good (or bad) and total, the counters that it is computed from.'
    report(
      computed,
      'openslo-refused',
      'A share that was computed elsewhere (raw) has no counts, so it cannot be proven.',
      next,
    )
    return undefined
  }
  const part = good ?? bad
  if (part === undefined || total === undefined || (good !== undefined && bad !== undefined)) {
    report(at, 'wrong-value', 'A ratioMetric has a total, and either good or bad.', 'give it two metrics.')
    return undefined
  }
  const counts = counterOf(part, counter?.value, report)
  const all = counterOf(total, counter?.value, report)
  if (counts === undefined || all === undefined) return undefined
  const base = { of: sourceOf(sli), total: 'total', at }
  return good === undefined
    ? { kind: 'prometheus-failures', bad: 'bad', ...base, series: { bad: counts, total: all } }
    : { kind: 'prometheus-ratio', good: 'good', ...base, series: { good: counts, total: all } }
}

/** The selector of a counter. */
function counterOf(metric: MetricDraft, isCounter: boolean | undefined, report: Report): string | undefined {
  const query = queryOf(metric, report)
  if (query === undefined) return undefined
  const { at } = metric.value.metricSource.spec
  if (query.by.length > 0) {
    const problem = `The query is a sum by ${query.by.join(', ')}, which gives several shares.`
    report(at, 'openslo-refused', problem, 'remove by (…), or write an SLO for each.')
    return undefined
  }
  if (isCounter === false && !query.isIncrease) {
    const problem = 'The metric is not a counter (counter: false), and matchday needs the increase of a counter.'
    report(at, 'openslo-refused', problem, 'ask for a counter.')
    return undefined
  }
  return query.selector
}

function bucketsOf(
  sli: string,
  at: SourcePoint,
  metric: MetricDraft,
  annotated: 's' | 'ms' | undefined,
  report: Report,
): PrometheusSli | undefined {
  const query = queryOf(metric, report)
  if (query === undefined) return undefined
  const { at: queryAt } = metric.value.metricSource.spec
  const isOfBuckets = query.metric?.endsWith('_bucket') === true && query.by.every((label) => label === 'le')
  if (!isOfBuckets) {
    const problem =
      'The query does not give the buckets of one classic histogram, whose counts tell how many attempts were within a limit.'
    report(queryAt, 'openslo-refused', problem, BUCKETS_NEXT)
    return undefined
  }
  const unit = annotated ?? (/_(milliseconds|millis|ms)_bucket$/.test(query.metric ?? '') ? 'ms' : 's')
  const buckets = { buckets: query.selector }
  return { kind: 'prometheus-buckets', of: sourceOf(sli), buckets: 'buckets', unit, series: buckets, at }
}

const BUCKETS_NEXT =
  'ask for the series …_bucket, with op: lte, the limit as value, and as target the share of attempts within it (0.95 for a p95).'

function queryOf({ value: { metricSource } }: MetricDraft, report: Report): CounterQuery | undefined {
  const { type, spec, metricSourceRef } = metricSource
  if (type !== undefined && type.value.toLowerCase() !== 'prometheus') {
    const problem = `The metric is in ${type.value}, and matchday reads Prometheus.`
    report(type.at, 'openslo-refused', problem, 'give a metricSource of the type Prometheus.')
    return undefined
  }
  if (metricSourceRef !== undefined) {
    const problem = `The data source "${metricSourceRef.value}" is not looked up: the Prometheus of the target file is read.`
    report(metricSourceRef.at, 'openslo-unused', problem, 'let the target file name the same Prometheus.')
  }
  const written = isObject(spec.value) ? (spec.value.query ?? spec.value.promql) : undefined
  if (typeof written !== 'string') {
    report(spec.at, 'missing-key', 'The metric source has no query.', 'add query: and a selector of series.')
    return undefined
  }
  const read = readCounterQuery(written)
  if (read.ok) return read.query
  const isQuantile = /\bhistogram_quantile\s*\(/.test(written)
  const problem = `The query cannot be read as the series of one counter: ${read.problem}.`
  report(
    spec.at,
    'openslo-refused',
    problem,
    isQuantile ? BUCKETS_NEXT : 'write a selector, as in sum(rate(orders_total{code="200"}[5m])).',
  )
  return undefined
}

const PUBLISHED = /^matchday_sli_(good_total|latency_seconds_bucket)\{(?:.*[, ])?sli="([^"\\]+)"/

/** The indicator of the load generator whose published series an SLI asks for. */
export function publishedIndicator({ ratioMetric, thresholdMetric }: IndicatorSpec) {
  const metric = thresholdMetric ?? ratioMetric?.value.good
  const spec = metric?.value.metricSource.spec.value
  const read = isObject(spec) && typeof spec.query === 'string' ? readCounterQuery(spec.query) : undefined
  const found = read?.ok ? PUBLISHED.exec(read.query.selector) : null
  return found?.[2] === undefined ? undefined : { sli: found[2], isLatency: found[1] === 'latency_seconds_bucket' }
}
