/** One operation on all sides: client ↔ ledger ↔ providers together. */
import type { Cause } from '../../domain/causes.ts'
import type { BookLine, KeysRead, OperationCounts } from '../../domain/evidence.ts'
import { money } from '../../domain/show.ts'
import type { Finding, LedgerResult } from '../../domain/verdict.ts'
import { compare, finding } from '../findings/findings.ts'
import { count, listed } from '../findings/words.ts'
import { noOperations } from '../seen/load-counts.ts'
import type { Seen } from '../seen/seen.ts'
import { differingBuckets, minus, noSums, ofBook, ofClient, ofKeys, plus, type Sums, same } from './sums.ts'

export type Side = { readonly book: string; readonly line: number; readonly entry: BookLine; readonly carries: boolean }
export type OperationSides = {
  readonly operation: string
  readonly ledger: Side | undefined
  readonly providers: readonly Side[]
  /** Whether every book of the target was read to its end. */
  readonly complete: boolean
}
export type ComparedBooks = {
  readonly result: LedgerResult['operations'][number]
  readonly findings: readonly Finding[]
  readonly agrees: boolean
}
type BookResult = LedgerResult['operations'][number]['books'][number]
/** Whether one pair of sides agrees, in words, with what was found. */
type Agreement = { readonly agrees: boolean; readonly sentence: string; readonly findings: readonly Finding[] }

export function compareOperation(seen: Seen, sides: OperationSides): ComparedBooks {
  const { operation, ledger, providers } = sides
  const client = seen.load.operations.get(operation) ?? noOperations
  const ledgerAgreement = againstClient(seen, sides, client)
  const providerAgreement = againstLedger(seen, sides)
  const doubles = [
    ...(ledger ? duplicates(operation, ledger, 'duplicate-booking') : []),
    ...providers.flatMap((side) => duplicates(operation, side, 'double-charge')),
  ]
  const bookOf = (side: Side, { agrees, sentence }: Agreement): BookResult => ({
    book: side.book,
    count: side.entry.count,
    amountCents: side.entry.amountCents,
    duplicates: side.entry.duplicates,
    unknownCommitted: keysOf(seen, side.book, operation).length,
    agrees: agrees && side.entry.duplicates === 0,
    sentence,
  })
  return {
    result: {
      operation,
      client: {
        acknowledged: client.acknowledged,
        amountCents: client.amountCents,
        refused: client.refused,
        unknown: client.unknown,
      },
      books: [
        ...(ledger ? [bookOf(ledger, ledgerAgreement)] : []),
        ...providers.map((side) => bookOf(side, providerAgreement)),
      ],
    },
    findings: [...doubles, ...ledgerAgreement.findings, ...providerAgreement.findings],
    agrees: ledgerAgreement.agrees && providerAgreement.agrees && doubles.length === 0,
  }
}

const keysOf = (seen: Seen, book: string, operation: string): KeysRead['committed'] =>
  seen.books.keysOf(book, operation)?.read.committed ?? []

/** Ledger − unknown keys that it holds = what the client saw acknowledged, to the last digest. */
function againstClient(seen: Seen, { operation, ledger }: OperationSides, client: OperationCounts): Agreement {
  const lines = [seen.load.frames.lastLine, ledger?.line, seen.books.keysOf(ledger?.book ?? '', operation)?.line]
  if (!ledger) {
    const sentence = `${operation}: no ledger was read.`
    return { agrees: false, sentence, findings: [finding('gap', 'no-evidence', operation, sentence, lines)] }
  }
  const doubt = clientDoubt(seen, operation, ledger.book, client)
  const unknown = ofKeys(keysOf(seen, ledger.book, operation))
  const difference = minus(minus(ofBook(ledger.entry), unknown), ofClient(client))
  const short = difference.count < 0 || difference.amountCents < 0
  if (same(difference, noSums) && !doubt) {
    const text = unknown.count === 0 ? '' : ` and ${unknown.count} unknown to the client`
    return { agrees: true, sentence: `holds all ${client.acknowledged} acknowledged${text}`, findings: [] }
  }
  if (doubt && !short) {
    const sentence = `${operation}: ${doubt}, so that ${ledger.book} and client cannot be compared exactly.`
    return { agrees: false, sentence, findings: [finding('gap', 'ledger-unproven', operation, sentence, lines)] }
  }
  if (ledger.entry.duplicates > 0 && !short)
    return { agrees: false, sentence: `holds ${differs(difference)}`, findings: [] }
  const sentence = `${operation}: ${ledger.book} holds ${differs(difference)} than the client saw acknowledged.`
  return { agrees: false, sentence, findings: [finding('breach', 'unreconciled', operation, sentence, lines)] }
}

