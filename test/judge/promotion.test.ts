/** What is asked of a database that moves to another member. */
import { describe, expect } from 'vitest'
import type { Evidence } from '../../src/domain/evidence.ts'
import type { Reaction } from '../../src/domain/rehearsal.ts'
import { seconds } from '../../src/domain/units.ts'
import {
  actionOf,
  actionSteps,
  place as at,
  evidence,
  type Story,
  scrape,
  scrapes,
  secondAt,
  target,
  toBad,
  together,
  withActions,
  without,
} from '../support/evidence.ts'
import { causesOf, sentenceOf } from '../support/judged.ts'
import { it, judge } from '../support/reviewed.ts'

describe('a promotion', () => {
  const expected: Reaction = { kind: 'promotes', database: 'wallet-db', sli: 'deposit', rtoMs: seconds(10), at }
  const promote = actionOf('promote', { kind: 'promote', database: 'wallet-db', to: 'wallet-db-1' }, expected)
  const steps = actionSteps('promote', [100, { is: 'begun', targets: ['wallet-db'] }], [104, { is: 'done', note: '' }])
  const writable = (pod: string, is: (second: number) => boolean) =>
    scrapes('wallet-db', pod, 'db_writable', (s) => (is(s) ? 1 : 0), { pod })
  const moved = [...writable('wallet-db-0', (s) => s < 100), ...writable('wallet-db-1', (s) => s > 103)]
  const badFor = (from: number, to: number): Partial<Story> => ({
    load: (s, load) => s >= from && s < to && toBad(load.deposit, 1, 'http-503'),
  })
  const told = (more: readonly Evidence[], changes: Partial<Story> = {}) =>
    judge(together(evidence({ rehearsal: withActions(promote), ...changes }), steps, more))

  it('without lost writes is held', () => {
    const judgment = told(moved, badFor(100, 103))
    expect(causesOf(judgment)).toEqual([])
    expect(judgment.actions[0]?.reactions[0]).toMatchObject({ kind: 'promotes', subject: 'wallet-db', held: true })
    expect(judgment.actions[0]?.reactions[0]?.sentence).toBe(
      'deposit was good again 3.0 s after its first bad attempt (RTO 10.0 s). No acknowledged operation is lost (RPO 0). One member at a time took writes (wallet-db-0 and wallet-db-1).',
    )
  })

  it('is not blamed for the cost of the next harm', () => {
    const later = actionOf('later', { kind: 'rollout', workload: { kind: 'Deployment', name: 'wallet' } })
    const twice = together(
      evidence({ rehearsal: withActions(promote, later), ...badFor(122, 140) }),
      steps,
      actionSteps('later', [120, { is: 'begun', targets: ['wallet'] }], [150, { is: 'done', note: '' }]),
      moved,
    )
    expect(judge(twice).actions[0]?.reactions[0]).toMatchObject({ held: true })
    expect(causesOf(judge(twice))).not.toContain('promotion-slow')
  })

  it('is blamed for its cost during an overlapping harm', () => {
    const beside = actionOf('beside', { kind: 'rollout', workload: { kind: 'Deployment', name: 'wallet' } })
    const both = together(
      evidence({ rehearsal: withActions(promote, beside), ...badFor(103, 120) }),
      steps,
      actionSteps('beside', [102, { is: 'begun', targets: ['wallet'] }], [150, { is: 'done', note: '' }]),
      moved,
    )
    expect(causesOf(judge(both))).toContain('promotion-slow')
  })

  it('that no client noticed says so', () => {
    expect(told(moved).actions[0]?.reactions[0]?.sentence).toMatch(/^deposit had no bad attempt \(RTO 10\.0 s\)\./)
  })

  it.each<[string, Evidence[], Partial<Story>, string[]]>([
    ['that takes longer than its RTO is slow', moved, badFor(100, 115), ['promotion-slow']],
    ['without evidence of who took writes leaves a gap', [], {}, ['no-evidence']],
    [
      'after which two members took writes is split-brain',
      [...writable('wallet-db-0', (s) => s < 110), ...writable('wallet-db-1', (s) => s > 103)],
      {},
      ['split-brain'],
    ],
    [
      'after which acknowledged deposits are missing is promotion-lost-writes',
      moved,
      {
        books: (books) =>
          Object.values(books).forEach((x) => {
            x.deposit = x.deposit.filter((n) => n !== 7)
          }),
      },
      ['promotion-lost-writes', 'unreconciled'],
    ],
  ])('%s', (_, more, changes, causes) => {
    expect(causesOf(told(more, changes)).filter((cause) => !cause.startsWith('slo'))).toEqual(causes)
  })

  it('says how long two members took writes', () => {
    const both = told([...writable('wallet-db-0', (s) => s < 110), ...writable('wallet-db-1', (s) => s > 103)])
    expect(sentenceOf(both, 'split-brain')).toBe(
      'wallet-db-0 and wallet-db-1 of wallet-db both took writes for at least 5.0 s.',
    )
  })

  it('has an unknown RPO where no ledger was read', () => {
    const unread = without(together(evidence({ rehearsal: withActions(promote) }), steps, moved), 'book-read')
    expect(judge(unread).actions[0]?.reactions[0]?.sentence).toContain('the RPO is not known')
  })

  it('is not split-brain when the operator names the old primary a moment longer', () => {
    const operator = Array.from({ length: 161 }, (_, s) =>
      scrape(s + 0.4, 'wallet-db', 'db-operator-1', {
        name: 'db_writable',
        labels: { pod: 'wallet-db-0' },
        value: s < 106 ? 1 : 0,
      }),
    )
    expect(causesOf(told([...moved, ...operator]))).toEqual([])
  })

  it('is split-brain when the operator sees two members that take writes', () => {
    const both = Array.from({ length: 161 }, (_, s) =>
      scrape(
        s + 0.4,
        'wallet-db',
        'db-operator-1',
        { name: 'db_writable', labels: { pod: 'wallet-db-0' }, value: 1 },
        { name: 'db_writable', labels: { pod: 'wallet-db-1' }, value: s > 105 ? 1 : 0 },
      ),
    )
    expect(causesOf(told(both))).toEqual(['split-brain'])
  })

  it('is not split-brain when a member died while it was writable', () => {
    const dies = writable('wallet-db-0', () => true).filter((each) => each.at < secondAt(100))
    expect(causesOf(told([...dies, ...writable('wallet-db-1', (s) => s > 103)]))).toEqual([])
    expect(target.databases).toEqual({})
  })
})
