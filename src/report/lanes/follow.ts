/** Followed Rollouts: the share that the new release reached, the share that both releases counted, and the fate of each step below. */
import { asFollow, type Follow } from '../../domain/action.ts'
import type { ActionStep, Sample } from '../../domain/evidence.ts'
import { createCounters } from '../../judge/seen/counters.ts'
import { followCounters, followedBetween } from '../../judge/seen/follow-counters.ts'
import { type Chart, line, type Point } from '../chart.ts'
import type { Drawing, LaneOf } from '../lane.ts'
import { askedOf, captionOf, type StepAt, servedOf, spansOf } from './canary.ts'

export const followLane: LaneOf = ({ rehearsal }) => {
  const followed = rehearsal.actions.flatMap(({ name, act }) => {
    const follow = asFollow(act)
    return follow === undefined ? [] : [{ name, follow }]
  })
  const counters = createCounters()
  for (const wanted of followCounters(rehearsal)) counters.want(wanted)
  const seen = new Map<string, StepAt[]>(followed.map(({ name }) => [name, []]))
  const served = (name: string, follow: Follow, drawing: Drawing): readonly Point[] => {
    const release = seen.get(name)?.flatMap(({ step }) => (step.is === 'step-set' ? (step.release ?? []) : []))[0]
    if (follow.gate === undefined || release === undefined) return []
    return servedOf(
      followedBetween(counters, { action: name, act: follow, gate: follow.gate, release }),
      drawing,
      false,
    )
  }
  return {
    take: {
      sample: (sample: Sample) => counters.add(sample, 0),
      'action-step': ({ action, step }: ActionStep, at) => void seen.get(action)?.push({ at, step }),
    },
    charts: (drawing: Drawing) =>
      followed.flatMap(({ name, follow }) => {
        const steps = seen.get(name) ?? []
        if (!steps.some(({ step }) => step.is === 'step-set')) return []
        return [chartOf(name, follow, steps, served(name, follow, drawing), drawing)]
      }),
  }
}

function chartOf(
  name: string,
  { rollout }: Follow,
  steps: readonly StepAt[],
  served: readonly Point[],
  { seconds }: Drawing,
): Chart {
  const spans = spansOf(steps, seconds, 'rollout')
  return {
    id: `follow-${name.replace(/[^\w-]+/g, '-')}`,
    title: `Rollout ${rollout}: share of the new release`,
    unit: '% of the requests',
    caption: captionOf(spans),
    lines: [line('reached', askedOf(steps), 2, 'step', true), line('served', served, 1)],
    limits: [],
    range: { min: 0, max: 100 },
    rows: [{ name: 'steps', spans }],
  }
}
