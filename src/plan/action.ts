/** One action with its place in the plan. Only the cluster can tell what it touches. */
import type { ActionSpec } from '../domain/rehearsal.ts'
import type { PlannedAction, PlannedPhase } from '../domain/timeline.ts'
import { startsBetween } from '../domain/trigger.ts'
import { millis } from '../domain/units.ts'
import { plannedTrigger } from './trigger.ts'

export function planAction(spec: ActionSpec, phases: readonly PlannedPhase[]): PlannedAction {
  const phase = phases.find(({ name }) => name === spec.during)
  if (phase === undefined) throw new Error(`action ${spec.name} in an unknown phase was let through`)
  const { fromMs, latestMs } = startsBetween(spec, phase)
  const end = spec.forMs === undefined ? {} : { toMs: millis(latestMs + spec.forMs) }
  return { name: spec.name, fromMs, ...end, ...plannedTrigger(spec, latestMs), act: spec.act }
}
