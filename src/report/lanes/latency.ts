/** Latency of each SLI with a latency objective, over five seconds; that of sockets is drawn with them. */
import type { LatencySlo, Rehearsal, Slo } from '../../domain/rehearsal.ts'
import { type Chart, type Limit, line, type Point, peak } from '../chart.ts'
import type { LaneOf } from '../lane.ts'
import { ofLoad, recentOf } from './recent.ts'

export const isOfSockets = ({ load }: Rehearsal, { sli }: Slo): boolean => sli === load.sockets?.sli

export type Quantiles = { readonly p50: Point[]; readonly p95: Point[] }

export const latencyLane: LaneOf = ({ rehearsal }) => {
  const slos = ofLoad(rehearsal).filter(
    (slo): slo is LatencySlo => slo.kind === 'latency' && !isOfSockets(rehearsal, slo),
  )
  const { takeDelta, of } = quantilesOf(slos)
  return { takeDelta, charts: () => slos.map((slo) => latencyChart(slo, of(slo.sli))) }
}

export function quantilesOf(slos: readonly LatencySlo[]) {
  const drawn = new Map(slos.map((slo): [string, Quantiles] => [slo.sli, { p50: [], p95: [] }]))
  const takeDelta = recentOf([...drawn.keys()], (sli, window, at) => {
    const [p50, p95] = window.quantiles(0.5, 0.95)
    if (p50 !== undefined) drawn.get(sli)?.p50.push([at, p50])
    if (p95 !== undefined) drawn.get(sli)?.p95.push([at, p95])
  })
  return { takeDelta, of: (sli: string): Quantiles => drawn.get(sli) ?? { p50: [], p95: [] } }
}

export function latencyChart(slo: LatencySlo, { p50, p95 }: Quantiles): Chart {
  const name = `p${Math.round(slo.quantile * 100)}`
  const limits: Limit[] = [{ value: slo.targetMs, name: `${name} target ${slo.targetMs} ms`, kind: 'target' }]
  if (slo.ceilingMs > slo.targetMs)
    limits.push({ value: slo.ceilingMs, name: `ceiling ${slo.ceilingMs} ms`, kind: 'ceiling' })
  const highest = Math.max(peak(p95), slo.ceilingMs)
  return {
    id: `latency-${slo.sli}`,
    title: `${slo.sli}: latency from the intended start`,
    unit: 'ms over 5 s',
    caption: `Highest p95 ${peak(p95).toFixed(0)} ms.`,
    lines: [line('p95', p95, 1), line('p50', p50, 2)],
    limits,
    range: { min: 0, max: Math.min(highest * 1.1, slo.ceilingMs * 4) },
  }
}
