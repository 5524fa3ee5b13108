/**
 * Replicas of every workload that something scales: wanted by the HPA, ready, limits, and each metric over its target (right axis). Where
 * KEDA made the HPA, its own part stands below: when its trigger was active, and what it scaled between.
 */
import type { ClusterObject, HpaSeen, ScaledObjectSeen } from '../../domain/cluster.ts'
import type { ObjectSeen } from '../../domain/evidence.ts'
import type { AutoscalerResult, KedaResult } from '../../domain/verdict.ts'
import {
  type Chart,
  type ChartLine,
  type ChartRow,
  type Limit,
  line,
  type PlotMark,
  type Point,
  peak,
  step,
} from '../chart.ts'
import type { Drawing, LaneOf } from '../lane.ts'
import { clock, inSeconds } from '../words.ts'
import { createFlags, type Flags } from './flags.ts'

type Scaled = {
  readonly desired: Point[]
  readonly ready: Point[]
  /** By metric: its value over its target. */
  readonly metrics: Map<string, Point[]>
  hpa?: HpaSeen
  keda?: { readonly last: ScaledObjectSeen; readonly conditions: Flags }
}

export const replicasLane: LaneOf = () => {
  const all = new Map<string, Scaled>()
  const of = (name: string): Scaled => {
    const known = all.get(name) ?? { desired: [], ready: [], metrics: new Map() }
    all.set(name, known)
    return known
  }
  return {
    take: {
      'object-seen': ({ object, change }: ObjectSeen, at) => {
        if (change !== 'deleted') takeObject(of, object, at)
      },
    },
    charts: (drawing) =>
      [...all]
        .filter(([, each]) => each.hpa !== undefined || each.keda !== undefined)
        .map(([name, each]) => chartOf(name, each, drawing)),
  }
}

function takeObject(of: (name: string) => Scaled, object: ClusterObject, at: number): void {
  switch (object.resource) {
    case 'HorizontalPodAutoscaler': {
      const known = of(object.of)
      known.hpa = object
      step(known.desired, at, object.desired)
      for (const { metric, target, value } of object.metrics) {
        if (value === undefined || target <= 0) continue
        const points = known.metrics.get(metric) ?? []
        known.metrics.set(metric, points)
        step(points, at, value / target)
      }
      return
    }
    case 'ScaledObject': {
      const known = of(object.of)
      const conditions = known.keda?.conditions ?? createFlags()
      known.keda = { last: object, conditions }
      conditions.set(
        at,
        object.conditions.filter((each) => each.status === 'True').map((each) => each.type),
      )
      return
    }
    case 'Deployment':
    case 'StatefulSet':
      return step(of(object.name).ready, at, object.ready)
    default:
      return
  }
}

function chartOf(name: string, scaled: Scaled, drawing: Drawing): Chart {
  const { desired, ready, hpa, keda } = scaled
  const [min, max] = [keda?.last.min ?? hpa?.min ?? 0, keda?.last.max ?? hpa?.max ?? 0]
  const { autoscalers, keda: reactions } = drawing.judgment
  const since = (at: number): number => (at - drawing.zeroAt) / 1000
  const marks = [
    ...autoscalers.filter((each) => each.name === hpa?.name).flatMap((each) => hpaMarks(each, since)),
    ...reactions.filter((each) => each.scaledObject === keda?.last.name).flatMap((each) => kedaMarks(each, since)),
  ]
  const ratios = ratioLines(scaled)
  return {
    id: `replicas-${name}`,
    title: `${name}: replicas${keda ? ', scaled by KEDA and its HPA' : ''}`,
    unit: 'pods',
    caption: sentence(scaled, min, max, marks),
    lines: [
      line(keda ? 'wanted by KEDA’s HPA' : 'wanted by the autoscaler', desired, 3, 'step', true),
      line('ready', ready, 1, 'step'),
      ...ratios,
    ],
    limits: limitsOf(min, max, ratios.length > 0),
    marks,
    ...(ratios.length > 0 ? { right: 'metric ÷ target' } : {}),
    ...(keda ? { rows: kedaRows(keda, drawing.seconds) } : {}),
  }
}

function sentence({ desired, ready, keda }: Scaled, min: number, max: number, marks: readonly PlotMark[]): string {
  const bounds = `Wanted up to ${peak(desired)}, ready up to ${peak(ready)}, between ${min} and ${max}`
  const active = keda?.conditions.spans(Number.POSITIVE_INFINITY).find(({ flags: on }) => on.includes('Active'))
  const told = keda ? [active ? `trigger first active at ${clock(active.from)}` : 'its trigger was never active'] : []
  return `${[bounds, ...told, ...marks.map((each) => each.text)].join('; ')}.`
}

function ratioLines({ metrics }: Scaled): readonly ChartLine[] {
  return [...metrics].map(([metric, points], index) => ({
    ...line(`${metric} ÷ target (right axis)`, points, index === 0 ? 5 : 6, 'step', true),
    axis: 'right' as const,
  }))
}

function limitsOf(min: number, max: number, onRight: boolean): readonly Limit[] {
  return [
    { value: min, name: `at least ${min}`, kind: 'bound' },
    ...(max > min ? [{ value: max, name: `at most ${max}`, kind: 'bound' } as const] : []),
    ...(onRight ? [{ value: 1, name: 'on target', kind: 'target', axis: 'right' } as const] : []),
  ]
}

const hpaWords = { 'over-target': 'over target', decided: 'decided', scheduled: 'scheduled', ready: 'ready' } as const
const kedaWords = { active: 'active', 'first-pod': 'first pod', ready: 'ready', idle: 'at rest' } as const

const hpaMarks = ({ steps }: AutoscalerResult, since: (at: number) => number): readonly PlotMark[] =>
  steps.flatMap(({ name, ...each }) => markOf(hpaWords[name], each, since))
const kedaMarks = ({ steps }: KedaResult, since: (at: number) => number): readonly PlotMark[] =>
  steps.flatMap(({ name, ...each }) => markOf(kedaWords[name], each, since))

/** Steps that never happened are not on the chart; the table of reactions names them. */
function markOf(
  words: string,
  { at, afterMs, held }: Pick<KedaResult['steps'][number], 'at' | 'afterMs' | 'held'>,
  since: (at: number) => number,
): readonly PlotMark[] {
  if (at === undefined) return []
  const lag = afterMs === undefined || afterMs === 0 ? clock(since(at)) : `+${inSeconds(afterMs)}`
  return [{ at: since(at), text: `${words} ${lag}`, look: held ? 'good' : 'bad' }]
}

function kedaRows({ last, conditions }: NonNullable<Scaled['keda']>, seconds: number): readonly ChartRow[] {
  const spans = conditions.spans(seconds)
  const of = (flag: string, look: 'good' | 'warn', text: string) =>
    spans.filter(({ flags: on }) => on.includes(flag)).map(({ from, to }) => ({ from, to, look, text }))
  const trouble = [...of('Fallback', 'warn', 'fallback'), ...of('Paused', 'warn', 'paused')]
  return [
    { name: 'KEDA active', spans: of('Active', 'good', `active: ${last.metrics.join(', ') || last.name}`) },
    ...(trouble.length === 0 ? [] : [{ name: 'KEDA', spans: trouble }]),
  ]
}
