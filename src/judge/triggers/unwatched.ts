/** Times at which a watch broke. What an object shows after that may have happened at any time since its version before. */
import type { Evidence } from '../../domain/evidence.ts'

export type Unwatched = {
  add(record: Evidence): void
  /** A version of an object was seen. Whether its difference from the version before certainly came about after `armedAt`. */
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
