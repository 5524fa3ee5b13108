/** Canaries, blue-green, A/B and shadow releases: the share of the requests that was asked for and the share that both releases counted, with the fate of each step below. */

import { shadowOf } from '../../domain/action.ts'
import type { StepOutcome } from '../../domain/canary.ts'
import type { ActionStep, ActionStepData, Sample } from '../../domain/evidence.ts'
import { showPercent } from '../../domain/show.ts'
import {
  type CountsBetween,
  canariesOf,
  canaryCounters,
  countsBetween,
  type NamedCanary,
} from '../../judge/seen/canary-counters.ts'
import { createCounters } from '../../judge/seen/counters.ts'
import { type Chart, line, type Point, type Span, type SpanLook } from '../chart.ts'
import type { Drawing, LaneOf } from '../lane.ts'

/** Shorter stretches would show how scrapes and weights fall together, and not what was served. */
const EVERY_S = 3

export type StepAt = { readonly at: number; readonly step: ActionStepData }

export const canaryLane: LaneOf = ({ rehearsal }) => {
  const canaries = canariesOf(rehearsal)
  const counters = createCounters()
  for (const wanted of canaryCounters(rehearsal)) counters.want(wanted)
  const seen = new Map<string, StepAt[]>(canaries.map(({ action }) => [action, []]))
  return {
    take: {
      sample: (sample: Sample) => counters.add(sample, 0),
      'action-step': ({ action, step }: ActionStep, at) => void seen.get(action)?.push({ at, step }),
    },
    charts: (drawing: Drawing) =>
      canaries.flatMap((named) => {
        const steps = seen.get(named.action) ?? []
        if (!steps.some(({ step }) => step.is === 'step-set')) return []
        const copied = shadowOf(named.release) !== undefined
        return [chartOf(named, steps, servedOf(countsBetween(counters, named), drawing, copied), drawing)]
      }),
  }
}

/** In per cent, for each stretch in which anything was counted. `copied`: the new release got copies of requests to the old one. */
export function servedOf(counts: CountsBetween, { zeroAt, seconds }: Drawing, copied: boolean): readonly Point[] {
  const points: Point[] = []
  for (let from = 0; from < seconds; from += EVERY_S) {
    const [fromAt, toAt] = [zeroAt + from * 1000, zeroAt + (from + EVERY_S) * 1000]
    const [stable, canary] = [counts('stable', fromAt, toAt).requests, counts('canary', fromAt, toAt).requests]
    const all = copied ? stable : stable + canary
    if (all > 0) points.push([from + EVERY_S / 2, Math.min(100, (100 * canary) / all)])
  }
  return points
}

function chartOf(
  { action: name, release: { shape } }: NamedCanary,
  steps: readonly StepAt[],
  served: readonly Point[],
  { seconds }: Drawing,
): Chart {
  const spans = spansOf(steps, seconds, shape)
  return {
    id: `canary-${name.replace(/[^\w-]+/g, '-')}`,
    title: `${titles[shape]} ${name}: ${shape === 'shadow' ? 'share of the requests that is copied' : 'share of the new release'}`,
    unit: '% of the requests',
    caption: captionOf(spans),
    // The share of one cohort is not asked for: it is as large as its users are many.
    lines: [
      ...(shape === 'a-b' ? [] : [line('asked for', askedOf(steps), 2, 'step', true)]),
      line(shape === 'shadow' ? 'copied' : 'served', served, 1),
    ],
    limits: [],
    range: { min: 0, max: 100 },
    rows: [{ name: 'steps', spans }],
  }
}

/** Windows of a mirror repeat, and are counted. */
export function captionOf(spans: readonly Span[]): string {
  const times = Map.groupBy(spans, ({ text }) => text)
  return `${[...times].map(([text, all]) => (all.length === 1 ? text : `${all.length} times ${text}`)).join('; ')}.`
}

const titles = { canary: 'Canary', 'blue-green': 'Blue-green', 'a-b': 'A/B', shadow: 'Shadow' } as const

export function askedOf(steps: readonly StepAt[]): readonly Point[] {
  const points = steps.flatMap(({ at, step }): readonly Point[] => {
    if (step.is === 'step-set') return [[at, step.share * 100]]
    return step.is === 'heal-requested' ? [[at, 0]] : []
  })
  return [[0, 0], ...points]
}

const looks: { readonly [K in StepOutcome]: SpanLook } = { promote: 'good', hold: 'warn', 'roll-back': 'bad' }
const words: { readonly [K in StepOutcome]: string } = {
  promote: 'promoted',
  hold: 'held',
  'roll-back': 'rolled back',
}

/** A window is not promoted: it is over. */
function windowWords(share: number, outcome: StepOutcome): string {
  if (outcome === 'roll-back') return 'taken back'
  return share > 0 ? `${showPercent(share)} copied` : 'mirror off'
}

/** Each step from its weights to the last decision about it. */
export function spansOf(
  steps: readonly StepAt[],
  seconds: number,
  shape: NamedCanary['release']['shape'] | 'rollout',
): readonly Span[] {
  return steps.flatMap(({ at, step }): readonly Span[] => {
    if (step.is !== 'step-set') return []
    const decided = steps.findLast((each) => each.step.is === 'step-decided' && each.step.step === step.step)
    const share = showPercent(step.share)
    if (decided?.step.is !== 'step-decided') return [{ from: at, to: seconds, look: 'neutral', text: share }]
    const { outcome } = decided.step
    const text = shape === 'shadow' ? windowWords(step.share, outcome) : `${share} ${words[outcome]}`
    return [{ from: at, to: decided.at, look: looks[outcome], text }]
  })
}