/** Why the client's own sums are not the whole truth; undefined when they are. */
function clientDoubt(seen: Seen, operation: string, book: string, client: OperationCounts): string | undefined {
  const { load } = seen.run
  if (load === 'crashed' || load === 'running') {
    return 'the load generator died, and every operation that it had not finished is unknown'
  }
  if (load === 'stopped') return 'the load was stopped, and operations under way are unknown'
  const listedKeys = seen.load.unknownKeys.get(operation)?.length ?? 0
  if (listedKeys < client.unknown) return `${client.unknown - listedKeys} unknown keys were counted and never named`
  const asked = seen.books.keysOf(book, operation)?.read.asked ?? 0
  return asked < listedKeys ? `${listedKeys - asked} unknown keys were never looked up in ${book}` : undefined
}

/** The providers together = the ledger. More is a charge without a booking, or a key charged at two providers. */
function againstLedger(seen: Seen, sides: OperationSides): Agreement {
  const { operation, ledger, providers, complete } = sides
  const lines = [ledger?.line, ...providers.map((side) => side.line)]
  if (!ledger) return { agrees: false, sentence: 'there is no ledger to compare with', findings: [] }
  if (providers.length === 0) {
    if (ledger.entry.count === 0) return { agrees: true, sentence: 'nothing was booked', findings: [] }
    const sentence = `${operation}: no provider's book holds any of the ${ledger.entry.count} in ${ledger.book}.`
    const others = complete && seen.run.head.target.books.length > 1
    // A target with the ledger alone compares client and ledger; where providers are read, one that holds nothing is a loss.
    return {
      agrees: !others,
      sentence,
      findings: others
        ? [
            finding('breach', 'unreconciled', operation, sentence, lines),
            ...neverArrived(seen, sides, minus(noSums, ofBook(ledger.entry)), lines),
          ]
        : [],
    }
  }
  const together = providers.map((side) => ofBook(side.entry)).reduce(plus, noSums)
  const difference = minus(together, ofBook(ledger.entry))
  const names = listed(providers.map((side) => side.book))
  const holds = providers.length === 1 ? 'holds' : 'together hold'
  if (same(difference, noSums)) {
    return { agrees: true, sentence: `${names} ${holds} exactly what ${ledger.book} holds`, findings: [] }
  }
  const where = bucketsText(
    differingBuckets(
      providers.map((side) => side.entry),
      [ledger.entry],
    ),
  )
  const twice = chargedTwice(seen, operation, ledger, providers)
  const unbooked = plus(orphaned(seen, operation, ledger, providers), lostByLedger(seen, operation, ledger))
  const what = `${operation}: ${names} ${holds} ${differs(difference)} than ${ledger.book}${where}`
  if (difference.count > 0 && !same(difference, unbooked)) {
    const keys = twice.length === 0 ? '' : ` (${listed(twice)})`
    const sentence = `${what}: charged twice${keys}.`
    return { agrees: false, sentence, findings: [finding('breach', 'double-charge', operation, sentence, lines)] }
  }
  // Where a provider's book was not read, that what is there is too little shows nothing.
  if (!complete && difference.count <= 0) {
    return {
      agrees: false,
      sentence: `${names} ${holds} ${differs(difference)}, and another book is missing`,
      findings: [],
    }
  }
  const sentence = difference.count > 0 ? `${what}: charged, and never booked.` : `${what}.`
  const unreconciled = finding('breach', 'unreconciled', operation, sentence, lines)
  return { agrees: false, sentence, findings: [unreconciled, ...neverArrived(seen, sides, difference, lines)] }
}

