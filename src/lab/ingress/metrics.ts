// The ingress's own counters, for Prometheus.
import { Counter, Gauge, Histogram, Registry } from 'prom-client'
import type { MirrorOutcome } from './gateway-api/mirrors.ts'
import type { GatewayPart } from './gateway-api/rules.ts'
import type { ProxyOutcome } from './proxy.ts'
import type { Route } from './routes.ts'

export type IngressMetrics = {
  registry: Registry
  answered(outcome: ProxyOutcome, tookMs: number): void
  retried(route: Route): void
  mirrored(to: Route, outcome: MirrorOutcome): void
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
  const backends = new Counter({
    name: 'gateway_route_backend_requests_total',
    help: 'Requests of HTTPRoutes by rule, backend and class of the status. 5xx with an empty backend: no valid backend; 499 counts as 4xx.',
    labelNames: ['route', 'rule', 'backend', 'code'] as const,
    registers,
  })
  const mirrors = new Counter({
    name: 'gateway_route_mirrored_requests_total',
    help: 'Copies of requests sent to a mirror, by outcome: the class of its status, failed, or too-large for a body that was not copied.',
    labelNames: ['route', 'rule', 'backend', 'outcome'] as const,
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
      if (route?.gateway) backends.inc({ ...backendLabels(route.gateway), code: classOf(status) })
    },
    retried: (route) => retries.inc(labels(route)),
    mirrored: ({ gateway }, outcome) => {
      if (gateway)
        mirrors.inc({ ...backendLabels(gateway), outcome: typeof outcome === 'number' ? classOf(outcome) : outcome })
    },
    socketOpened: () => sockets.inc(),
    socketClosed: () => sockets.dec(),
  }
}

const backendLabels = ({ route, rule, backend }: GatewayPart) => ({ route, rule, backend })
const classOf = (status: number): string => `${Math.floor(status / 100)}xx`
