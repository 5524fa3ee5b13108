/** One operation in all books, to the single key and the single cent: what agrees, what is a breach, and what nobody can tell. */
import { describe, expect } from 'vitest'
import type { BookLine, BookRead, Evidence, KeysRead, OperationCounts } from '../../src/domain/evidence.ts'
import { judgeLedger } from '../../src/judge/money/ledger.ts'
import { compareOperation, type Side } from '../../src/judge/money/ledger-operation.ts'
import { lostOperations } from '../../src/judge/money/lost-operations.ts'
import { target } from '../support/evidence.ts'
import { it, noted } from '../support/reviewed.ts'
import { atMs, frame, type SmallRun, seenIn } from '../support/small-run.ts'

type Line = Partial<BookLine>
/** So many keys of one euro each. */
const line = (count: number, changes: Line = {}): BookLine => ({
  operation: 'bet',
  count,
  amountCents: count * 100,
  low: count,
  high: count,
  duplicates: 0,
  duplicateKeys: [],
  buckets: [],
  ...changes,
})
const client = (acknowledged: number, changes: Partial<OperationCounts> = {}): OperationCounts => ({
  acknowledged,
  amountCents: acknowledged * 100,
  digestLow: acknowledged,
  digestHigh: acknowledged,
  refused: 0,
  unknown: 0,
  ...changes,
})
const key = (name: string, times = 1): KeysRead['committed'][number] => ({
  key: name,
  amountCents: 100 * times,
  times,
  low: 1,
  high: 1,
})
const keys = (book: string, asked: number, ...committed: KeysRead['committed']): Evidence => ({
  kind: 'keys-read',
  at: atMs(170_000),
  book,
  operation: 'bet',
  asked,
  committed,
})
const book = (name: string, changes: Partial<BookRead> = {}): Evidence => ({
  kind: 'book-read',
  at: atMs(169_000),
  book: name,
  settled: true,
  pending: {},
  entries: [],
  final: true,
  ...changes,
})
const side = (name: string, entry: BookLine): Side => ({ book: name, line: 9, entry, carries: true })

type Told = {
  readonly wallet?: BookLine
  readonly providers?: readonly BookLine[]
  readonly client?: OperationCounts
  readonly named?: number
  readonly complete?: boolean
  readonly more?: readonly Evidence[]
  readonly run?: SmallRun
}

function seenOf({ client: counts = client(5), named = counts.unknown, more = [], run = {} }: Told) {
  const unknownKeys = Array.from({ length: named }, (_, n) => ({ operation: 'bet', key: `u${n}` }))
  return seenIn([frame(1000, { operations: { bet: counts }, unknownKeys }), ...more], run)
}

/** What was found of it, and whether all agree. */
function told(of: Told): readonly string[] {
  const { wallet = line(5), providers = [wallet], complete = true } = of
  const { findings, agrees } = noted(
    compareOperation(seenOf(of), {
      operation: 'bet',
      ledger: side('wallet', wallet),
      providers: providers.map((entry, n) => side(`provider-${n + 1}`, entry)),
      complete,
    }),
  )
  return [...findings.map(({ weight, cause }) => `${weight} ${cause}`), agrees ? 'agrees' : 'differs']
}

