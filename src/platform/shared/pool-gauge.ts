/** How many database connections this process has, and how many requests wait for one. A connection avalanche shows here first. */
import { Gauge } from 'prom-client'
import { platformMetrics } from '../../wire/metrics.ts'
import type { ServiceMetrics } from './metrics.ts'

export type PoolCounts = {
  readonly active: number
  readonly idle: number
  readonly waiting: number
  readonly max: number
}

export function gaugePool({ registry }: ServiceMetrics, counts: () => PoolCounts): void {
  new Gauge({
    name: platformMetrics.connections,
    help: 'Connections of this pool by state, requests waiting for one, and the most it may open.',
    labelNames: ['state'],
    registers: [registry],
    collect() {
      const { active, idle, waiting, max } = counts()
      this.set({ state: 'active' }, active)
      this.set({ state: 'idle' }, idle)
      this.set({ state: 'waiting' }, waiting)
      this.set({ state: 'max' }, max)
    },
  })
}
