/** Gauges with a limit: connections to a database, summed over the pods that hold them. */
import type { Sample } from '../../domain/evidence.ts'
import type { Expectation } from '../../domain/rehearsal.ts'
import { type Chart, line, type Point, peak } from '../chart.ts'
import type { LaneOf } from '../lane.ts'
import { hasLabels, pushRound, sumOfLatest } from './gauges.ts'

type Limited = Extract<Expectation, { kind: 'connections' }>

export const connectionsLane: LaneOf = ({ rehearsal }) => {
  const all = rehearsal.expectations
    .filter((each): each is Limited => each.kind === 'connections')
    .map((limited) => ({ limited, points: [] as Point[], sum: sumOfLatest() }))
  const sample = (record: Sample, at: number): void => {
    if (!record.ok) return
    for (const { limited, points, sum } of all) {
      if (limited.of !== record.source) continue
      const own = record.series.filter(
        ({ name, labels }) => name === limited.metric && hasLabels(labels, limited.where),
      )
      if (own.length === 0) continue
      const held = own.reduce((total, each) => total + each.value, 0)
      pushRound(points, at, sum.set(record.pod, at, held))
    }
  }
  return { take: { sample }, charts: () => all.map(({ limited, points }) => chartOf(limited, points)) }
}

const chartOf = ({ of, metric, atMost }: Limited, points: readonly Point[]): Chart => ({
  id: `connections-${of}-${metric}`,
  title: `${of}: ${metric}`,
  unit: 'over all pods',
  caption: `Up to ${peak(points).toFixed(0)} of at most ${atMost}.`,
  lines: [line(metric, points, 1, 'step')],
  limits: [{ value: atMost, name: `at most ${atMost}`, kind: 'ceiling' }],
})
