/** Phases × a value at load 1x → stages. */
import type { Rehearsal } from '../domain/rehearsal.ts'
import type { LoadStage } from '../domain/timeline.ts'
import { isSome, perSecond, type Some } from '../domain/units.ts'

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
