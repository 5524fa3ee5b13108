/**
 * A canary: a second workload runs the new release beside the old one and gets a share of the requests that grows step by step. Each step is judged
 * by itself, by what each release counted during it.
 */
import { showDuration, showPercent } from './show.ts'
import { type Millis, millis, type Ratio, type Some } from './units.ts'

export type Canary = {
  /** Pods of the new release while it takes part. */
  readonly replicas: number
  /** Name of the HTTPRoute whose backends share the requests. */
  readonly route: string
  /** Names of the Services of both releases in that route. */
  readonly stable: string
  readonly canary: string
  /** Shares of the new release, ascending. */
  readonly steps: Some<Ratio>
  /** How long each step is watched before it is decided. */
  readonly holdMs: Millis
  /** Extra time for all steps together, used when a hold was too short to decide. */
  readonly extraMs: Millis
  readonly gate: CanaryGate
}

/** What a step is decided by. Counters are those of `metric-names.ts`, or a histogram's `_sum` and `_count`. */
export type CanaryGate = {
  /** Metric sources of the target file: the pods of the old and of the new release. One source that has both is split by the names of its pods. */
  readonly stable: string
  readonly canary: string
  /** Only series with one of these sets of labels, such as some routes of the service; all series if empty. */
  readonly where: readonly Readonly<Record<string, string>>[]
  /** Server errors: the highest share that the new release may have, checked once the step has this many of its requests. */
  readonly errors: { readonly atMost: Ratio; readonly from: number }
  /** Response times: the histogram whose mean is compared, the highest allowed rise, and the requests in all steps before it is checked. */
  readonly latency?: { readonly histogram: string; readonly atMost: number; readonly from: number }
  /** Indicators with an availability objective that must not be shown missed while the canary takes part. */
  readonly slis: readonly string[]
}

/** The outcome of a step, in the words of the journal. */
export const stepOutcomes = ['promote', 'hold', 'roll-back'] as const
export type StepOutcome = (typeof stepOutcomes)[number]

/** Why a step was rolled back, so that the judge names the cause. */
export const stepReasons = ['worse', 'weight-not-served', 'cohorts-mixed', 'undecided', 'paused', 'aborted'] as const
export type StepReason = (typeof stepReasons)[number]

/** A preview has no hold: more time would show nothing new. */
export type PreviewOutcome = Exclude<StepOutcome, 'hold'>

export type StepDecision = {
  readonly outcome: StepOutcome
  /** Absent for a promotion. */
  readonly reason?: StepReason
  /** What was seen, for people. */
  readonly note: string
}

/** Time that routers get to apply changed weights. Requests in it are not counted. */
export const SETTLE = millis(3000)

/** The longest that the steps may take, beside the time until the pods of the new release are Ready. */
export const stepsMs = ({ steps, holdMs, extraMs }: Canary): Millis => millis(steps.length * holdMs + extraMs)

/** `5 → 25 → 100 %`. */
export const stepsWords = ({ steps }: Canary): string => steps.map((share) => showPercent(share)).join(' → ')

export const canaryWords = (canary: Canary): string =>
  `${stepsWords(canary)} of ${canary.route}, ${showDuration(canary.holdMs)} each and up to ${showDuration(canary.extraMs)} more`

/** Weights of both backends of a route that give the new release this share, in thousandths so that 0.5 % can be asked. */
export function weightsOf(share: Ratio): { readonly stable: number; readonly canary: number } {
  const canary = Math.round(share * 1000)
  return { stable: 1000 - canary, canary }
}

/** Ids of the counters that a gate reads, by side. */
export const canarySides = ['stable', 'canary'] as const
export type CanarySide = (typeof canarySides)[number]
/** What users call the releases. */
export const releaseWords: Readonly<Record<CanarySide, string>> = { stable: 'old', canary: 'new' }
