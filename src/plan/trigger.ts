/** The trigger of a fault or an action with its deadline in the plan. */
import type { ActionSpec, FaultSpec } from '../domain/rehearsal.ts'
import type { PlannedTrigger } from '../domain/trigger.ts'
import type { Millis } from '../domain/units.ts'

export const plannedTrigger = (
  { when, forMs }: FaultSpec | ActionSpec,
  byMs: Millis,
): { readonly trigger?: PlannedTrigger } =>
  when === undefined ? {} : { trigger: { trigger: when.trigger, byMs, ...(forMs === undefined ? {} : { forMs }) } }
