/** Latency of each SLI with a latency objective, over five seconds; that of sockets is drawn with them. */
import type { LatencySlo, Rehearsal, Slo } from '../../domain/rehearsal.ts'
import { type Chart, type Limit, line, type Point, peak } from '../chart.ts'
import type { LaneOf } from '../lane.ts'
import { ofLoad, recentOf } from './recent.ts'

export const isOfSockets = ({ load }: Rehearsal, { sli }: Slo): boolean => sli === load.sockets?.sli

export type Quantiles = { readonly p50: Point[]; readonly p95: Point[]; readonly p99: Point[] }

export const latencyLane: LaneOf = ({ rehearsal }) => {
  const slos = ofLoad(rehearsal).filter(
    (slo): slo is LatencySlo => slo.kind === 'latency' && !isOfSockets(rehearsal, slo),
  )
  const { takeDelta, of } = quantilesOf(slos)
  return { takeDelta, charts: () => latencyCharts(slos, of) }
}

/** One chart for each indicator, with the limits of all its objectives. */
export const latencyCharts = (slos: readonly LatencySlo[], of: (sli: string) => Quantiles): readonly Chart[] =>
  [...Map.groupBy(slos, ({ sli }) => sli)].map(([sli, own]) => chartOf(sli, own, of(sli)))

export function quantilesOf(slos: readonly LatencySlo[]) {
  const drawn = new Map(slos.map((slo): [string, Quantiles] => [slo.sli, { p50: [], p95: [], p99: [] }]))
  const takeDelta = recentOf([...drawn.keys()], (sli, window, at) => {
    const [p50, p95, p99] = window.quantiles(0.5, 0.95, 0.99)
    const points = drawn.get(sli)
    if (p50 !== undefined) points?.p50.push([at, p50])
    if (p95 !== undefined) points?.p95.push([at, p95])
    if (p99 !== undefined) points?.p99.push([at, p99])
  })
  return { takeDelta, of: (sli: string): Quantiles => drawn.get(sli) ?? { p50: [], p95: [], p99: [] } }
}

function chartOf(sli: string, slos: readonly LatencySlo[], { p50, p95, p99 }: Quantiles): Chart {
  const limits = slos.flatMap(limitsOf)
  const ceiling = Math.max(...slos.map(({ ceilingMs }) => ceilingMs))
  const highest = Math.max(peak(p99), ceiling)
  return {
    id: `latency-${sli}`,
    title: `${sli}: latency from the intended start`,
    unit: 'ms over 5 s',
    caption: `Highest p95 ${peak(p95).toFixed(0)} ms, highest p99 ${peak(p99).toFixed(0)} ms.`,
    lines: [line('p99', p99, 3, 'line', true), line('p95', p95, 1), line('p50', p50, 2)],
    limits,
    range: { min: 0, max: Math.min(highest * 1.1, ceiling * 4) },
  }
}

function limitsOf({ quantile, targetMs, ceilingMs }: LatencySlo): readonly Limit[] {
  const name = `p${Math.round(quantile * 100)}`
  const target: Limit = { value: targetMs, name: `${name} target ${targetMs} ms`, kind: 'target' }
  return ceilingMs > targetMs
    ? [target, { value: ceilingMs, name: `${name} ceiling ${ceilingMs} ms`, kind: 'ceiling' }]
    : [target]
}
