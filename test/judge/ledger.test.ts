import { describe, expect } from 'vitest'
import type { Evidence } from '../../src/domain/evidence.ts'
import { evidence, mapped, rehearsal, type Story, without } from '../support/evidence.ts'
import { causesOf, told, withRehearsal } from '../support/judged.ts'
import { it, judge } from '../support/reviewed.ts'

describe('money', () => {
  const unknown = { deposit: { asked: 3, committed: 0 }, bet: { asked: 0, committed: 0 } }
  const first = 1_000_000

  it.each<[string, Partial<Story>, string[]]>([
    ['a key charged at both providers', { books: (b) => void b['psp-b']?.deposit.push(1) }, ['double-charge']],
    [
      'a key charged twice at one provider',
      { books: (b) => void b['psp-a']?.deposit.push(1) },
      ['double-charge', 'double-charge'],
    ],
    [
      'an unknown key charged at both providers and booked once',
      { unknown, books: (b) => [b.wallet, b['psp-a'], b['psp-b']].forEach((x) => void x?.deposit.push(first)) },
      ['double-charge'],
    ],
    [
      'an unknown key charged and never booked',
      { unknown, books: (b) => void b['psp-b']?.deposit.push(first) },
      ['unreconciled'],
    ],
    [
      'an acknowledged deposit that the ledger lost',
      { books: (b) => void b.wallet?.deposit.pop() },
      ['unreconciled', 'unreconciled'],
    ],
    [
      'an acknowledged deposit that no book has',
      {
        books: (b) =>
          Object.values(b).forEach((x) => {
            x.deposit = x.deposit.filter((n) => n !== 7)
          }),
      },
      ['unreconciled'],
    ],
    [
      'a deposit without a request',
      { books: (b) => [b.wallet, b['psp-a']].forEach((x) => void x?.deposit.push(999_999)) },
      ['unreconciled'],
    ],
    [
      'a deposit booked and never charged',
      {
        books: (b) => {
          const a = b['psp-a']
          if (a) a.deposit = a.deposit.filter((n) => n !== 1)
        },
      },
      ['events-lost', 'unreconciled'],
    ],
    [
      'another key of the same amount',
      {
        books: (b) =>
          Object.values(b).forEach((x) => {
            x.deposit = x.deposit.map((n) => (n === 7 ? 700_007 : n))
          }),
      },
      ['unreconciled'],
    ],
    [
      'bets that the game provider does not know',
      {
        books: (b) => {
          const g = b['game-provider']
          if (g) g.bet = []
        },
      },
      ['events-lost', 'unreconciled'],
    ],
  ])('%s fails', (_, story, causes) => {
    const judgment = told(story)
    expect(judgment.verdict.kind).toBe('fail')
    expect(causesOf(judgment)).toEqual(causes)
    expect(judgment.ledger?.reconciled).toBe(false)
  })

  it('locates a difference by bucket and amount', () => {
    const [breach] = told({ books: (b) => void b['psp-b']?.deposit.push(1) }).findings
    expect(breach?.sentence).toMatch(
      /psp-a and psp-b together hold 1 key and 12\.50 EUR more than wallet, in bucket \d+: charged twice\./,
    )
  })

  it('is fine when an unknown key is committed once in every book', () => {
    const story = { unknown: { ...unknown, deposit: { asked: 3, committed: 3 } } }
    expect(told(story).verdict.kind).toBe('pass')
  })

  const readAs = (book: string, changes: Record<string, unknown>): Evidence[] =>
    mapped(evidence(), 'book-read', (read) => (read.book === book ? { ...read, ...changes } : read))

  it.each<[string, Evidence[], string, string[]]>([
    ['books out of balance', readAs('wallet', { imbalanceCents: 5 }), 'fail', ['ledger-unbalanced']],
    [
      'a book that does not settle',
      readAs('psp-a', { settled: false, pending: { webhooks: 3 } }),
      'fail',
      ['unsettled'],
    ],
    ['a book that was not read to the end', readAs('psp-a', { final: false }), 'inconclusive', ['no-evidence']],
    [
      'no books',
      without(evidence(), 'book-read'),
      'inconclusive',
      ['no-evidence', 'no-evidence', 'no-evidence', 'no-evidence'],
    ],
  ])('%s', (_, records, kind, causes) => {
    const judgment = judge(records)
    expect(causesOf(judgment).sort()).toEqual(causes)
    expect(judgment.verdict.kind).toBe(kind)
  })

  it('need not be settled when the load ended early', () => {
    const stop = { by: 'operator', reason: 'Ctrl-C' } as const
    const records = mapped(evidence({ lasts: 60, outcome: 'stopped', stop }), 'book-read', (read) => ({
      ...read,
      settled: false,
    }))
    expect(judge(records).verdict.kind).toBe('aborted')
    expect(causesOf(judge(records), 'gap')).toContain('unsettled')
  })

  it('cannot be compared when unknown keys were not named or not looked up', () => {
    const story = { unknown: { ...unknown, deposit: { asked: 3, committed: 2 } } }
    const unnamed = mapped(evidence(story), 'load-frame', (frame) => ({ ...frame, unknownKeys: [] }))
    expect(causesOf(judge(without(unnamed, 'keys-read')))).toEqual(['ledger-unproven'])
    expect(causesOf(judge(without(evidence(story), 'keys-read')))).toEqual(['ledger-unproven'])
  })

  it('is not judged unless the rehearsal asks for it', () => {
    const expectations = rehearsal.expectations.filter((each) => each.kind !== 'ledger')
    const judgment = judge(without(evidence({ rehearsal: withRehearsal({ expectations }) }), 'book-read'))
    expect(judgment.verdict.kind).toBe('pass')
    expect(judgment.ledger).toBeUndefined()
  })
})
