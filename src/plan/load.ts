/** Phases × arrivals × load factor → stages. Rates are real numbers; the k6 adapter rounds them to whole ones. */
import { partsOfIndicator, unionsIn } from '../domain/indicators.ts'
import type { Issue } from '../domain/issue.ts'
import type { Rehearsal, Target } from '../domain/rehearsal.ts'
import type { LoadPlan, LoadStage } from '../domain/timeline.ts'
import { isSome, type Millis, perSecond, type Some } from '../domain/units.ts'
import type { PlanCode } from './codes.ts'
import { curveStages } from './curve-stages.ts'
import type { RunIdentity } from './timeline.ts'

export function planLoad(rehearsal: Rehearsal, target: Target, { run, seed }: RunIdentity): LoadPlan {
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

/** The value at load 1x through all phases: a ramp from the value of the phase before (0 before the first phase), then level. */
export function stagesOf({ phases }: Pick<Rehearsal, 'phases'>, atOnce: number): Some<LoadStage> {
  const stages = phases.flatMap(({ rampMs, forMs, factor }, index): LoadStage[] => {
    const before = perSecond(atOnce * (phases[index - 1]?.factor ?? 0))
    const level = perSecond(atOnce * factor)
    const hold = { durationMs: forMs, from: level, to: level }
    return rampMs > 0 ? [{ durationMs: rampMs, from: before, to: level }, hold] : [hold]
  })
  if (!isSome(stages)) throw new Error('a rehearsal without phases was let through')
  return stages
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
      (part) => part === slo.sli || Object.hasOwn(load.arrivals, part),
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
