/** A comparison of two releases: what is compared, by which rules, and what came out. Made by `judge`, drawn by `report`. */
import type { PodTemplate } from './change.ts'
import type { Millis, Ratio } from './units.ts'

/** One of two releases as it was deployed during the comparison. */
export type Release = {
  /** As the user named it: a key of `releases` in the target file, a URL, or a run. */
  readonly name: string
  /** URL where its clients enter. */
  readonly entry: string
  /** Rolled out to a Deployment before it was measured. Left out: the release that was deployed already. */
  readonly rolledOut?: PodTemplate & { readonly deployment: string }
}

export type CompareSession = {
  readonly kind: 'compare'
  readonly a: Release
  readonly b: Release
  /** Both releases are measured at the same time, each at half of the load. Otherwise one after the other, in an order drawn from the seed. */
  readonly duet: boolean
  /** A release is compared with itself, to measure the spread. */
  readonly aa: boolean
  readonly settings: CompareSettings
}

export type CompareSettings = CompareRules & {
  readonly settleMs: Millis
  readonly measuredMs: Millis
  /** Multiple of the arrivals of the rehearsal. */
  readonly factor: number
  /** Numbers of pairs after which the comparison looks and may end; the last is the most that it measures. */
  readonly looks: readonly number[]
}

export type CompareRules = {
  /** Chance to call an equal release worse, over all objectives and looks. */
  readonly alpha: Ratio
  /** A loss up to here is not called a regression. 0: any loss that is proven. */
  readonly worse: { readonly latency: number; readonly rate: number }
  /** B is proven not worse when its loss is proven smaller than this. Without `rate`: the error budget of the objective. */
  readonly margin: Margin
  /** Margins of single SLIs. */
  readonly margins: Readonly<Record<string, Partial<Margin>>>
}

/** `latency`: 0.15 is 15 % slower. `rate`: difference of bad shares, 0.001 is 0.1 percentage points. */
export type Margin = { readonly latency: number; readonly rate?: number }

export type Comparison = {
  readonly format: 1
  readonly rehearsal: string
  /** The session, or the runs that were compared. */
  readonly run?: string
  readonly a: Release & { readonly runs?: readonly string[] }
  readonly b: Release & { readonly runs?: readonly string[] }
  /** `pairs`: blocks one after the other; `duet`: at the same time; `runs`: whole stored runs. */
  readonly unit: 'pairs' | 'duet' | 'runs'
  readonly aa: boolean
  readonly outcome: ComparisonOutcome
  readonly summary: string
  readonly exitCode: number
  readonly pairs: number
  /** The most that were planned. */
  readonly pairsMost: number
  readonly voidPairs: readonly { readonly pair: number; readonly reasons: readonly string[] }[]
  readonly rules: CompareRules
  readonly objectives: readonly Measure[]
  /** Shown with their intervals. They do not gate: with many tests, a few pairs could reject none. */
  readonly others: readonly Measure[]
  /** Times of reactions to faults and budgets burnt, where the stored runs had harms. They do not gate. */
  readonly reactions: readonly ReactionPair[]
  /** About as many pairs more would decide; undefined when it is decided, or when no number of pairs would. */
  readonly pairsMore?: number
  /** Why it is undecided, beyond the spread. */
  readonly gaps: readonly string[]
  /** What this comparison cannot show. */
  readonly limits: readonly string[]
}

export type ComparisonOutcome = 'regressed' | 'not-worse' | 'undecided'

/** One statistic of one SLI, compared. */
export type Measure = {
  readonly sli: string
  /** `latency`: a quantile of the good responses in ms, compared as a ratio. `rate`: a share of attempts, compared as a difference. */
  readonly kind: 'latency' | 'rate'
  /** `p95`, `bad share`, `share over 400 ms`. */
  readonly statistic: string
  readonly gates: boolean
  readonly state: ComparisonOutcome
  /** Typical values: geometric mean of the blocks, or share over all blocks. */
  readonly a?: number
  readonly b?: number
  /** B ÷ A for a latency, B − A for a rate, with its 90 % interval. */
  readonly estimate?: number
  readonly interval?: readonly [number, number]
  readonly pairs: number
  /** Spread of a pair: of the log ratio, or of the difference of shares. */
  readonly sd?: number
  readonly pWorse?: number
  readonly pNotWorse?: number
  /** A loss that is proven smaller than this is not worse: 0.15 is 15 % slower, for a rate 0.001 is 0.1 percentage points. */
  readonly margin: number
  /** The smallest loss that this comparison finds in 4 of 5 cases, on the scale of `margin`: 0.08 is 8 % slower. */
  readonly smallest?: number
  readonly pairsMore?: number
  readonly values: readonly PairValue[]
}

export type PairValue = { readonly pair: number; readonly a: number; readonly b: number }

export type ReactionPair = {
  readonly what: string
  readonly unit: 'ms' | 'share'
  readonly a: readonly number[]
  readonly b: readonly number[]
}

/** By SLI and statistic, the spread of a pair in a comparison of a release with itself. */
export type StoredSpread = {
  readonly format: 1
  readonly rehearsal: string
  readonly run: string
  readonly pairs: number
  readonly spreads: readonly { readonly sli: string; readonly statistic: string; readonly sd: number }[]
}
