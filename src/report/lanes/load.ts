/** Offered against run: what the plan asked for, what the generator did, and what it dropped. */
import { arrivalsBetween } from '../../domain/arrivals.ts'
import type { FrameDelta } from '../../judge/seen/frame-deltas.ts'
import { line, type Point, peak } from '../chart.ts'
import type { LaneOf } from '../lane.ts'
import { createSumOfLatest } from './gauges.ts'

export const loadLane: LaneOf = ({ timeline }) => {
  const offered: Point[] = []
  const achieved: Point[] = []
  const dropped: Point[] = []
  const running = createSumOfLatest()
  const dropping = createSumOfLatest()

  const takeDelta = (delta: FrameDelta, at: number, instance: string): void => {
    // The first frame of an instance counts from the load's zero.
    const from = Math.max(0, at - (delta.at - delta.fromAt) / 1000)
    const spanS = at - from
    if (spanS <= 0) return
    offered.push([
      at,
      timeline.load.profiles.reduce((sum, each) => sum + arrivalsBetween(each.stages, from * 1000, at * 1000), 0) /
        spanS,
    ])
    const profiles = [...delta.profiles.values()]
    const perSecond = (count: number): number => count / spanS
    const ran = profiles.reduce((sum, each) => sum + each.iterations, 0)
    const lost = profiles.reduce((sum, each) => sum + each.dropped, 0)
    achieved.push([at, running.set(instance, at, perSecond(ran))])
    dropped.push([at, dropping.set(instance, at, perSecond(lost))])
  }

  return {
    takeDelta,
    charts: () => [
      {
        id: 'load',
        title: 'Load',
        unit: 'requests/s',
        caption: `Offered up to ${peak(offered).toFixed(0)}/s; ${peak(achieved).toFixed(0)}/s were run at most.`,
        lines: [
          line('offered by the plan', offered, 6, 'line', true),
          line('run', achieved, 1),
          line('dropped by the generator', dropped, 4, 'area'),
        ],
        limits: [],
      },
    ],
  }
}
