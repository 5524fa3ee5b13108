/** Phases × arrivals × load factor → stages. Rates are real numbers; the k6 adapter rounds them to whole ones. */
import { measuredIn, partsOfIndicator, unionsIn } from '../domain/indicators.ts'
import type { Issue } from '../domain/issue.ts'
import type { Rehearsal, Target } from '../domain/rehearsal.ts'
import type { ScriptFacts } from '../domain/script.ts'
import type { LoadPlan, LoadStage } from '../domain/timeline.ts'
import type { Millis, Some } from '../domain/units.ts'
import type { PlanCode } from './codes.ts'
import { curveStages } from './curve-stages.ts'
import { enteredBy, shared } from './runners.ts'
import { scriptLoad } from './script-load.ts'
import { stagesOf } from './stages.ts'
import type { RunIdentity } from './timeline.ts'

export function planLoad(rehearsal: Rehearsal, given: Target, identity: RunIdentity, facts?: ScriptFacts): LoadPlan {
  const { env } = rehearsal.load
  const measured = measuredIn(rehearsal.slis)
  const target = enteredBy(given)
  const plan: LoadPlan = {
    ...(facts === undefined || facts.usesLibrary
      ? libraryLoad(rehearsal, target, identity)
      : { ...emptyLoad(rehearsal, target, identity), ...scriptLoad(rehearsal, target, identity, facts) }),
    ...(Object.keys(measured).length === 0 ? {} : { indicators: measured }),
    ...(facts && facts.thresholds.length > 0 ? { thresholds: facts.thresholds } : {}),
    ...(facts?.bundled ? { bundled: true as const } : {}),
    ...(facts?.functions.includes('handleSummary') ? { handlesSummary: true as const } : {}),
    ...(env === undefined ? {} : { env: withEntry(env, target.entry) }),
  }
  return shared(plan, target.load)
}

/** `{entry}` in a value is the target's entry, without a slash at its end. */
const withEntry = (env: Readonly<Record<string, string>>, entry: string): Record<string, string> =>
  Object.fromEntries(
    Object.entries(env).map(([name, value]) => [name, value.replaceAll('{entry}', entry.replace(/\/$/, ''))]),
  )

const emptyLoad = (rehearsal: Rehearsal, target: Target, { run, seed }: RunIdentity): LoadPlan => ({
  run,
  seed,
  entry: target.entry,
  profiles: [],
  unions: unionsIn(rehearsal.slis),
  limits: limitsOf(rehearsal),
})

/** A script that builds its load from this plan. */
function libraryLoad(rehearsal: Rehearsal, target: Target, { run, seed }: RunIdentity): LoadPlan {
  const { arrivals, curves, sockets } = rehearsal.load
  const at = (rate: number): Some<LoadStage> => stagesOf(rehearsal, rate * target.loadFactor)
  return {
    run,
    seed,
    entry: target.entry,
    profiles: Object.entries(arrivals).map(([name, rate]) => {
      const curve = curves?.[name]
      return {
        name,
        stages: curve ? curveStages(rehearsal.phases, curve, target.loadFactor, seed, name) : at(rate),
      }
    }),
    ...(sockets
      ? { sockets: { lifetimeMs: sockets.lifetimeMs, stages: at(sockets.population), sli: sockets.sli } }
      : {}),
    unions: unionsIn(rehearsal.slis),
    limits: limitsOf(rehearsal),
  }
}

type Limits = Record<string, { readonly targetMs: Millis; readonly ceilingMs: Millis }>

/**
 * A union has no samples of its own, so its limits also apply to its parts, which count slow responses by them. `files` refuses parts whose limits
 * differ from their union.
 */
export function limitsOf({ slis, slos, load }: Rehearsal): Limits {
  const limits: Limits = {}
  for (const slo of slos) {
    if (slo.kind !== 'latency') continue
    const parts = partsOfIndicator(slis, slo.sli).filter(
      (part) => Object.hasOwn(load.arrivals, part) || Object.hasOwn(slis, part),
    )
    for (const sli of [slo.sli, ...parts]) limits[sli] = { targetMs: slo.targetMs, ceilingMs: slo.ceilingMs }
  }
  return limits
}

// A k6 rate is an int64 per timeUnit. This limit is far below that: no load generator keeps up with it, and the arithmetic stays exact.
const RATE_MAX = 10_000_000

export function rateIssues({ load, phases }: Rehearsal, target: Target): readonly Issue[] {
  const factor = Math.max(...phases.map((phase) => phase.factor)) * target.loadFactor
  const peak = (name: string, mean: number) =>
    Math.max(mean, ...(load.curves?.[name]?.points.map(([, rate]) => rate) ?? []))
  const values = [
    ...Object.entries(load.arrivals).map(([name, mean]) => [name, peak(name, mean)] as const),
    ['sockets', load.sockets?.population ?? 0] as const,
  ]
  return values.flatMap(([name, value]) => {
    if (value * factor <= RATE_MAX) return []
    const code: PlanCode = 'rate-too-high'
    const problem = `${name} reaches ${value * factor} (${value} × ${factor}); the most that can be planned is ${RATE_MAX}.`
    return [{ at: load.at, code, problem, next: `lower it here, in the phases, or loadFactor in ${target.file}.` }]
  })
}
