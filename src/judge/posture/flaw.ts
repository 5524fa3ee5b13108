import type { Cause } from '../../domain/causes.ts'
import type { Finding } from '../../domain/verdict.ts'

/** Something that an object says and should not, or does not say and should. */
export type Flaw = {
  readonly weight: Exclude<Finding['weight'], 'gap'>
  readonly cause: Cause
  readonly subject: string
  readonly sentence: string
}

export const flaw = (
  cause: Cause,
  { namespace, name }: { readonly namespace: string; readonly name: string },
  sentence: string,
  weight: Flaw['weight'] = 'breach',
): Flaw => ({ weight, cause, subject: `${namespace}/${name}`, sentence })