describe('an operation', () => {
  const breach = 'breach unreconciled'
  it.each<[string, Told, readonly string[]]>([
    ['that all sides hold alike agrees', {}, ['agrees']],
    ['that the ledger holds once more', { wallet: line(6), providers: [line(6)] }, [breach, 'differs']],
    ['that the ledger holds once less', { wallet: line(4), providers: [line(4)] }, [breach, 'differs']],
    ['with one cent more in the ledger', { wallet: line(5, { amountCents: 501 }) }, [breach, 'differs']],
    ['with one cent less in the ledger', { wallet: line(5, { amountCents: 499 }) }, [breach, 'differs']],
    ['with another key in the ledger', { wallet: line(5, { low: 4 }) }, [breach, 'differs']],
    ['with another second half of a key', { wallet: line(5, { high: 4 }) }, [breach, 'differs']],

    ['that providers share agrees', { providers: [line(3), line(2)] }, ['agrees']],
    ['that a provider holds once more', { providers: [line(6)] }, ['breach double-charge', 'differs']],
    ['that a provider holds once less', { providers: [line(4)] }, [breach, 'breach events-lost', 'differs']],
    ['of which a provider holds another key', { providers: [line(5, { low: 4 })] }, [breach, 'differs']],
    ['of which a provider holds a cent more', { providers: [line(5, { amountCents: 501 })] }, [breach, 'differs']],
    [
      'that a provider holds once less while another book is missing',
      { providers: [line(4)], complete: false },
      ['differs'],
    ],
    [
      'of which a provider holds another key while another book is missing',
      { providers: [line(5, { low: 4 })], complete: false },
      ['differs'],
    ],
    [
      'that a provider holds once more while another book is missing',
      { providers: [line(6)], complete: false },
      ['breach double-charge', 'differs'],
    ],
    [
      'that a provider lacks while something is pending',
      { providers: [line(4)], more: [book('wallet', { settled: false })] },
      [breach, 'differs'],
    ],
    [
      'that a provider lacks, in a ledger that differs from the client',
      { wallet: line(6), providers: [line(5)] },
      [breach, breach, 'differs'],
    ],

    ['that no provider holds', { providers: [] }, [breach, 'breach events-lost', 'differs']],
    ['that no provider holds while a book is missing', { providers: [], complete: false }, ['agrees']],
    [
      'of one key that no provider holds',
      { wallet: line(1), providers: [], client: client(1) },
      [breach, 'breach events-lost', 'differs'],
    ],
    ['that nobody made', { wallet: line(0), providers: [], client: client(0) }, ['agrees']],
    [
      'in a target with the ledger alone',
      { providers: [], run: { target: { books: target.books.slice(0, 1) } } },
      ['agrees'],
    ],
    [
      'in a target with one book more',
      { providers: [], run: { target: { books: target.books.slice(0, 2) } } },
      [breach, 'breach events-lost', 'differs'],
    ],

    [
      'that the ledger booked twice',
      { wallet: line(6, { duplicates: 1 }), providers: [line(5)] },
      ['breach duplicate-booking', breach, 'differs'],
    ],
    [
      'that a provider charged twice',
      { providers: [line(6, { duplicates: 1 })] },
      ['breach double-charge', 'breach double-charge', 'differs'],
    ],
    [
      'that the ledger booked twice, and lacks',
      { wallet: line(4, { duplicates: 1 }), providers: [line(4)] },
      ['breach duplicate-booking', breach, 'differs'],
    ],
  ])('%s', (_, of, expected) => expect(told(of)).toEqual(expected))

  const unsure = client(5, { unknown: 2 })
  it.each<[string, Told, readonly string[]]>([
    ['that were looked up and never booked', { client: unsure, more: [keys('wallet', 2)] }, ['agrees']],
    [
      'of which one is booked',
      { client: unsure, wallet: line(6), more: [keys('wallet', 2, key('u0')), keys('provider-1', 2, key('u0'))] },
      ['agrees'],
    ],
    [
      'of which one was never named',
      { client: unsure, named: 1, more: [keys('wallet', 1)] },
      ['gap ledger-unproven', 'differs'],
    ],
    [
      'of which one was never looked up',
      { client: unsure, more: [keys('wallet', 1)] },
      ['gap ledger-unproven', 'differs'],
    ],
    [
      'of which one was never looked up, and the ledger lacks one',
      { client: unsure, wallet: line(4), more: [keys('wallet', 1)] },
      ['breach unreconciled', 'differs'],
    ],
    [
      'of which one was never looked up, and the ledger lacks a cent',
      { client: unsure, wallet: line(5, { amountCents: 499 }), more: [keys('wallet', 1)] },
      ['breach unreconciled', 'differs'],
    ],
    [
      'of which one was charged and never booked',
      { client: unsure, providers: [line(6)], more: [keys('wallet', 2), keys('provider-1', 2, key('u0'))] },
      ['breach unreconciled', 'differs'],
    ],
    [
      'of which one was charged at two providers',
      {
        client: unsure,
        wallet: line(6),
        providers: [line(6), line(1)],
        more: [keys('wallet', 2, key('u0')), keys('provider-1', 2, key('u0')), keys('provider-2', 2, key('u0'))],
      },
      ['breach double-charge', 'differs'],
    ],
    [
      'of which one was charged twice at one provider',
      {
        client: unsure,
        wallet: line(6),
        providers: [line(7)],
        more: [keys('wallet', 2, key('u0')), keys('provider-1', 2, key('u0', 2))],
      },
      ['breach double-charge', 'differs'],
    ],
  ])('with keys that the client does not know of, %s', (_, of, expected) => expect(told(of)).toEqual(expected))

  it('of a load that was cut short cannot be compared, unless the ledger lacks something', () => {
    const cut = { run: { until: undefined } }
    expect(told(cut)).toEqual(['gap ledger-unproven', 'differs'])
    expect(told({ ...cut, wallet: line(6), providers: [line(6)] })).toEqual(['gap ledger-unproven', 'differs'])
    expect(told({ ...cut, wallet: line(4), providers: [line(4)] })).toEqual(['breach unreconciled', 'differs'])
  })

  const sentence = (of: Told, at = -1) => {
    const { wallet = line(5), providers = [wallet] } = of
    const sides = providers.map((entry, n) => side(`provider-${n + 1}`, entry))
    return noted(
      compareOperation(seenOf(of), {
        operation: 'bet',
        ledger: side('wallet', wallet),
        providers: sides,
        complete: true,
      }),
    ).findings.at(at)?.sentence
  }
  const bucket = (n: number) => ({ bucket: n, count: 1, amountCents: 100, low: 1, high: 1 })
  it.each<[string, Told, string]>([
    ['more keys', { providers: [line(6)] }, 'holds 1 key and 1.00 EUR more than wallet: charged twice.'],
    ['more keys of less', { providers: [line(6, { amountCents: 499 })] }, 'holds 1 key and 0.01 EUR more than'],
    ['a cent more', { providers: [line(5, { amountCents: 501 })] }, 'holds 0 keys and 0.01 EUR more than wallet.'],
    ['a cent less', { providers: [line(5, { amountCents: 499 })] }, 'holds 0 keys and 0.01 EUR less than wallet.'],
    ['other keys', { providers: [line(5, { low: 1 })] }, 'holds other keys than wallet.'],
    [
      'other keys in one bucket',
      { providers: [line(5, { low: 1, buckets: [bucket(7)] })] },
      'holds other keys than wallet, in bucket 7.',
    ],
    [
      'other keys in two',
      { providers: [line(5, { low: 1, buckets: [bucket(7), bucket(3)] })] },
      'holds other keys than wallet, in buckets 3 and 7.',
    ],
  ])('says how it differs: %s', (_, of, words) => expect(sentence(of, 0)).toContain(words))

  it('names keys that are there twice, where the book did', () => {
    const twice = (...duplicateKeys: readonly string[]) =>
      sentence({ wallet: line(6, { duplicates: 1, duplicateKeys }), providers: [line(5)] }, 0)
    expect(twice()).toBe('bet: wallet holds 1 key more than once.')
    expect(twice('k1')).toBe('bet: wallet holds 1 key more than once (k1).')
  })
})

