/**
 * States that a run must reach, or it was too easy to show anything: a queue over 100, an open circuit breaker, an autoscaler at its maximum. They say
 * nothing about the platform, only about the rehearsal.
 */
import type { SourcePoint } from './issue.ts'
import type { OverPods, Target } from './rehearsal.ts'
import { scrapeMsOf } from './rehearsal.ts'
import { showSeries } from './show.ts'
import type { PerSecond } from './units.ts'

/** `phase`: it must be reached in this phase. Without one: at any time while the load runs. */
type Anywhere = { readonly phase?: string; readonly at: SourcePoint }

type Series = { readonly of: string; readonly metric: string; readonly where: Readonly<Record<string, string>> }

export type RequiredState =
  /** The autoscaler wants as many pods as it may have. */
  | (Anywhere & { readonly kind: 'at-maximum'; readonly autoscaler: string })
  /** A gauge of the pods of a source. */
  | (Anywhere & Series & { readonly kind: 'gauge'; readonly pods: OverPods; readonly atLeast: number })
  /** The rate of a counter, summed over the pods of a source. */
  | (Anywhere & Series & { readonly kind: 'rate'; readonly atLeast: PerSecond })

/** A rate is measured over this time, or over two scrapes of a Prometheus that scrapes more rarely. */
const RATE_MS = 5000
const RATE_SCRAPES = 2

export const rateWindowMs = (target: Target, source: string): number =>
  Math.max(RATE_MS, RATE_SCRAPES * (scrapeMsOf(target, source) ?? 0))

/** What is looked at, short enough for a row: `orders_waiting{queue="mail"} of broker in peak`. */
export function stateName(state: RequiredState): string {
  const where = state.phase === undefined ? '' : ` in ${state.phase}`
  switch (state.kind) {
    case 'at-maximum':
      return `autoscaler ${state.autoscaler}${where}`
    case 'gauge':
      return `${showSeries(state.metric, state.where)} of ${state.of}${where}`
    case 'rate':
      return `rate of ${showSeries(state.metric, state.where)} of ${state.of}${where}`
  }
}

/** What must be reached: `its maximum`, `100 or more`, `50/s or more`. */
export function stateGoal(state: RequiredState): string {
  switch (state.kind) {
    case 'at-maximum':
      return 'its maximum'
    case 'gauge':
      return `${state.atLeast} or more`
    case 'rate':
      return `${state.atLeast}/s or more`
  }
}
