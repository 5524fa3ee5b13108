/** Which charts a run has, from what it was asked to hold and what was seen. */
import type { Slo } from '../domain/rehearsal.ts'
import type { Chart, ChartLine, Limit } from './chart.ts'
import type { RunView } from './view.ts'
import { percent } from './words.ts'

export function chartsOf(view: RunView): readonly Chart[] {
  const { slos } = view.started.rehearsal
  return [
    loadChart(view),
    ...slos.filter((slo) => slo.kind === 'availability').map((slo) => availabilityChart(view, slo)),
    ...slos.filter((slo) => slo.kind === 'latency').map((slo) => latencyChart(view, slo)),
    ...replicaCharts(view),
    ...chargesChart(view),
    ...socketsChart(view),
    generatorChart(view),
  ].filter((chart) => chart.lines.some((line) => line.points.length > 0))
}

const line = (
  name: string,
  points: ChartLine['points'],
  colour: ChartLine['colour'],
  shape: ChartLine['shape'] = 'line',
  dash = false,
): ChartLine => ({ name, points, colour, shape, dash })
const peak = (points: ChartLine['points']): number => points.reduce((most, [, value]) => Math.max(most, value), 0)
const lowest = (points: ChartLine['points']): number =>
  points.reduce((least, [, value]) => Math.min(least, value), Number.POSITIVE_INFINITY)

function loadChart(view: RunView): Chart {
  return {
    id: 'load',
    title: 'Load',
    unit: 'requests/s',
    caption: `Offered up to ${peak(view.offered).toFixed(0)}/s; ${peak(view.achieved).toFixed(0)}/s were run at most.`,
    lines: [
      line('offered by the plan', view.offered, 6, 'line', true),
      line('run', view.achieved, 1),
      line('dropped by the generator', view.dropped, 4, 'area'),
    ],
    limits: [],
  }
}

function availabilityChart(view: RunView, slo: Extract<Slo, { kind: 'availability' }>): Chart {
  const seen = view.slis.get(slo.sli)
  const share = seen?.share ?? []
  const worst = lowest(share)
  const objective = slo.objective * 100
  // The axis shows the objective and the worst moment, whichever is lower, and never less than two points.
  const min = Math.max(0, Math.floor(Math.min(worst, objective - 1, 98)))
  return {
    id: `sli-${slo.sli}`,
    title: `${slo.sli}: good answers`,
    unit: '% over 5 s',
    caption: Number.isFinite(worst)
      ? `Lowest ${worst.toFixed(1)} %, objective ${percent(slo.objective)} over the whole run.`
      : 'No samples.',
    lines: [line(slo.sli, share, 1)],
    limits: [{ value: objective, name: `objective ${percent(slo.objective)}`, kind: 'target' }],
    range: { min, max: 100.4 },
  }
}

function latencyChart(view: RunView, slo: Extract<Slo, { kind: 'latency' }>): Chart {
  const seen = view.slis.get(slo.sli)
  const name = `p${Math.round(slo.quantile * 100)}`
  const limits: Limit[] = [{ value: slo.targetMs, name: `${name} target ${slo.targetMs} ms`, kind: 'target' }]
  if (slo.ceilingMs > slo.targetMs)
    limits.push({ value: slo.ceilingMs, name: `ceiling ${slo.ceilingMs} ms`, kind: 'ceiling' })
  const highest = Math.max(peak(seen?.p95 ?? []), slo.ceilingMs)
  return {
    id: `latency-${slo.sli}`,
    title: slo.sli === 'ws-rtt' ? 'WebSocket round trip' : `${slo.sli}: latency from the intended start`,
    unit: 'ms over 5 s',
    caption: `Highest ${name} ${peak(seen?.p95 ?? []).toFixed(0)} ms.`,
    lines: [line('p95', seen?.p95 ?? [], 1), line('p50', seen?.p50 ?? [], 2)],
    limits,
    range: { min: 0, max: Math.min(highest * 1.1, slo.ceilingMs * 4) },
  }
}

/** Autoscaled deployments only: the others do not move by themselves. */
function replicaCharts(view: RunView): readonly Chart[] {
  return [...view.replicas]
    .filter(([, each]) => each.desired.length > 0)
    .map(([name, { desired, ready, min, max }]) => ({
      id: `replicas-${name}`,
      title: `${name}: replicas`,
      unit: 'pods',
      caption: `Wanted up to ${peak(desired)}, ready up to ${peak(ready)}, between ${min} and ${max}.`,
      lines: [line('wanted by the autoscaler', desired, 3, 'step', true), line('ready', ready, 1, 'step')],
      limits: [],
    }))
}

const outcomeColours: Readonly<Record<string, ChartLine['colour']>> = {
  approved: 1,
  unknown: 4,
  error: 4,
  open: 5,
  refused: 3,
}

function chargesChart(view: RunView): readonly Chart[] {
  if (view.charges.size === 0) return []
  const psps = [...new Set([...view.charges.keys()].map((key) => key.split(' ')[0] ?? ''))].sort()
  const lines = [...view.charges]
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .filter(([, points]) => peak(points) > 0)
    .map(([key, points]) => {
      const [psp = '', outcome = ''] = key.split(' ')
      const approved = outcome === 'approved'
      return line(
        key,
        points,
        approved ? (psps.indexOf(psp) === 0 ? 1 : 2) : (outcomeColours[outcome] ?? 6),
        'line',
        !approved,
      )
    })
  return [
    {
      id: 'psp-calls',
      title: 'PSP calls by outcome',
      unit: 'calls/s',
      caption: `As payments-api counted them: ${lines.map((each) => `${each.name} up to ${peak(each.points).toFixed(0)}/s`).join(', ')}.`,
      lines,
      limits: [],
    },
  ]
}

function socketsChart(view: RunView): readonly Chart[] {
  if (view.sockets.open.length === 0) return []
  return [
    {
      id: 'sockets',
      title: 'Sockets',
      unit: 'open',
      caption: `Up to ${peak(view.sockets.open).toFixed(0)} open at once.`,
      lines: [line('open', view.sockets.open, 1), line('lost or refused per second', view.sockets.dropped, 4, 'area')],
      limits: [],
    },
  ]
}

function generatorChart(view: RunView): Chart {
  return {
    id: 'generator',
    title: 'Load generator and machine',
    unit: '%',
    caption: `Machine up to ${peak(view.busy).toFixed(0)} % busy.`,
    lines: [
      line('machine busy', view.busy, 2),
      line(
        'k6, % of one core',
        view.cpu.map(([at, value]) => [at, value * 100] as const),
        1,
      ),
    ],
    limits: [],
  }
}
