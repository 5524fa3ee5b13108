/** Gauges with a limit, over the pods that show them: connections to a database, for example. */
import type { Sample } from '../../domain/evidence.ts'
import type { Expectation } from '../../domain/rehearsal.ts'
import { showSeries } from '../../domain/show.ts'
import { type Chart, line, type Point, peak } from '../chart.ts'
import type { LaneOf } from '../lane.ts'
import { createLatest, hasLabels, pushRound } from './gauges.ts'

type Limited = Extract<Expectation, { kind: 'connections' }>

export const connectionsLane: LaneOf = ({ rehearsal }) => {
  const all = rehearsal.expectations
    .filter((each): each is Limited => each.kind === 'connections')
    .map((limited) => ({ limited, points: [] as Point[], level: createLatest(limited.pods) }))
  const sample = (record: Sample, at: number): void => {
    if (!record.ok) return
    for (const { limited, points, level } of all) {
      if (limited.of !== record.source) continue
      const own = record.series.filter(
        ({ name, labels }) => name === limited.metric && hasLabels(labels, limited.where),
      )
      if (own.length === 0) continue
      const held = own.reduce((total, each) => total + each.value, 0)
      pushRound(points, at, level.set(record.pod, at, held))
    }
  }
  return { take: { sample }, charts: () => all.map(({ limited, points }) => chartOf(limited, points)) }
}

const chartOf = ({ of, metric, where, pods, atMost }: Limited, points: readonly Point[]): Chart => ({
  id: ['connections', of, metric, ...Object.values(where), pods].join('-').replace(/[^\w-]+/g, '-'),
  title: `${of}: ${showSeries(metric, where)}`,
  unit: pods === 'max' ? 'greatest of any pod' : 'sum of all pods',
  caption: `Up to ${peak(points).toFixed(0)} of at most ${atMost}.`,
  lines: [line(metric, points, 1, 'step')],
  limits: [{ value: atMost, name: `at most ${atMost}`, kind: 'ceiling' }],
})
