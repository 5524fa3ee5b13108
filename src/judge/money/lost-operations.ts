/** Operations that the client saw acknowledged and the ledger does not hold. */

import { compare } from '../findings/findings.ts'
import { ledgerBook } from '../seen/books-read.ts'
import type { Seen } from '../seen/seen.ts'
import { minus, noSums, ofBook, ofClient, ofKeys, plus } from './sums.ts'

export type Lost = {
  readonly operation: string
  readonly count: number
  readonly amountCents: number
  readonly lines: readonly (number | undefined)[]
}

/** Undefined when no ledger was read to its end, so that nobody knows. */
export function lostOperations(seen: Seen): readonly Lost[] | undefined {
  const ledger = ledgerBook(seen)
  if (!ledger) return undefined
  return [...seen.load.operations]
    .sort(([a], [b]) => compare(a, b))
    .flatMap(([operation, counts]): readonly Lost[] => {
      const entry = ledger.read.entries.find((each) => each.operation === operation)
      const keys = seen.books.keysOf(ledger.read.book, operation)
      const acknowledged = plus(ofClient(counts), ofKeys(keys?.read.committed ?? []))
      const lost = minus(acknowledged, entry ? ofBook(entry) : noSums)
      if (lost.count <= 0) return []
      const lines = [seen.load.frames.lastLine, ledger.line, keys?.line]
      return [{ operation, count: lost.count, amountCents: Math.max(0, lost.amountCents), lines }]
    })
}
