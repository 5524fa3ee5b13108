/**
 * A journal holds the objects of faults as they were applied. What they do is read from them again with the code of today, so that the file
 * does not change with each new thing that the judge wants to know of a fault.
 */
import type { RunStarted } from '../../domain/evidence.ts'
import type { Fault } from '../../domain/fault.ts'
import type { ChaosManifest, FaultSpec, Rehearsal } from '../../domain/rehearsal.ts'
import type { PlannedFault, Timeline } from '../../domain/timeline.ts'
import { faultOf } from '../../protocols/chaos-mesh/fault.ts'

type Written<T> = Omit<T, 'does'>
type WithoutFaults<T> = Omit<T, 'rehearsal' | 'timeline'> & {
  readonly rehearsal: Omit<Rehearsal, 'faults'> & { readonly faults: readonly Written<FaultSpec>[] }
  readonly timeline: Omit<Timeline, 'faults'> & { readonly faults: readonly Written<PlannedFault>[] }
}
/** The head as it is written. */
export type WrittenHead = WithoutFaults<RunStarted>

/** The head with what its faults do; a text when one is of a kind that this version does not know, or cannot be read. */
export function withFaults(head: WrittenHead): RunStarted | string {
  const { rehearsal, timeline } = head
  const [problem] = [...rehearsal.faults, ...timeline.faults].flatMap(({ object }) => problemOf(object) ?? [])
  if (problem !== undefined) return problem
  return {
    ...head,
    rehearsal: { ...rehearsal, faults: rehearsal.faults.flatMap(derived) },
    timeline: { ...timeline, faults: timeline.faults.flatMap(derived) },
  }
}

/** The object was admitted when the journal was written. One that was changed since then may hold anything, and reading it may throw. */
function problemOf(object: ChaosManifest): string | undefined {
  try {
    return faultOf(object) === undefined ? `has a fault of the unknown kind "${object.kind}"` : undefined
  } catch {
    return `has a fault whose ${object.kind} cannot be read`
  }
}

export const withoutFaults = <T extends Pick<RunStarted, 'rehearsal' | 'timeline'>>(head: T): WithoutFaults<T> => ({
  ...head,
  rehearsal: { ...head.rehearsal, faults: head.rehearsal.faults.map(written) },
  timeline: { ...head.timeline, faults: head.timeline.faults.map(written) },
})

function derived<T extends { readonly object: ChaosManifest }>(fault: T): readonly (T & { readonly does: Fault })[] {
  const does = faultOf(fault.object)
  return does === undefined ? [] : [{ ...fault, does }]
}

const written = <T extends { readonly does: Fault }>({ does: _, ...fault }: T): Omit<T, 'does'> => fault