/**
 * What the ledger acknowledged and is done with, and the other side never heard of, although nothing is pending anywhere: the event
 * that should have carried it was lost. A ledger that does not agree with the client may have lost or made up more than events.
 */
function neverArrived(
  seen: Seen,
  { operation, ledger, complete }: OperationSides,
  difference: Sums,
  lines: readonly (number | undefined)[],
): readonly Finding[] {
  const settled = [...seen.books.books.values()].every(({ read }) => read.settled)
  if (!ledger || !complete || !settled || difference.count >= 0) return []
  const client = ofClient(seen.load.operations.get(operation) ?? noOperations)
  const unknown = ofKeys(keysOf(seen, ledger.book, operation))
  if (!same(minus(ofBook(ledger.entry), unknown), client)) return []
  const keys = count(-difference.count, operation)
  const sentence = `${keys} of ${ledger.entry.count} (${money(Math.abs(difference.amountCents))}) stand in ${ledger.book}, acknowledged and with nothing pending, and never reached the other side.`
  return [finding('breach', 'events-lost', operation, sentence, lines)]
}

/** Unknown keys that two providers, or one provider twice, hold. */
function chargedTwice(seen: Seen, operation: string, ledger: Side, providers: readonly Side[]): readonly string[] {
  const times = new Map<string, number>()
  for (const side of providers.filter((each) => each.book !== ledger.book)) {
    for (const each of keysOf(seen, side.book, operation)) times.set(each.key, (times.get(each.key) ?? 0) + each.times)
  }
  return [...times]
    .filter(([, n]) => n > 1)
    .map(([key]) => key)
    .sort(compare)
}

/** Unknown keys, each held by one provider and not by the ledger. */
function orphaned(seen: Seen, operation: string, ledger: Side, providers: readonly Side[]): Sums {
  const booked = new Set(keysOf(seen, ledger.book, operation).map((each) => each.key))
  const twice = new Set(chargedTwice(seen, operation, ledger, providers))
  const held = providers.flatMap((side) => keysOf(seen, side.book, operation))
  return ofKeys(held.filter((each) => !booked.has(each.key) && !twice.has(each.key)))
}

/** What the client saw acknowledged and the ledger does not hold; nothing when it holds at least as much. */
function lostByLedger(seen: Seen, operation: string, ledger: Side): Sums {
  const client = ofClient(seen.load.operations.get(operation) ?? noOperations)
  const lost = minus(plus(client, ofKeys(keysOf(seen, ledger.book, operation))), ofBook(ledger.entry))
  return lost.count > 0 ? lost : noSums
}

/** A key booked twice is a ledger bug. Charged twice means that the customer paid twice. */
function duplicates(operation: string, { book, line, entry }: Side, cause: Cause): readonly Finding[] {
  if (entry.duplicates === 0) return []
  const keys = entry.duplicateKeys.length === 0 ? '' : ` (${listed(entry.duplicateKeys)})`
  const sentence = `${operation}: ${book} holds ${count(entry.duplicates, 'key')} more than once${keys}.`
  return [finding('breach', cause, operation, sentence, [line])]
}

function differs({ count: keys, amountCents }: Sums): string {
  if (keys === 0 && amountCents === 0) return 'other keys'
  const more = keys > 0 || (keys === 0 && amountCents > 0)
  return `${count(Math.abs(keys), 'key')} and ${money(Math.abs(amountCents))} ${more ? 'more' : 'less'}`
}

const bucketsText = (buckets: readonly number[]): string =>
  buckets.length === 0 ? '' : `, in ${buckets.length === 1 ? 'bucket' : 'buckets'} ${listed(buckets.map(String))}`
