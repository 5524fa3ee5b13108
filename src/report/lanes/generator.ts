/** The load generator and the machine. If they are at their limit, the charts above cannot be trusted. */
import { line, type Point, peak } from '../chart.ts'
import type { LaneOf } from '../lane.ts'
import { createSumOfLatest } from './gauges.ts'

export const generatorLane: LaneOf = () => {
  const cpu: Point[] = []
  const busy: Point[] = []
  const lag: Point[] = []
  const cores = createSumOfLatest()
  return {
    take: {
      'generator-health': (record, at) => {
        cpu.push([at, cores.set(record.instance, at, record.cpuCores) * 100])
        busy.push([at, record.hostBusy * 100])
      },
      'load-frame': ({ loopLag }, at) => {
        if (loopLag && loopLag.count > 0) lag.push([at, loopLag.p95Ms])
      },
    },
    charts: () => [
      {
        id: 'generator',
        title: 'Load generator and machine',
        unit: '%',
        caption: `Machine up to ${peak(busy).toFixed(0)} % busy; k6 up to ${peak(cpu).toFixed(0)} % of one core.`,
        lines: [
          line('machine busy', busy, 2),
          line('k6, % of one core', cpu, 1),
          ...(lag.length === 0
            ? []
            : [{ ...line('event-loop lag, p95 (right axis)', lag, 5, 'line', true), axis: 'right' } as const]),
        ],
        limits: [],
        ...(lag.length === 0 ? {} : { right: 'ms' }),
      },
    ],
  }
}
