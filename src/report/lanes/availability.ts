/** Good answers of each SLI with an availability objective, over five seconds. */
import type { Slo } from '../../domain/rehearsal.ts'
import { showMeasuredPercent } from '../../domain/show.ts'
import { type Chart, line, lowest, type Point } from '../chart.ts'
import type { LaneOf } from '../lane.ts'
import { ofLoad, recentOf } from './recent.ts'

type Availability = Extract<Slo, { kind: 'availability' }>

export const availabilityLane: LaneOf = ({ rehearsal }) => {
  const slos = ofLoad(rehearsal).filter((slo): slo is Availability => slo.kind === 'availability')
  const shares = new Map(slos.map((slo): [string, Point[]] => [slo.sli, []]))
  const takeDelta = recentOf([...shares.keys()], (sli, window, at) => {
    const good = window.sum((each) => each.good)
    const attempts = good + window.sum((each) => each.bad)
    if (attempts > 0) shares.get(sli)?.push([at, (good / attempts) * 100])
  })
  return {
    takeDelta,
    charts: () =>
      [...Map.groupBy(slos, ({ sli }) => sli)].map(([sli, own]) => chartOf(sli, own, shares.get(sli) ?? [])),
  }
}

/** One chart for each indicator, with all its objectives. */
function chartOf(sli: string, slos: readonly Availability[], share: readonly Point[]): Chart {
  const objectives = slos.map(({ objective }) => objective)
  const worst = lowest(share)
  // The axis shows the objective and the worst moment, whichever is lower, and never less than two points.
  const min = Math.max(0, Math.floor(Math.min(worst, ...objectives.map((each) => each * 100 - 1), 98)))
  return {
    id: `sli-${sli}`,
    title: `${sli}: good answers`,
    unit: '% over 5 s',
    caption: Number.isFinite(worst)
      ? `Lowest ${showMeasuredPercent(worst / 100, 1)}, objective ${objectives.map((each) => showMeasuredPercent(each)).join(' and ')} over the whole run.`
      : 'No samples.',
    lines: [line(sli, share, 1)],
    limits: objectives.map((each) => ({
      value: each * 100,
      name: `objective ${showMeasuredPercent(each)}`,
      kind: 'target',
    })),
    range: { min, max: 100.4 },
  }
}
