/** One action with its place in the plan. Only the cluster can tell what it touches. */
import type { ActionSpec } from '../domain/rehearsal.ts'
import type { PlannedAction, PlannedPhase } from '../domain/timeline.ts'
import { millis } from '../domain/units.ts'

export function planAction(spec: ActionSpec, phases: readonly PlannedPhase[]): PlannedAction {
  const phase = phases.find(({ name }) => name === spec.during)
  if (phase === undefined) throw new Error(`action ${spec.name} in an unknown phase was let through`)
  const fromMs = phase.rampEndMs + spec.atMs
  const end = spec.forMs === undefined ? {} : { toMs: millis(fromMs + spec.forMs) }
  return { name: spec.name, fromMs: millis(fromMs), ...end, act: spec.act }
}
