/** Which of the pods' Prometheus metrics the autoscaler can ask for, under which name: what prometheus-adapter's rules do in a real cluster. */

export type MetricRule =
  /** Increase per second of a counter, all its label sets together. */
  | { readonly kind: 'rate'; readonly counter: string; readonly windowMs: number }
  /** A quantile of what a histogram (in seconds) counted within the window, in milliseconds. */
  | { readonly kind: 'quantile'; readonly histogram: string; readonly quantile: number; readonly windowMs: number }
  /** The latest value, all label sets together. */
  | { readonly kind: 'gauge'; readonly gauge: string }

// A window of 5 s sees the promo within two of the controller's syncs; a quantile needs more requests to mean anything.
export const metricRules: Readonly<Record<string, MetricRule>> = {
  rps_per_pod: { kind: 'rate', counter: 'http_requests_total', windowMs: 5000 },
  http_p95_ms: { kind: 'quantile', histogram: 'http_request_duration_seconds', quantile: 0.95, windowMs: 10_000 },
  sockets_per_pod: { kind: 'gauge', gauge: 'realtime_sockets' },
  outbox_lag: { kind: 'gauge', gauge: 'wallet_outbox_lag' },
}

/** The window that a value was computed from; 0 for a value of the moment. */
export const windowOf = (rule: MetricRule): number => (rule.kind === 'gauge' ? 0 : rule.windowMs)

/** Nothing older is ever needed. */
export const WINDOW_MAX_MS = Math.max(...Object.values(metricRules).map(windowOf))
