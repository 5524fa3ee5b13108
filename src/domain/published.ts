/** Names of the series that a run publishes. Dashboards and queries of users hold them, so a name is added or retired, and never changes its meaning. */
export const publishedSeries = {
  matchday_sli_good_total: 'good attempts of an indicator since the run began',
  matchday_sli_bad_total: 'bad attempts',
  matchday_sli_attempts_total: 'all attempts',
  matchday_sli_latency_seconds_bucket: 'latencies of the good attempts, as a classic histogram',
  matchday_sli_latency_seconds_count: 'good attempts with a latency',
  matchday_sli_objective_ratio: 'objective of availability',
  matchday_sli_latency_objective_seconds: 'limit of a latency, by its quantile',
  matchday_phase: '1 in the phase that the run is in',
  matchday_fault_active: '1 while a fault is injected',
  matchday_action_active: '1 while an action is under way or not undone',
  matchday_workload_replicas_ready: 'Ready pods of a workload',
  matchday_workload_replicas_desired: 'pods that a workload wants',
  matchday_generator_cpu_cores: 'CPU of the load generator in cores',
  matchday_generator_host_busy_ratio: 'busy share of its machine',
  matchday_generator_loop_lag_p95_seconds: 'lateness of its event loop',
  matchday_generator_dropped_total: 'arrivals that were due and dropped',
  matchday_generator_vus: 'virtual users of k6',
} as const
export type PublishedSeries = keyof typeof publishedSeries

/** Upper bounds of the published histogram, in ms. */
export const publishedBucketsMs = [5, 10, 25, 50, 75, 100, 150, 200, 250, 300, 400, 500, 750, 1000, 2500, 5000, 10_000]
