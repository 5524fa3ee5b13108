/**
 * Indicators that a Prometheus measures: counters of the platform in place of the attempts that k6 made. `of` is a source of the target's `prometheus`,
 * and the metrics are its keys there, each with its selector.
 */
import type { SourcePoint } from './issue.ts'

export type PrometheusSli = PrometheusRatio | PrometheusFailures | PrometheusBuckets

/** Two counters. Bad attempts are `total` less `good`. There is no latency. */
export type PrometheusRatio = {
  readonly kind: 'prometheus-ratio'
  readonly of: string
  readonly good: string
  readonly total: string
  readonly series?: SeriesBrought
  readonly at: SourcePoint
}

/** Two counters. Good attempts are `total` less `bad`. There is no latency. */
export type PrometheusFailures = {
  readonly kind: 'prometheus-failures'
  readonly of: string
  readonly bad: string
  readonly total: string
  readonly series?: SeriesBrought
  readonly at: SourcePoint
}

/** The `_bucket` series of a classic histogram. It has a latency, and its attempts cannot be bad. `unit` is that of the label `le`. */
export type PrometheusBuckets = {
  readonly kind: 'prometheus-buckets'
  readonly of: string
  readonly buckets: string
  readonly unit: 's' | 'ms'
  readonly series?: SeriesBrought
  readonly at: SourcePoint
}

/**
 * Selectors of series by metric. Only for indicators of OpenSLO documents, which define their series themselves instead of naming a source of the
 * target.
 */
export type SeriesBrought = Readonly<Record<string, string>>

/** The metrics that an indicator is counted from. */
export function metricsRead(sli: PrometheusSli): readonly string[] {
  switch (sli.kind) {
    case 'prometheus-ratio':
      return [sli.good, sli.total]
    case 'prometheus-failures':
      return [sli.bad, sli.total]
    case 'prometheus-buckets':
      return [sli.buckets]
  }
}

/** A window holds at least one whole interval only if it is as long as two. */
export const INTERVALS_LEAST = 2
