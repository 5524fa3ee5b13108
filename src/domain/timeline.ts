/** The plan of one run: everything the controller will do and when, in milliseconds from the start of the load. Made by `plan`. */
import type { Fault } from './fault.ts'
import type { Unions } from './indicators.ts'
import type { Role } from './people.ts'
import type { Act, Manifest } from './rehearsal.ts'
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

/** `object` is what will be created: run label, unique name, duration = planned time + 10 s (the dead man's switch). */
export type PlannedFault = {
  readonly name: string
  readonly fromMs: Millis
  readonly toMs: Millis
  readonly does: Fault
  /** Opens at `opensMs`, and closes at `fromMs`. */
  readonly gate?: { readonly by: Role; readonly opensMs: Millis }
  readonly object: Manifest & { readonly metadata: { readonly namespace: string } }
}

/** `toMs`: when it is undone; absent: when the load has ended. */
export type PlannedAction = {
  readonly name: string
  readonly fromMs: Millis
  readonly toMs?: Millis
  readonly act: Act
}

/** Given to the scenario as JSON; `wire/load-plan.ts` and the scenarios read the same shape. */
export type LoadPlan = {
  readonly run: string
  readonly seed: number
  readonly entry: string
  readonly profiles: readonly LoadProfile[]
  readonly sockets?: { readonly lifetimeMs: Millis; readonly stages: readonly LoadStage[]; readonly sli: string }
  /** Limits in ms by SLI, for counting slow responses. */
  readonly unions: Unions
  readonly limits: Readonly<Record<string, { readonly targetMs: Millis; readonly ceilingMs: Millis }>>
}

export type LoadProfile = { readonly name: string; readonly stages: Some<LoadStage> }

/** The rate (or, for sockets, the population) moves linearly from `from` to `to` during `durationMs`. */
export type LoadStage = { readonly durationMs: Millis; readonly from: PerSecond; readonly to: PerSecond }
