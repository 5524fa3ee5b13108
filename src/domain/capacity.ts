/**
 * The search for the highest load that holds: what it asks for, what one measured load showed, how it ends. Loads are multiples of the planned load (1
 * is the load that the rehearsal calls 1x).
 */
import type { OverPods } from './rehearsal.ts'
import type { Millis, Ratio } from './units.ts'

/**
 * What one measured load showed. `held`: every objective is proven and no queue grew. `broke`: an objective is refuted, or a queue grew. `unproven`:
 * neither, even after measuring longer. `generator-limit`: the load generator could not keep up, so nothing is known about the platform.
 */
export type LoadOutcome = 'held' | 'broke' | 'unproven' | 'generator-limit'

/** Why the search asked for a load. */
export type Purpose = 'bracket' | 'bisect' | 'again' | 'recovery' | 'repeat' | 'hold'

export type LoadPoint = {
  readonly load: number
  readonly purpose: Purpose
  readonly outcome: LoadOutcome
  /** Only of `unproven`: the objectives were met, with too few samples to prove them. More load would give more samples. */
  readonly met?: boolean
}

export type SearchSpec = {
  /** First load that is tried. */
  readonly from: number
  /** No load above this one is tried, and none below `min`. */
  readonly max: number
  readonly min: number
  /** Factor between two loads while the limit is not yet enclosed. */
  readonly growth: number
  /** The search ends when the lowest load that broke is at most this share above the highest that held. */
  readonly resolution: Ratio
  readonly measureMs: Millis
  /** An unproven load is measured for up to this many times `measureMs`. */
  readonly extensions: number
  /** Loads near the limit that are measured only to learn how much it varies. */
  readonly repeats: number
  readonly holdMs: Millis
  readonly holds: number
  /** Chance that a later run of `holdMs` at the promised load holds. */
  readonly odds: Ratio
  /** After an overload, the platform must be well again at `at` × its limit within this time. */
  readonly recovery: { readonly at: number; readonly withinMs: Millis }
  /** Time for the whole search. */
  readonly budgetMs: Millis
}

/** The next load to measure. `overload` is the load that comes right before it, without a pause between them. */
export type NextLoad = {
  readonly kind: 'measure'
  readonly load: number
  readonly purpose: Purpose
  readonly measureMs: Millis
  readonly overload?: number
}

export type SearchEnd =
  /**
   * `limitedBy` says what ended the climb. Unless it is the platform, the promise is a lower limit. `recovery`: whether the platform was seen to recover
   * from an overload.
   */
  | {
      readonly kind: 'found'
      readonly recovery: 'recovered' | 'unproven' | 'not-tried'
      readonly promise: number
      readonly odds: Ratio
      readonly estimate: Estimate
      readonly limitedBy: 'platform' | 'generator' | 'max'
    }
  /** After the overload the platform stayed down at a load that it had carried before. */
  | { readonly kind: 'metastable'; readonly overload: number; readonly load: number; readonly held: number }
  /** Even the lowest load broke. */
  | { readonly kind: 'nothing-held'; readonly lowest: number }
  /** The load generator could not even produce the first load. */
  | { readonly kind: 'generator-limit'; readonly load: number }
  | {
      readonly kind: 'unproven'
      readonly why: 'too-few-samples' | 'out-of-time' | 'holds-broke' | 'stopped'
      readonly held?: number
      readonly broke?: number
    }

/** What the measured loads say about the limit. Loads at the 5th, 50th and 95th percentile of what is believed about its median. */
export type Estimate = {
  readonly low: number
  readonly median: number
  readonly high: number
  /** Standard deviation of the limit between two runs, relative (0.05 is 5 %). */
  readonly spread: number
}

/** A load that a search asked for, as its blocks carry it. Blocks with one `step` measure the same load for longer. */
export type AskedLoad = {
  readonly step: number
  readonly load: number
  readonly purpose: Purpose
  readonly overload?: number
}

/** A resource that can be used up: a metric of a source and its limit. */
export type LimitedResource = {
  readonly name: string
  readonly of: string
  readonly metric: string
  readonly where: Readonly<Record<string, string>>
  readonly pods: OverPods
  readonly limit: number
  /** The metric counts the seconds of use: its increase per second is compared with the limit. Otherwise it is a gauge, whose largest reading is. */
  readonly reading?: 'rate'
}

/** For one hour: each Ready pod by its app, and each Ready node. */
export type Prices = {
  readonly currency: string
  readonly pods: Readonly<Record<string, number>>
  readonly node: number
}

/** What a journal of a search says of it before the first load. */
export type CapacitySession = {
  readonly kind: 'capacity'
  readonly search: SearchSpec
  /** Time under each load before it is measured: the ramp, and until autoscalers have followed. */
  readonly settleMs: Millis
  /** Longest wait between two loads until the platform is at rest. */
  readonly restMs: Millis
  /** The zone that is drained for the whole search. */
  readonly withoutZone?: string
  /** Load of the planned event; the headroom counts from there. */
  readonly event?: number
  readonly resources: readonly LimitedResource[]
  readonly prices?: Prices
}
