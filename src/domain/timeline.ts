/** The plan of one run: everything the controller will do and when, in milliseconds from the start of the load. Made by `plan`. */
import type { Fault } from './fault.ts'
import type { Indicator } from './indicator.ts'
import type { Unions } from './indicators.ts'
import type { Role } from './people.ts'
import type { Act, ChaosManifest } from './rehearsal.ts'
import type { K6Scenario, ScriptThreshold } from './script.ts'
import type { PlannedTrigger } from './trigger.ts'
import type { Millis, PerSecond, Some } from './units.ts'

export type Timeline = {
  readonly run: string
  readonly seed: number
  readonly totalMs: Millis
  readonly phases: Some<PlannedPhase>
  readonly faults: readonly PlannedFault[]
  readonly actions: readonly PlannedAction[]
  readonly load: LoadPlan
}

export type PlannedPhase = {
  readonly name: string
  readonly fromMs: Millis
  readonly rampEndMs: Millis
  readonly toMs: Millis
  readonly factor: number
}

/**
 * `object` is what will be created: run label, unique name, duration = planned time + 10 s (the dead man's switch). With a trigger, `fromMs` is when it
 * is armed, and `toMs` the latest end.
 */
export type PlannedFault = {
  readonly name: string
  readonly fromMs: Millis
  readonly toMs: Millis
  readonly does: Fault
  /** Opens at `opensMs`, and closes at `fromMs`. */
  readonly gate?: { readonly by: Role; readonly opensMs: Millis }
  readonly trigger?: PlannedTrigger
  readonly object: ChaosManifest & { readonly metadata: { readonly namespace: string } }
}

/** `toMs`: when it is undone; absent: when the load has ended. With a trigger, `fromMs` is when it is armed, and `toMs` the latest end. */
export type PlannedAction = {
  readonly name: string
  readonly fromMs: Millis
  readonly toMs?: Millis
  readonly trigger?: PlannedTrigger
  readonly act: Act
}

/** Given to the scenario as JSON; `wire/load-plan.ts` and the scenarios read the same shape. */
export type LoadPlan = {
  readonly run: string
  readonly seed: number
  readonly entry: string
  readonly profiles: readonly LoadProfile[]
  readonly sockets?: { readonly lifetimeMs: Millis; readonly stages: readonly LoadStage[]; readonly sli: string }
  /** Indicators that are counted from k6's own metrics. */
  readonly indicators?: Readonly<Record<string, Indicator>>
  /** For a script that does not read this plan: k6's scenarios, set from outside. */
  readonly outside?: OutsideLoad
  /** The script's thresholds: k6 evaluates them. */
  readonly thresholds?: readonly ScriptThreshold[]
  /** k6 loads a bundle of the script, because it could not load the script itself. */
  readonly bundled?: true
  /** How many instances of k6 share this load. Left out: one, on the machine of the controller. */
  readonly runners?: number
  /** The script has a `handleSummary`, which k6 calls at the end. */
  readonly handlesSummary?: true
  /** Added to the script's `__ENV`. */
  readonly env?: Readonly<Record<string, string>>
  /** Limits in ms by SLI, for counting slow responses. */
  readonly unions: Unions
  readonly limits: Readonly<Record<string, { readonly targetMs: Millis; readonly ceilingMs: Millis }>>
}

/** k6's `options.scenarios`, and what is told about each of them. */
export type OutsideLoad = {
  readonly scenarios: Readonly<Record<string, K6Scenario>>
  readonly shown: readonly ShownScenario[]
  /** When the last scenario ends by itself, iterations in flight not counted. */
  readonly endsMs: Millis
  /** Longest time that iterations in flight may take after that. */
  readonly drainMs: Millis
}

/** A scenario in words. `model` is closed where a slow platform slows the load down. */
export type ShownScenario = {
  readonly name: string
  readonly model: 'open' | 'closed'
  readonly sentence: string
  readonly warnings: readonly string[]
}

export type LoadProfile = { readonly name: string; readonly stages: Some<LoadStage> }

/** The rate (or, for sockets, the population) moves linearly from `from` to `to` during `durationMs`. */
export type LoadStage = { readonly durationMs: Millis; readonly from: PerSecond; readonly to: PerSecond }