describe('operations that were lost', () => {
  const lost = (entry: BookLine | undefined, changes: Partial<OperationCounts> = {}) =>
    noted(
      lostOperations(
        seenIn([
          frame(1000, { operations: { bet: client(5, changes) } }),
          book('wallet', { entries: entry === undefined ? [] : [entry] }),
        ]),
      ),
    )?.map(({ operation, count, amountCents }) => `${count} ${operation} of ${amountCents}`)

  it.each<[string, () => readonly string[] | undefined, readonly string[]]>([
    ['are none where the ledger holds as many', () => lost(line(5)), []],
    ['are none where it holds more', () => lost(line(6)), []],
    ['are those that it lacks', () => lost(line(4)), ['1 bet of 100']],
    ['are all where it holds none', () => lost(undefined), ['5 bet of 500']],
    ['have no negative amount', () => lost(line(4, { amountCents: 900 })), ['1 bet of 0']],
  ])('%s', (_, is, expected) => expect(is()).toEqual(expected))

  it('are unknown without a ledger', () => {
    expect(noted(lostOperations(seenIn([frame(1000, { operations: { bet: client(5) } })])))).toBeUndefined()
  })
})

describe('the books', () => {
  const judged = (records: readonly Evidence[], run: SmallRun = {}) => {
    const { result, findings } = noted(
      judgeLedger(seenIn([frame(1000, { operations: { bet: client(5) } }), ...records], run)),
    )
    return [result?.reconciled, result?.settled, ...findings.map(({ cause, subject }) => `${cause} of ${subject}`)]
  }
  const alone: SmallRun = { target: { books: target.books.slice(0, 1), followUps: {} } }
  const wallet = (changes: Partial<BookRead> = {}) => book('wallet', { entries: [line(5)], ...changes })

  it.each<[string, () => readonly unknown[], readonly unknown[]]>([
    ['agree', () => judged([wallet()], alone), [true, true]],
    [
      'are not named in the target file',
      () => judged([], { target: { books: [] } }),
      [false, false, 'no-evidence of ledger'],
    ],
    ['were not read', () => judged([], alone), [false, false, 'no-evidence of book wallet']],
    [
      'were not read to the end',
      () => judged([wallet({ final: false })], alone),
      [false, false, 'no-evidence of book wallet'],
    ],
    [
      'are off by a cent',
      () => judged([wallet({ imbalanceCents: 1 })], alone),
      [true, true, 'ledger-unbalanced of book wallet'],
    ],
    [
      'are off by a cent less',
      () => judged([wallet({ imbalanceCents: -1 })], alone),
      [true, true, 'ledger-unbalanced of book wallet'],
    ],
    ['are even', () => judged([wallet({ imbalanceCents: 0 })], alone), [true, true]],
    ['are not settled', () => judged([wallet({ settled: false })], alone), [true, false, 'unsettled of book wallet']],
  ])('%s', (_, is, expected) => expect(is()).toEqual(expected))

  it('hold nothing where no money moved', () => {
    const { result, findings } = noted(judgeLedger(seenIn([wallet({ entries: [] })], alone)))
    expect([result?.reconciled, result?.operations]).toEqual([false, []])
    expect(findings.map(({ cause }) => cause)).toEqual(['no-evidence'])
  })

  it('name what is pending, and only that', () => {
    const pending = { webhooks: 1, outbox: 0, events: 2 }
    const { findings } = noted(
      judgeLedger(
        seenIn([frame(1000, { operations: { bet: client(5) } }), wallet({ settled: false, pending })], alone),
      ),
    )
    expect(findings[0]?.sentence).toMatch(/: 2 events and 1 webhooks pending\.$/)
  })
})
