/** A cutover to another region: its steps in time, the share of the requests that the new region was given, and the time without writes. */
import { asCutover } from '../../domain/action.ts'
import { cutoverSteps, cutoverStepWords } from '../../domain/cutover.ts'
import type { ActionStep, ActionStepData } from '../../domain/evidence.ts'
import { type Chart, line, type Point, type Span } from '../chart.ts'
import type { Drawing, LaneOf } from '../lane.ts'
import { inSeconds } from '../words.ts'

type Seen = { readonly at: number; readonly step: ActionStepData }

export const cutoverLane: LaneOf = ({ rehearsal }) => {
  const names = rehearsal.actions.flatMap(({ name, act }) => (asCutover(act) === undefined ? [] : [name]))
  const seen = new Map<string, Seen[]>(names.map((name) => [name, []]))
  return {
    take: { 'action-step': ({ action, step }: ActionStep, at) => void seen.get(action)?.push({ at, step }) },
    charts: (drawing: Drawing) =>
      names.flatMap((name) => {
        const steps = seen.get(name) ?? []
        return steps.some(({ step }) => step.is === 'cutover-begun') ? [chartOf(name, steps, drawing)] : []
      }),
  }
}

function chartOf(name: string, steps: readonly Seen[], { seconds }: Drawing): Chart {
  const spans = spansOf(steps, seconds)
  return {
    id: `cutover-${name.replace(/[^\w-]+/g, '-')}`,
    title: `Cutover ${name}: share of the new region`,
    unit: '% of the requests',
    caption: `${spans.map(({ text, from, to }) => `${text} ${inSeconds((to - from) * 1000)}`).join('; ')}.`,
    lines: [line('asked for', sharesOf(steps), 2, 'step')],
    limits: [],
    range: { min: 0, max: 100 },
    rows: [
      { name: 'steps', spans },
      { name: 'writes', spans: frozenOf(steps, seconds) },
    ],
  }
}

const sharesOf = (steps: readonly Seen[]): readonly Point[] => [
  [0, 0],
  ...steps.flatMap(({ at, step }): readonly Point[] => (step.is === 'cutover-share' ? [[at, step.share * 100]] : [])),
]

/** Each step from its start until it was proven, or the cutover ended there. */
function spansOf(steps: readonly Seen[], seconds: number): readonly Span[] {
  return cutoverSteps.flatMap((name): readonly Span[] => {
    const begun = steps.find(({ step }) => step.is === 'cutover-begun' && step.step === name)
    if (begun === undefined) return []
    const ended = steps.find(
      ({ step }) => (step.is === 'cutover-proven' || step.is === 'cutover-stopped') && step.step === name,
    )
    const look = ended === undefined ? 'neutral' : ended.step.is === 'cutover-proven' ? 'good' : 'bad'
    return [{ from: begun.at, to: ended?.at ?? seconds, look, text: cutoverStepWords[name] }]
  })
}

/** From the proof of the freeze to the proof of the thaw, or to the end of a cutover that was taken back. */
function frozenOf(steps: readonly Seen[], seconds: number): readonly Span[] {
  const isProven = (name: string) => (each: Seen) => each.step.is === 'cutover-proven' && each.step.step === name
  const from = steps.find(isProven('freeze'))
  if (from === undefined) return []
  const to = steps.find(isProven('thaw')) ?? steps.find(({ step }) => step.is === 'healed')
  return [{ from: from.at, to: to?.at ?? seconds, look: 'warn', text: 'frozen' }]
}
