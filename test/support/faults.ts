/** What a chaos object does, as a parsed file has it. */
import type { Fault } from '../../src/domain/fault.ts'
import type { ChaosManifest } from '../../src/domain/rehearsal.ts'
import { faultOf } from '../../src/protocols/chaos-mesh/fault.ts'

export function doesOf(object: ChaosManifest): Fault {
  const does = faultOf(object)
  if (does === undefined) throw new Error(`${object.kind} is no kind of fault`)
  return does
}

/** The same fault with another object, and what that does. */
export const withObject = <T extends { readonly object: ChaosManifest }>(fault: T, object: T['object']) => ({
  ...fault,
  object,
  does: doesOf(object),
})
