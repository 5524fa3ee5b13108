/** Prometheus metrics of one service process. Only what somebody reads: a scrape a second of the default set costs real CPU. */
import { Counter, Gauge, Histogram, Registry } from 'prom-client'
import { platformMetrics } from '../../wire/metrics.ts'

export type ServiceMetrics = {
  readonly registry: Registry
  observe(route: string, code: number, seconds: number): void
}

const SECONDS_BUCKETS = [0.005, 0.01, 0.025, 0.05, 0.1, 0.15, 0.2, 0.25, 0.3, 0.4, 0.6, 1, 2]

export function createServiceMetrics(): ServiceMetrics {
  const registry = new Registry()
  const requests = new Counter({
    name: platformMetrics.requests,
    help: 'Requests ended, without probes; code 499 where the client gave up.',
    labelNames: ['route', 'code'],
    registers: [registry],
  })
  const seconds = new Histogram({
    name: platformMetrics.requestSeconds,
    help: 'Time to answer.',
    labelNames: ['route'],
    buckets: SECONDS_BUCKETS,
    registers: [registry],
  })
  processGauges(registry)
  return {
    registry,
    observe: (route, code, elapsed) => {
      requests.inc({ route, code })
      seconds.observe({ route }, elapsed)
    },
  }
}

function processGauges(registry: Registry): void {
  new Gauge({
    name: 'process_cpu_seconds_total',
    help: 'CPU time of this process.',
    registers: [registry],
    collect() {
      const { user, system } = process.cpuUsage()
      this.set((user + system) / 1e6)
    },
  })
  new Gauge({
    name: 'process_resident_memory_bytes',
    help: 'Resident memory of this process.',
    registers: [registry],
    collect() {
      this.set(process.memoryUsage.rss())
    },
  })
}
