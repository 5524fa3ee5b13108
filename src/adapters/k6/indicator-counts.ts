/** Counts of declared indicators, from the series of k6's own metrics. Good and bad are exact; slow ones come from histogram buckets. */
import type { SliCounts } from '../../domain/evidence.ts'
import type { IndicatorSource, Tags } from '../../domain/indicator.ts'
import type { LoadPlan } from '../../domain/timeline.ts'
import { counter, rateCounter, trend } from './series-names.ts'
import { type HistogramTotal, type MetricLabels, NO_HISTOGRAM, type Totals } from './totals.ts'

export type IndicatorCounts = Omit<SliCounts, 'histogram'> & { readonly latency: HistogramTotal }

type Limits = LoadPlan['limits'][string] | undefined

/** Names of the series that an indicator is counted from. */
export function seriesRead(indicator: IndicatorSource): readonly string[] {
  switch (indicator.kind) {
    case 'http':
      return [counter('http_reqs'), trend('http_req_duration')]
    case 'grpc':
      return [trend('grpc_req_duration')]
    case 'websocket':
      return [counter('ws_sessions'), trend('ws_connecting')]
    case 'checks':
      return [rateCounter('checks')]
    case 'rate':
      return [rateCounter(indicator.metric)]
    case 'trend':
      return [trend(indicator.metric)]
    case 'counters':
      return [counter(indicator.good), counter(indicator.bad)]
  }
}

export function indicatorCounts(indicator: IndicatorSource, sums: Totals, limits: Limits): IndicatorCounts {
  const where = (labels: MetricLabels): boolean => hasTags(labels, indicator.where)
  switch (indicator.kind) {
    case 'http': {
      const latency = sums.histogram(trend('http_req_duration'), (labels) => where(labels) && isExpected(labels))
      return told(sums.each(counter('http_reqs'), where), isExpected, httpReason, latency, limits)
    }
    case 'grpc': {
      const name = trend('grpc_req_duration')
      const latency = sums.histogram(name, (labels) => where(labels) && isGrpcOk(labels))
      return told(
        sums.eachHistogram(name, where),
        isGrpcOk,
        ({ status }) => `grpc-${status ?? 'none'}`,
        latency,
        limits,
      )
    }
    case 'websocket': {
      const latency = sums.histogram(trend('ws_connecting'), (labels) => where(labels) && isUpgraded(labels))
      return told(sums.each(counter('ws_sessions'), where), isUpgraded, httpReason, latency, limits)
    }
    case 'checks':
      return told(
        sums.each(rateCounter('checks'), where),
        isNonzero,
        ({ check }) => check ?? 'check',
        NO_HISTOGRAM,
        undefined,
      )
    case 'rate': {
      const isGood = (labels: MetricLabels) => isNonzero(labels) === (indicator.good === 'nonzero')
      return told(
        sums.each(rateCounter(indicator.metric), where),
        isGood,
        () => indicator.metric,
        NO_HISTOGRAM,
        undefined,
      )
    }
    case 'trend':
      return {
        good: sums.histogram(trend(indicator.metric), where).count,
        bad: 0,
        badBy: {},
        ...latencyOf(sums.histogram(trend(indicator.metric), where), limits),
      }
    case 'counters': {
      const good = sums.sum(counter(indicator.good), where) ?? 0
      const bad = sums.sum(counter(indicator.bad), where) ?? 0
      return { good, bad, badBy: bad > 0 ? { [indicator.bad]: bad } : {}, ...latencyOf(NO_HISTOGRAM, undefined) }
    }
  }
}

/** k6 writes the group `checkout` as `::checkout`. */
function hasTags(labels: MetricLabels, tags: Tags): boolean {
  return Object.entries(tags).every(([tag, value]) => {
    const wanted = tag === 'group' && value !== '' && !value.startsWith('::') ? `::${value}` : value
    return (labels[tag] ?? '') === wanted
  })
}

/** Without a response callback (`http.setResponseCallback(null)`) k6 does not say what it expected. Then its default decides: 200 to 399. */
function isExpected({ expected_response: expected, status }: MetricLabels): boolean {
  if (expected !== undefined) return expected === 'true'
  return Number(status) >= 200 && Number(status) < 400
}

/** gRPC's status code OK. */
const isGrpcOk = ({ status }: MetricLabels): boolean => status === '0'
/** HTTP 101, Switching Protocols (RFC 6455, 4.1). */
const isUpgraded = ({ status }: MetricLabels): boolean => status === '101'
const isNonzero = ({ condition }: MetricLabels): boolean => condition === 'nonzero'

/** k6's code for a request that ran into its timeout. https://grafana.com/docs/k6/latest/javascript-api/error-codes/ */
const REQUEST_TIMEOUT = '1050'

function httpReason({ status, error_code: code }: MetricLabels): string {
  if (status === undefined || status === '0' || status === '') return code === REQUEST_TIMEOUT ? 'timeout' : 'network'
  return `http-${status}`
}

function told(
  series: readonly { readonly labels: MetricLabels; readonly value: number }[],
  isGood: (labels: MetricLabels) => boolean,
  reasonOf: (labels: MetricLabels) => string,
  latency: HistogramTotal,
  limits: Limits,
): IndicatorCounts {
  let good = 0
  let bad = 0
  const badBy: Record<string, number> = {}
  for (const { labels, value } of series) {
    if (value === 0) continue
    if (isGood(labels)) good += value
    else {
      const reason = reasonOf(labels)
      badBy[reason] = (badBy[reason] ?? 0) + value
      bad += value
    }
  }
  return { good, bad, badBy, ...latencyOf(latency, limits) }
}

/** A bucket that straddles a limit counts as slow, because its values may be on either side. */
function latencyOf(latency: HistogramTotal, limits: Limits): Pick<IndicatorCounts, 'slow' | 'overCeiling' | 'latency'> {
  const above = (limitMs: number | undefined): number =>
    limitMs === undefined
      ? 0
      : [...latency.buckets].reduce((sum, [bound, count]) => sum + (bound > limitMs ? count : 0), 0)
  return { slow: above(limits?.targetMs), overCeiling: above(limits?.ceilingMs), latency }
}
