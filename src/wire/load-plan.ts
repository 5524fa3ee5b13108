/**
 * How the load plan gets from the controller to the scenario: one JSON file, read by k6's `open`. Both ends use this file. Reading checks every
 * field, because a plan that is only partly understood would drive the wrong load. Runs in k6 too.
 */
import type { LoadPlan, LoadProfile, LoadStage } from '../domain/timeline.ts'
import { isSome, millis, perSecond, type Some } from '../domain/units.ts'

/** Name of the environment variable that holds the plan file's path. */
export const PLAN_VARIABLE = 'MATCHDAY_PLAN'

/** What a scenario logs once at its time zero: this word and the moment in epoch ms. */
export const ZERO_MARK = 'matchday-zero'

/** Set while a script is only inspected. */
export const INSPECT_VARIABLE = 'MATCHDAY_INSPECT'
/** What an inspected script logs: this word and its exported functions as JSON. */
export const EXPORTS_MARK = 'matchday-exports'
/** What a script logs at its end: this word and k6's thresholds with their results as JSON. */
export const THRESHOLDS_MARK = 'matchday-thresholds'

/** Where the library for scripts leaves its own teardown. */
export const LIBRARY_TEARDOWN = 'matchdayTeardown'
/** What a script that is inspected for runners logs: this word, and whether it has a setup and a teardown of its own, as JSON. */
export const FIXTURES_MARK = 'matchday-fixtures'
/** Set in the one pod that performs setup and teardown for all runners, and makes no load. */
export const STEWARD_VARIABLE = 'MATCHDAY_STEWARD'

/** At its end a script logs one line for each watched client: this word and the client's receipts as JSON. */
export const RECEIPTS_MARK = 'matchday-receipts'

const FORMAT = 1

/** The plan as text for the plan file. */
export const writeLoadPlan = (plan: LoadPlan): string =>
  `${JSON.stringify({ format: FORMAT, ...plan }, undefined, 2)}\n`

/** Reads the text of a plan file; throws an Error that names the first field that is wrong. */
export function readLoadPlan(text: string): LoadPlan {
  const plan = record(JSON.parse(text), 'the load plan')
  if (plan.format !== FORMAT) throw new Error(`load plan: format is ${String(plan.format)}, expected ${FORMAT}`)
  const sockets = plan.sockets === undefined ? undefined : record(plan.sockets, 'sockets')
  return {
    run: nonEmpty(plan.run, 'run'),
    seed: number(plan.seed, 'seed'),
    entry: nonEmpty(plan.entry, 'entry'),
    profiles: list(plan.profiles, 'profiles').map(profileOf),
    ...(sockets && {
      sockets: {
        lifetimeMs: millis(number(sockets.lifetimeMs, 'sockets.lifetimeMs')),
        stages: stagesOf(sockets.stages, 'sockets.stages'),
        sli: nonEmpty(sockets.sli, 'sockets.sli'),
      },
    }),
    unions: unionsOf(record(plan.unions, 'unions')),
    limits: limitsOf(record(plan.limits, 'limits')),
    ...(plan.runners === undefined ? {} : { runners: number(plan.runners, 'runners') }),
  }
}

function profileOf(value: unknown, index: number): LoadProfile {
  const at = `profiles[${index}]`
  const profile = record(value, at)
  return { name: nonEmpty(profile.name, `${at}.name`), stages: stagesOf(profile.stages, `${at}.stages`) }
}

function stagesOf(value: unknown, at: string): Some<LoadStage> {
  const stages = list(value, at).map((each, index) => stageOf(each, `${at}[${index}]`))
  if (!isSome(stages)) throw new Error(`load plan: ${at} is empty`)
  return stages
}

function stageOf(value: unknown, at: string): LoadStage {
  const stage = record(value, at)
  return {
    durationMs: millis(number(stage.durationMs, `${at}.durationMs`)),
    from: perSecond(number(stage.from, `${at}.from`)),
    to: perSecond(number(stage.to, `${at}.to`)),
  }
}

function unionsOf(unions: Record<string, unknown>): LoadPlan['unions'] {
  const entries = Object.entries(unions).map(([sli, value]) => {
    const parts = list(value, `unions.${sli}`).map((part, index) => nonEmpty(part, `unions.${sli}[${index}]`))
    if (!isSome(parts)) throw new Error(`load plan: unions.${sli} is empty`)
    return [sli, parts] as const
  })
  return Object.fromEntries(entries)
}

function limitsOf(limits: Record<string, unknown>): LoadPlan['limits'] {
  const entries = Object.entries(limits).map(([sli, value]) => {
    const limit = record(value, `limits.${sli}`)
    const targetMs = millis(number(limit.targetMs, `limits.${sli}.targetMs`))
    const ceilingMs = millis(number(limit.ceilingMs, `limits.${sli}.ceilingMs`))
    return [sli, { targetMs, ceilingMs }] as const
  })
  return Object.fromEntries(entries)
}

function record(value: unknown, at: string): Record<string, unknown> {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) throw wrong(at, 'an object', value)
  return { ...value }
}

function list(value: unknown, at: string): readonly unknown[] {
  if (!Array.isArray(value)) throw wrong(at, 'a list', value)
  return value
}

function number(value: unknown, at: string): number {
  if (typeof value !== 'number') throw wrong(at, 'a number', value)
  return value
}

function nonEmpty(value: unknown, at: string): string {
  if (typeof value !== 'string' || value === '') throw wrong(at, 'a text', value)
  return value
}

const wrong = (at: string, expected: string, value: unknown): Error =>
  new Error(`load plan: ${at} must be ${expected}, got ${JSON.stringify(value)}`)
