/**
 * Triggers: a fault or an action that begins when something happens on the platform, instead of at a fixed time. A trigger is armed at a planned time
 * and has a deadline. It fires on a change that is seen while it is armed, never on a state that was there before.
 */
import type { SourcePoint } from './issue.ts'
import type { OverPods } from './rehearsal.ts'
import { showPercent, showSeries } from './show.ts'
import { type Instant, type Millis, millis, type PerSecond, type Ratio } from './units.ts'

/** `rises`: from below the value to it or above. `falls`: from above the value to it or below. */
export type Crossing = 'rises' | 'falls'

export const podTurns = ['ended', 'ready', 'not-ready'] as const
/** `ended`: a pod is deleted, or all its containers have ended for good. */
export type PodTurn = (typeof podTurns)[number]

type Series = { readonly of: string; readonly metric: string; readonly where: Readonly<Record<string, string>> }

export type Trigger = { readonly at: SourcePoint } & (
  | { readonly kind: 'autoscaler'; readonly autoscaler: string }
  /** This share of the pods that a Deployment wants runs its new template. */
  | { readonly kind: 'rollout'; readonly deployment: string; readonly share: Ratio }
  | (Series & { readonly kind: 'gauge'; readonly pods: OverPods; readonly crosses: Crossing; readonly value: number })
  | (Series & { readonly kind: 'rate'; readonly crosses: Crossing; readonly value: PerSecond })
  | { readonly kind: 'pod'; readonly app: string; readonly turns: PodTurn }
)

export type SeriesTrigger = Extract<Trigger, { readonly kind: 'gauge' | 'rate' }>
export const isSeriesTrigger = (trigger: Trigger): trigger is SeriesTrigger =>
  trigger.kind === 'gauge' || trigger.kind === 'rate'

/** `fromMs`: when it is armed, counted from the end of the phase's ramp. Without it: when the phase begins, ramp included. */
export type When = { readonly trigger: Trigger; readonly fromMs?: Millis }

/** When a fault or an action begins, counted from the end of its phase's ramp. With a trigger, `atMs` is the deadline: it begins by then or not at all. */
export type Begin = { readonly atMs: Millis; readonly when?: When }

/** `byMs`: deadline, from the start of the load. `forMs`: how long the harm lasts from the moment at which it fires; left out: until the load ends. */
export type PlannedTrigger = { readonly trigger: Trigger; readonly byMs: Millis; readonly forMs?: Millis }

/** Its reading, in words, and when that was read. */
export type TriggerSign = { readonly note: string; readonly readAt: Instant }

/** The earliest and the latest planned start, from the start of the load. */
export function startsBetween(
  { atMs, when }: { readonly atMs: number; readonly when?: Pick<When, 'fromMs'> },
  { fromMs, rampEndMs }: { readonly fromMs: number; readonly rampEndMs: number },
): { readonly fromMs: Millis; readonly latestMs: Millis } {
  const latestMs = millis(rampEndMs + atMs)
  if (when === undefined) return { fromMs: latestMs, latestMs }
  return { fromMs: millis(when.fromMs === undefined ? fromMs : rampEndMs + when.fromMs), latestMs }
}

/** `the autoscaler orders wants more pods`. */
export function triggerSentence(trigger: Trigger): string {
  switch (trigger.kind) {
    case 'autoscaler':
      return `the autoscaler ${trigger.autoscaler} wants more pods`
    case 'rollout':
      return `a rollout has updated ${showPercent(trigger.share)} of the pods of ${trigger.deployment}`
    case 'gauge':
      return `${showSeries(trigger.metric, trigger.where)} of ${trigger.of} (${trigger.pods} of its pods) ${trigger.crosses} to ${trigger.value}`
    case 'rate':
      return `the rate of ${showSeries(trigger.metric, trigger.where)} of ${trigger.of} ${trigger.crosses} to ${trigger.value}/s`
    case 'pod':
      return `a pod of ${trigger.app} ${podTurnWords[trigger.turns]}`
  }
}

export const podTurnWords = {
  ended: 'ends',
  ready: 'becomes Ready',
  'not-ready': 'is no longer Ready',
} as const satisfies Record<PodTurn, string>
