/** A gateway that gets copies of players' requests: it marks what it passes on, so that nobody writes twice. */
import { randomUUID } from 'node:crypto'
import { SHADOW_HEADER, SHADOW_MARK } from '../../shared/shadow.ts'

type Passed = Record<string, string>
/** Changes the headers of what is passed on. */
export type Marking = (headers: Passed) => Passed

/** `writes` is a seeded defect: the release makes idempotency keys of its own and does not mark its requests, so that copies are booked. */
export function markingOf({ isShadow, writes }: { readonly isShadow: boolean; readonly writes: boolean }): Marking {
  if (!isShadow) return (headers) => headers
  if (!writes) return (headers) => ({ ...headers, [SHADOW_HEADER]: SHADOW_MARK })
  return (headers) => {
    const key = headers['idempotency-key']
    return key === undefined ? headers : { ...headers, 'idempotency-key': `${key}.${randomUUID().slice(0, 8)}` }
  }
}
