// Conditions of the objects' statuses.
import type { ParentOutcome } from './attach.ts'
import { type CheckedListener, isServing } from './listeners.ts'
import type { StatusCondition } from './objects.ts'
import type { Unresolved } from './references.ts'

type Generation = number | undefined

/** `problem`: the condition is False for this reason. */
function condition(
  type: string,
  reason: string,
  problem: Unresolved | undefined,
  generation: Generation,
): StatusCondition {
  return {
    type,
    status: problem ? 'False' : 'True',
    reason: problem?.reason ?? reason,
    message: problem?.message ?? '',
    observedGeneration: generation ?? 0,
  }
}

export const classConditions = (generation: Generation): StatusCondition[] => [
  condition('Accepted', 'Accepted', undefined, generation),
]

export function routeConditions({ accepted, resolved }: ParentOutcome, generation: Generation): StatusCondition[] {
  return [
    condition('Accepted', 'Accepted', accepted, generation),
    condition('ResolvedRefs', 'ResolvedRefs', resolved, generation),
  ]
}

export function listenerConditions(
  listener: CheckedListener,
  unbound: Unresolved | undefined,
  generation: Generation,
): StatusCondition[] {
  const { accepted, conflict, resolved } = listener
  const invalid = isServing(listener) ? unbound : { reason: 'Invalid', message: 'see the other conditions' }
  const conflicted: StatusCondition = conflict
    ? { ...condition('Conflicted', '', undefined, generation), ...conflict }
    : { ...condition('Conflicted', 'NoConflicts', undefined, generation), status: 'False' }
  return [
    condition('Accepted', 'Accepted', accepted ?? conflict, generation),
    condition('Programmed', 'Programmed', invalid, generation),
    condition('ResolvedRefs', 'ResolvedRefs', resolved, generation),
    conflicted,
  ]
}

export type GatewayOutcome = {
  readonly invalid: Unresolved | undefined
  readonly unaddressed: Unresolved | undefined
  readonly listeners: readonly CheckedListener[]
}

export function gatewayConditions(
  { invalid, unaddressed, listeners }: GatewayOutcome,
  generation: Generation,
): StatusCondition[] {
  const broken = listeners.filter((each) => !isServing(each) || each.resolved)
  const accepted: StatusCondition =
    !invalid && broken.length > 0
      ? {
          ...condition('Accepted', 'ListenersNotValid', undefined, generation),
          message: `see ${broken.map(({ listener }) => listener.name).join(', ')}`,
          // Only where no listener is left.
          status: broken.length === listeners.length ? 'False' : 'True',
        }
      : condition('Accepted', 'Accepted', invalid, generation)
  const dead =
    invalid ?? (listeners.some(isServing) ? unaddressed : { reason: 'Invalid', message: 'no listener is valid' })
  return [accepted, condition('Programmed', 'Programmed', dead, generation)]
}

/** Keeps the time of conditions that did not change, and sets it for the others. */
export function timed(
  conditions: readonly StatusCondition[],
  before: readonly StatusCondition[] | undefined,
  now: string,
): StatusCondition[] {
  return conditions.map((each) => {
    const known = before?.find(({ type }) => type === each.type)
    return {
      ...each,
      lastTransitionTime: known?.status === each.status && known.lastTransitionTime ? known.lastTransitionTime : now,
    }
  })
}
