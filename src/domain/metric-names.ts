/** Metrics that rules read by name, on any platform. The reference platform exposes the first two by `wire/metrics.ts`, and prom-client the others. */

/** Requests of a pod by `code`; 499 if the client gave up. */
export const REQUESTS = 'http_requests_total'
/** 1 for the database member that takes writes. Read from the source that has the database's name. */
export const WRITABLE = 'db_writable'
/** Resident memory of a pod's process, as Prometheus' client libraries name it (instrumentation guide, "process metrics"). */
export const MEMORY = 'process_resident_memory_bytes'
/** p99 of the event loop's lag in seconds, as prom-client names it. */
export const LOOP_LAG = 'nodejs_eventloop_lag_p99_seconds'
