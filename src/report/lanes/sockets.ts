/** Sockets: round trips against their objective, how many are open (right axis), and each second in which some were lost or came back. */
import type { LoadFrame } from '../../domain/evidence.ts'
import type { LatencySlo } from '../../domain/rehearsal.ts'
import { grownBy } from '../../judge/seen/frame-deltas.ts'
import { type Chart, line, type Point, peak, type Tick } from '../chart.ts'
import type { Drawing, LaneOf } from '../lane.ts'
import { createSumOfLatest } from './gauges.ts'
import { isOfSockets, latencyCharts, quantilesOf } from './latency.ts'

export const socketsLane: LaneOf = ({ rehearsal }) => {
  const slos = rehearsal.slos.filter((slo): slo is LatencySlo => slo.kind === 'latency' && isOfSockets(rehearsal, slo))
  const { takeDelta, of } = quantilesOf(slos)
  const life = socketLife()
  const charts = ({ seconds }: Drawing): readonly Chart[] => {
    const [trips] = latencyCharts(slos, of)
    if (life.open.length === 0) return trips === undefined ? [] : [trips]
    return [trips === undefined ? alone(life, seconds) : together(trips, life, seconds)]
  }
  return { take: { 'load-frame': life.add }, takeDelta, charts }
}

type Life = { readonly open: Point[]; readonly lost: Point[]; readonly opened: Point[] }

/** Counters of each generator instance as what they added; per second, because frames come about one a second. */
function socketLife(): Life & { add(frame: LoadFrame, at: number): void } {
  const open: Point[] = []
  const lost: Point[] = []
  const opened: Point[] = []
  const sum = createSumOfLatest()
  const before = new Map<string, NonNullable<LoadFrame['sockets']>>()
  const add = ({ sockets, instance }: LoadFrame, at: number): void => {
    if (!sockets) return
    const last = before.get(instance)
    before.set(instance, sockets)
    open.push([at, sum.set(instance, at, sockets.open)])
    const gone = grownBy(last?.dropped, sockets.dropped) + grownBy(last?.failed, sockets.failed)
    const come = grownBy(last?.connected, sockets.connected)
    if (gone > 0) lost.push([at, gone])
    if (come > 0) opened.push([at, come])
  }
  return { open, lost, opened, add }
}

function together(chart: Chart, life: Life, seconds: number): Chart {
  return {
    ...chart,
    title: 'WebSocket round trip and sockets',
    caption: `${chart.caption} ${sentence(life, seconds)}`,
    lines: [...chart.lines, { ...line('open sockets (right axis)', life.open, 5, 'line', true), axis: 'right' }],
    right: 'sockets',
    rows: rowsOf(life, seconds),
  }
}

const alone = (life: Life, seconds: number): Chart => ({
  id: 'sockets',
  title: 'Sockets',
  unit: 'open',
  caption: sentence(life, seconds),
  lines: [line('open', life.open, 1)],
  limits: [],
  rows: rowsOf(life, seconds),
})

function sentence({ open, lost, opened }: Life, seconds: number): string {
  const inside = (points: readonly Point[]): readonly Point[] => points.filter(([at]) => at <= seconds)
  const total = inside(lost).reduce((sum, [, value]) => sum + value, 0)
  const worst = total === 0 ? 'None was lost' : `${total} were lost or refused`
  return `Up to ${peak(open).toFixed(0)} sockets open at once. ${worst}; at most ${peak(inside(opened)).toFixed(0)} came (back) in one second.`
}

function rowsOf({ lost, opened }: Life, seconds: number): NonNullable<Chart['rows']> {
  const ticks = (points: readonly Point[], look: Tick['look'], what: string): readonly Tick[] => {
    const inside = points.filter(([at]) => at <= seconds)
    const most = Math.max(1, peak(inside))
    return inside.map(([at, count]) => ({ at, look, share: count / most, text: `${count} ${what}` }))
  }
  return [
    { name: 'lost', ticks: ticks(lost, 'bad', 'lost or refused') },
    { name: '(re)connected', ticks: ticks(opened, 'good', 'connected') },
  ]
}
