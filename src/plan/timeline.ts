/**
 * Plans a run before anything is touched. A rehearsal, a target and a seed become a timeline. Live pods, given as data, become an admission. Both can
 * be shown to the user. Pure, without clock, network or files, so that the same inputs give the same plan on every machine.
 */
import type { Issue, Parsed } from '../domain/issue.ts'
import { seedFor } from '../domain/random.ts'
import type { Rehearsal, Target } from '../domain/rehearsal.ts'
import type { ScriptFacts } from '../domain/script.ts'
import type { PlannedFault, PlannedPhase, Timeline } from '../domain/timeline.ts'
import { isSome, millis, type Some } from '../domain/units.ts'
import { SEED_ANNOTATION } from '../protocols/chaos-mesh/experiment.ts'
import { planAction } from './action.ts'
import { planFault, reachIssues } from './fault.ts'
import { planLoad, rateIssues } from './load.ts'
import { runnersIssues } from './runners.ts'
import { scriptIssues } from './script-issues.ts'

/** `run` names the run in labels, object names and idempotency keys: lower-case letters, digits and hyphens, at most 63. */
export type RunIdentity = { readonly run: string; readonly seed: number }

/** `facts`: what k6 says about the script. Without them the script is taken to build its load from the plan. */
export function planTimeline(
  rehearsal: Rehearsal,
  target: Target,
  { run, seed }: RunIdentity,
  facts?: ScriptFacts,
): Parsed<Timeline> {
  if (!/^[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?$/.test(run)) throw new RangeError(`"${run}" can't name a run`)
  const phases = planPhases(rehearsal)
  const rates = [...rateIssues(rehearsal, target), ...scriptIssues(rehearsal, facts), ...runnersIssues(target, facts)]
  if (isSome(rates)) return { ok: false, issues: rates }
  const planned = rehearsal.faults.map((spec) => ({ spec, fault: seeded(planFault(spec, phases, target, run), seed) }))
  const issues: readonly Issue[] = planned.flatMap(({ spec, fault }) => reachIssues(spec, fault, rehearsal))
  if (isSome(issues)) return { ok: false, issues }
  const value = {
    run,
    seed,
    totalMs: millis(phases.reduce((end, phase) => Math.max(end, phase.toMs), 0)),
    phases,
    faults: planned.map(({ fault }) => fault).sort((a, b) => a.fromMs - b.fromMs),
    actions: rehearsal.actions.map((spec) => planAction(spec, phases)).sort((a, b) => a.fromMs - b.fromMs),
    load: planLoad(rehearsal, target, { run, seed }, facts),
  }
  return { ok: true, value }
}

/** Each fault has its own seed, derived from its name. The next run picks the same pods, whatever other faults there are. */
function seeded(fault: PlannedFault, seed: number): PlannedFault {
  const { metadata } = fault.object
  const annotations = { ...metadata.annotations, [SEED_ANNOTATION]: String(seedFor(seed, `fault ${fault.name}`)) }
  return { ...fault, object: { ...fault.object, metadata: { ...metadata, annotations } } }
}

/** Phases one after the other, from 0. */
export function planPhases(rehearsal: Rehearsal): Some<PlannedPhase> {
  let from = 0
  const phases = rehearsal.phases.map((phase): PlannedPhase => {
    const rampEnd = from + phase.rampMs
    const to = rampEnd + phase.forMs
    const planned = {
      name: phase.name,
      fromMs: millis(from),
      rampEndMs: millis(rampEnd),
      toMs: millis(to),
      factor: phase.factor,
    }
    from = to
    return planned
  })
  if (!isSome(phases)) throw new Error('a rehearsal without phases was let through')
  return phases
}
