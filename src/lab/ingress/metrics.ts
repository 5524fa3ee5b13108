// The ingress's own counters, for Prometheus.
import { Counter, Gauge, Histogram, Registry } from 'prom-client'
import type { ProxyOutcome } from './proxy.ts'
import type { Route } from './routes.ts'

export type IngressMetrics = {
  registry: Registry
  answered(outcome: ProxyOutcome, tookMs: number): void
  retried(route: Route): void
  socketOpened(): void
  socketClosed(): void
}

const BOUNDS_SECONDS = [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10]

export function createMetrics(): IngressMetrics {
  const registry = new Registry()
  const registers = [registry]
  const labelNames = ['ingress', 'service'] as const
  const requests = new Counter({
    name: 'ingress_requests_total',
    help: 'Requests answered, by status; 499: the client disconnected first.',
    labelNames: [...labelNames, 'status'] as const,
    registers,
  })
  const retries = new Counter({
    name: 'ingress_retries_total',
    help: 'Retries on another endpoint.',
    labelNames,
    registers,
  })
  const sockets = new Gauge({ name: 'ingress_upgraded_connections', help: 'Open WebSockets.', registers })
  const seconds = new Histogram({
    name: 'ingress_request_seconds',
    help: 'From the head of the request to the end of the response.',
    labelNames,
    buckets: BOUNDS_SECONDS,
    registers,
  })
  const labels = (route: Route | undefined) => ({
    ingress: route?.ingress ?? '',
    service: route ? `${route.namespace}/${route.service}` : '',
  })
  return {
    registry,
    answered({ route, status }, tookMs) {
      requests.inc({ ...labels(route), status: String(status) })
      seconds.observe(labels(route), tookMs / 1000)
    },
    retried: (route) => retries.inc(labels(route)),
    socketOpened: () => sockets.inc(),
    socketClosed: () => sockets.dec(),
  }
}
