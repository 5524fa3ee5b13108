/**
 * Money: what the client saw acknowledged is committed in the ledger, what is committed was acknowledged or unknown to the client,
 * no key is booked twice, and the providers together hold exactly what the ledger holds. By counts, amounts and digests.
 */

import type { Cause } from '../../domain/causes.ts'
import type { BookLine, BookRead } from '../../domain/evidence.ts'
import type { Expectation } from '../../domain/rehearsal.ts'
import type { Finding, LedgerResult } from '../../domain/verdict.ts'
import { compare, finding } from '../findings/findings.ts'
import type { Ruled } from '../findings/ruled.ts'
import { expectationsOf } from '../findings/ruled.ts'
import { count, duration, listed } from '../findings/words.ts'
import { ledgerBook } from '../seen/books-read.ts'
import type { Seen } from '../seen/seen.ts'
import { followUps } from './follow-ups.ts'
import { compareOperation, type OperationSides } from './ledger-operation.ts'

type Ledger = Extract<Expectation, { kind: 'ledger' }>

export function judgeLedger(seen: Seen): Ruled<LedgerResult | undefined> {
  const expected = expectationsOf(seen, 'ledger')[0]
  if (!expected) return { result: undefined, findings: [] }
  const books = [...seen.books.books.values()].filter(({ read }) => read.final)
  const missing = seen.run.head.target.books.map((each) => each.book).filter((book) => !finalRead(seen, book))
  const absent = missing.map((book) =>
    finding('gap', 'no-evidence', `book ${book}`, `The book ${book} was not read after the load.`, seen.run.loadLines),
  )
  if (books.length === 0) {
    const none = seen.run.head.target.books.length === 0 ? [noBooks(seen)] : []
    return { result: { reconciled: false, settled: false, operations: [] }, findings: [...absent, ...none] }
  }
  const compared = operationsOf(seen, books, missing.length === 0).map((sides) => compareOperation(seen, sides))
  const unsettled = books.filter(({ read }) => !read.settled)
  const findings = [
    ...absent,
    ...unsettled.map(({ read, line }) => notSettled(seen, expected, read, line)),
    ...books.flatMap(({ read, line }) => unbalanced(read, line)),
    ...compared.flatMap((each) => each.findings),
    ...followUps(seen, unsettled.length === 0 && missing.length === 0),
  ]
  const result = {
    reconciled: missing.length === 0 && compared.length > 0 && compared.every((each) => each.agrees),
    settled: unsettled.length === 0 && missing.length === 0,
    operations: compared.map((each) => each.result),
  }
  return { result, findings: compared.length === 0 ? [...findings, noMoney(seen)] : findings }
}

const finalRead = (seen: Seen, book: string): boolean => seen.books.books.get(book)?.read.final === true

const noBooks = (seen: Seen): Finding =>
  finding('gap', 'no-evidence', 'ledger', 'The target file names no books, so that money cannot be reconciled.', [
    seen.run.headLine,
  ])

const noMoney = (seen: Seen): Finding =>
  finding('gap', 'no-evidence', 'ledger', 'The load moved no money: no operation was acknowledged or booked.', [
    seen.load.frames.lastLine,
  ])

/** Operations that the client asked for; what the platform books by itself (settlements) has no client side: see follow-ups. */
function operationsOf(
  seen: Seen,
  books: readonly { readonly read: BookRead; readonly line: number }[],
  complete: boolean,
): readonly OperationSides[] {
  const ledger = ledgerBook(seen)
  const names = [...new Set([...seen.load.operations.keys(), ...seen.load.unknownKeys.keys()])].sort(compare)
  return names.map((operation) => {
    const sides = books.flatMap(({ read, line }) => {
      const entry = read.entries.find((each) => each.operation === operation)
      return [{ book: read.book, line, entry: entry ?? nothingBooked(operation), carries: entry !== undefined }]
    })
    const others = sides.filter((each) => each.book !== ledger?.read.book)
    return {
      operation,
      ledger: sides.find((each) => each.book === ledger?.read.book),
      providers: others.filter((each) => each.carries),
      complete,
    }
  })
}

const nothingBooked = (operation: string): BookLine => ({
  operation,
  count: 0,
  amountCents: 0,
  low: 0,
  high: 0,
  duplicates: 0,
  duplicateKeys: [],
  buckets: [],
})

/** A load that was cut short gets no full time to settle, so that only a completed one can be in breach. */
function notSettled(seen: Seen, expected: Ledger, read: BookRead, line: number): Finding {
  const pending = Object.entries(read.pending).filter(([, n]) => n > 0)
  const names = listed(pending.sort(([a], [b]) => compare(a, b)).map(([name, n]) => `${n} ${name}`))
  const sentence = `${read.book} was not settled when it was last read (it may take ${duration(expected.settleWithinMs)} after the load): ${names || 'it did not say what'} pending.`
  const weight = seen.run.load === 'completed' && !seen.run.stop ? 'breach' : 'gap'
  return finding(weight, 'unsettled', `book ${read.book}`, sentence, [line])
}

function unbalanced(read: BookRead, line: number): readonly Finding[] {
  const cents = read.imbalanceCents ?? 0
  if (cents === 0) return []
  const cause: Cause = 'ledger-unbalanced'
  const sentence = `${read.book} is out of balance by ${count(Math.abs(cents), 'cent')}: debits and credits differ.`
  return [finding('breach', cause, `book ${read.book}`, sentence, [line])]
}
