/** Times at which a watch broke. A change that is first seen after that may have happened at any time since the previous version of the object. */
import type { Evidence } from '../../domain/evidence.ts'

export type Unwatched = {
  add(record: Evidence): void
  /** Takes a version of an object. Returns whether it certainly changed from the previous version after `armedAt`. */
  isAfter(armedAt: number, uid: string, seenAt: number): boolean
}

export function createUnwatched(): Unwatched {
  const losses: number[] = []
  const lastSeen = new Map<string, number>()
  return {
    add(record) {
      if (record.kind === 'evidence-lost' && (record.of === undefined || record.of === 'object-seen'))
        losses.push(record.at)
    },
    isAfter(armedAt, uid, seenAt) {
      const since = lastSeen.get(uid) ?? Number.NEGATIVE_INFINITY
      lastSeen.set(uid, seenAt)
      return !losses.some((lostAt) => lostAt >= since && lostAt < armedAt)
    },
  }
}
