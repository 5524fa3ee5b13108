/**
 * Which Prometheus metrics of the pods the autoscaler can read, and under which name, like the rules of prometheus-adapter in a real
 * cluster.
 */

export type MetricRule =
  /** Increase per second of a counter, summed over its label sets. */
  | { readonly kind: 'rate'; readonly counter: string; readonly windowMs: number }
  /** A quantile of a histogram (in seconds) over the window, in milliseconds. */
  | { readonly kind: 'quantile'; readonly histogram: string; readonly quantile: number; readonly windowMs: number }
  /** The latest value, summed over its label sets. */
  | { readonly kind: 'gauge'; readonly gauge: string }

// A window of 5 s shows a load peak within two syncs of the controller. A quantile needs more requests to be meaningful.
export const metricRules: Readonly<Record<string, MetricRule>> = {
  rps_per_pod: { kind: 'rate', counter: 'http_requests_total', windowMs: 5000 },
  http_p95_ms: { kind: 'quantile', histogram: 'http_request_duration_seconds', quantile: 0.95, windowMs: 10_000 },
  sockets_per_pod: { kind: 'gauge', gauge: 'realtime_sockets' },
  outbox_lag: { kind: 'gauge', gauge: 'wallet_outbox_lag' },
}

/** The window that a value was computed from; 0 for a gauge. */
export const windowOf = (rule: MetricRule): number => (rule.kind === 'gauge' ? 0 : rule.windowMs)

/** Older readings are never needed. */
export const WINDOW_MAX_MS = Math.max(...Object.values(metricRules).map(windowOf))
