import { describe, expect } from 'vitest'
import type { BookLine, Evidence, EvidenceOf } from '../../src/domain/evidence.ts'
import { evidence, mapped, type Story } from '../support/evidence.ts'
import { causesOf, sentenceOf } from '../support/judged.ts'
import { it, judge } from '../support/reviewed.ts'

const told = (books: Story['books']) => judge(evidence({ books }))

describe('a key that occurs twice', () => {
  it('in the ledger is a duplicate booking', () => {
    const judgment = told((books) => void books.wallet?.bet.push(7))
    expect(causesOf(judgment)).toContain('duplicate-booking')
    expect(causesOf(judgment)).not.toContain('double-charge')
    expect(sentenceOf(judgment, 'duplicate-booking')).toBe(
      'bet: wallet holds 1 key more than once (psp-down-at-peak-1.bet.7).',
    )
  })

  it('at a provider is a double charge', () => {
    const causes = causesOf(told((books) => void books['psp-a']?.deposit.push(1)))
    expect(causes).toContain('double-charge')
    expect(causes).not.toContain('duplicate-booking')
  })
})

describe('another key in place of one', () => {
  it('is no double charge, because there are as many', () => {
    const judgment = told((books) => void books['psp-a']?.deposit.splice(-1, 1, 99_999))
    expect(causesOf(judgment)).not.toContain('double-charge')
    expect(sentenceOf(judgment, 'unreconciled')).toBe(
      'deposit: psp-a and psp-b together hold other keys than wallet, in buckets 82 and 102.',
    )
  })
})

describe('an event', () => {
  const forgotten: Story['books'] = (books) => {
    const provider = books['game-provider']
    if (provider) provider.bet = provider.bet.filter((n) => n % 10 !== 0)
  }

  it('that never reached the other side, with nothing pending, is lost', () => {
    const judgment = told(forgotten)
    expect(causesOf(judgment)).toEqual(['events-lost', 'unreconciled'])
    expect(sentenceOf(judgment, 'events-lost')).toMatch(
      /^426 bets of 4253 \([\d,]+\.\d\d EUR\) stand in wallet, acknowledged and with nothing pending, and never reached the other side\.$/,
    )
  })

  it('that is still pending is not lost yet', () => {
    const pending = mapped(evidence({ books: forgotten }), 'book-read', (read) =>
      read.book === 'wallet' ? { ...read, settled: false, pending: { outbox: 426 } } : read,
    )
    expect(causesOf(judge(pending))).toEqual(['unreconciled', 'unsettled'])
  })

  it('is not called lost where the ledger itself differs from the client', () => {
    const both: Story['books'] = (books) => {
      forgotten(books)
      books.wallet?.bet.pop()
    }
    expect(causesOf(told(both))).not.toContain('events-lost')
  })
})

describe('the follow-up booking of an operation', () => {
  const settlements = (share: number, settled = true): Evidence[] =>
    mapped(evidence(), 'book-read', (read): EvidenceOf<'book-read'> => {
      const bets = read.entries.find((each) => each.operation === 'bet')
      if (read.book !== 'wallet' || !bets) return { ...read, settled }
      const line: BookLine = { ...bets, operation: 'settlement', count: Math.round(bets.count * share), buckets: [] }
      return { ...read, settled, entries: [...read.entries, line] }
    })

  it.each<[string, Evidence[], string[]]>([
    ['may be missing for the last operations', settlements(0.97), []],
    ['is lost when it is missing for a third', settlements(0.66), ['events-lost']],
    [
      'may still come while the books are not settled',
      settlements(0.66, false),
      ['unsettled', 'unsettled', 'unsettled', 'unsettled'],
    ],
    ['is not expected from a platform without follow-up bookings', evidence(), []],
  ])('%s', (_, records, causes) => {
    expect(causesOf(judge(records))).toEqual(causes)
  })

  it('is named together with its operation', () => {
    expect(sentenceOf(judge(settlements(0.66)), 'events-lost')).toBe(
      'Only 2807 of 4253 bets in wallet got their settlement, and nothing is pending.',
    )
  })
})

describe('an operation that is not in the target file', () => {
  /** The same story with every deposit called a payout: which books hold it shows by itself. */
  const asPayouts = (records: readonly Evidence[]): Evidence[] =>
    records.map((record) =>
      ['load-frame', 'book-read', 'keys-read'].includes(record.kind)
        ? (JSON.parse(
            JSON.stringify(record)
              .replaceAll('"operation":"deposit"', '"operation":"payout"')
              .replace('"operations":{"deposit"', '"operations":{"payout"'),
          ) as Evidence)
        : record,
    )

  it('is reconciled between the books that have it', () => {
    const judgment = judge(asPayouts(evidence()))
    expect(
      judgment.ledger?.operations.map(({ operation, books }) => [operation, books.map((each) => each.book)]),
    ).toEqual([
      ['bet', ['wallet', 'game-provider']],
      ['payout', ['wallet', 'psp-a', 'psp-b']],
    ])
    expect(judgment.ledger?.reconciled).toBe(true)
  })

  it('is lost when it is reserved and never paid', () => {
    const unpaid = evidence({
      books: (books) => {
        for (const psp of ['psp-a', 'psp-b']) {
          const book = books[psp]
          if (book) book.deposit = []
        }
      },
    })
    expect(causesOf(judge(asPayouts(unpaid)))).toEqual(['events-lost', 'unreconciled'])
  })
})
