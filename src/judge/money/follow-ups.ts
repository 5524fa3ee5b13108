/** What the platform books by itself after an operation, under the same key: each must come, unless something is still pending. */
import type { Finding } from '../../domain/verdict.ts'
import { finding } from '../findings/findings.ts'
import { ledgerBook } from '../seen/books-read.ts'
import type { Seen } from '../seen/seen.ts'

/** Books are read one after the other: the last of what follows may still be on its way when the ledger is read. */
const UNDER_WAY = 0.1

export function followUps(seen: Seen, settled: boolean): readonly Finding[] {
  const ledger = ledgerBook(seen)
  if (!ledger || !settled || seen.run.load !== 'completed') return []
  const countOf = (operation: string) => ledger.read.entries.find((each) => each.operation === operation)?.count ?? 0
  return Object.entries(seen.run.head.target.followUps).flatMap(([follower, first]) => {
    const [came, wanted] = [countOf(follower), countOf(first)]
    // A platform that never books what follows has no such thing.
    if (came === 0 || came >= wanted * (1 - UNDER_WAY)) return []
    const sentence = `Only ${came} of ${wanted} ${first}s in ${ledger.read.book} got their ${follower}, and nothing is pending.`
    return [finding('breach', 'events-lost', follower, sentence, [ledger.line])]
  })
}
