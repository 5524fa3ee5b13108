/** The judgment of a shadow: the share that was copied, the errors of copies, the response times of users, the books, and the answers. */
import { describe, expect } from 'vitest'
import type { ActionStepData, Evidence, EvidenceOf } from '../../src/domain/evidence.ts'
import { type BookCount, type DifferingField, type Shadow, windowShares } from '../../src/domain/shadow.ts'
import { ratio } from '../../src/domain/units.ts'
import { sampleOf, shadowAct } from '../support/canary.ts'
import { actionOf, actionSteps, evidence, type Story, secondAt, together, withActions } from '../support/evidence.ts'
import { back } from '../support/evidence-canary.ts'
import { causesOf, sentenceOf } from '../support/judged.ts'
import { it, judge } from '../support/reviewed.ts'
import { throughJournal } from '../support/through-journal.ts'

const [FROM, LONG, WINDOWS] = [40, 10, 8]
const END = FROM + WINDOWS * LONG
const shares = windowShares({ share: ratio(0.2), pairs: WINDOWS / 2 })
const shareAt = (second: number): number => shares[Math.floor((second - FROM) / LONG)] ?? 0

/** What can be told otherwise of the shadow. */
type Told = {
  readonly copied: (asked: number) => number
  readonly bad: number
  /** Operations that the ledger books in each second beyond those of clients. */
  readonly extra: (second: number) => number
  /** Seconds in which users wait longer. */
  readonly slow: (second: number) => boolean
  readonly different: readonly DifferingField[]
  readonly compared: number
  readonly counted: number
  readonly shadow: Partial<Shadow>
  readonly story: Partial<Story>
  readonly problem?: string
}
const healthy: Told = {
  copied: (asked) => asked,
  bad: 0,
  extra: () => 0,
  slow: () => false,
  different: [],
  compared: 5,
  counted: 5,
  shadow: {},
  story: {},
}

const scrapes = ({ copied, bad, counted }: Told): Evidence[] => {
  let [good, failed] = [0, 0]
  return Array.from({ length: 161 }, (_, index) => index).flatMap((second) => {
    const copies = second > FROM && second <= END ? 40 * copied(shareAt(second - 0.5)) : 0
    good += copies * (1 - bad)
    failed += copies * bad
    const visits = second >= FROM - 6 ? counted : 0
    return [
      { ...sampleOf('stable', [second * 40, 0], 40), at: secondAt(second) },
      { ...sampleOf('canary', [good + visits, failed], 40), at: secondAt(second) },
    ]
  })
}

const isFrame = (record: Evidence): record is EvidenceOf<'load-frame'> => record.kind === 'load-frame'

/** The ledger holds what clients saw acknowledged by then, and the extra ones. Providers hold the same together. */
function countsAt(run: readonly Evidence[], second: number, extra: (second: number) => number): readonly BookCount[] {
  const frame = run.filter(isFrame).findLast(({ at }) => at <= secondAt(second))
  const more = Array.from({ length: second }, (_, each) => extra(each)).reduce((sum, each) => sum + each, 0)
  const of = (book: string, operation: 'deposit' | 'bet', count: number): BookCount => ({
    book,
    operation,
    count,
    amountCents: 0,
    low: 0,
    high: 0,
  })
  const [deposits, bets] = [frame?.operations.deposit?.acknowledged ?? 0, frame?.operations.bet?.acknowledged ?? 0]
  return [
    of('wallet', 'deposit', deposits + more),
    of('wallet', 'bet', bets),
    of('psp-a', 'deposit', deposits + more),
    of('game-provider', 'bet', bets),
  ]
}

function recordsOf(changes: Partial<Told> = {}): Evidence[] {
  const told = { ...healthy, ...changes }
  const run = evidence({
    rehearsal: withActions(actionOf('gateway shadow', shadowAct(told.shadow))),
    load: (second, load) => {
      if (told.slow(second)) for (const sli of [load.login, load.deposit, load.bet]) sli.slow = Math.ceil(sli.good / 10)
    },
    ...told.story,
  })
  const counted = (second: number): readonly [number, ActionStepData] => [
    second + 0.2,
    {
      is: 'books-counted',
      books: told.problem === undefined ? countsAt(run, second, told.extra) : [],
      ...(told.problem === undefined ? {} : { problem: told.problem }),
    },
  ]
  const answers: readonly [number, ActionStepData] = [
    FROM - 6,
    {
      is: 'answers-compared',
      request: 'GET /features',
      asked: 5,
      compared: told.compared,
      different: told.different,
      ...(told.compared < 5 ? { problem: 'socket hang up' } : {}),
    },
  ]
  const windows = shares.flatMap((share, index): readonly (readonly [number, ActionStepData])[] => {
    const [from, step] = [FROM + index * LONG, index + 1]
    return [
      [from + 0.3, { is: 'step-set', step, share }],
      [from + LONG, { is: 'step-decided', step, outcome: 'promote', note: 'what was seen' }],
      counted(from + LONG),
    ]
  })
  const steps = actionSteps(
    'gateway shadow',
    [FROM - 12, { is: 'begun', targets: [] }],
    answers,
    counted(FROM),
    ...windows,
    [END + 0.4, { is: 'done', note: '' }],
    ...back(END + 5),
  )
  return together(run, scrapes(told), steps)
}

const judged = (changes: Partial<Told> = {}) => judge(recordsOf(changes))
const isOn = (second: number): boolean => second >= FROM && second < END && shareAt(second) > 0

describe('a shadow', () => {
  it('passes if it wrote nothing, slowed nobody, and answered like the old release', () => {
    const judgment = judged()
    expect(causesOf(judgment)).toEqual([])
    expect(judgment.actions[0]?.reactions.map(({ kind, subject, held }) => [kind, subject, held])).toEqual([
      ['let-in', 'shadow', true],
      ['answers-alike', 'GET /features', true],
      ['serves-share', 'mirror', true],
      ['slows-nobody', 'api', true],
      ['wrote-nothing', 'mirror', true],
      ['taken-back', 'rollback', true],
    ])
    const sentences = judgment.actions[0]?.reactions.map(({ sentence }) => sentence) ?? []
    expect(sentences[0]).toMatch(
      /^Deployment gateway-canary got copies in 4 of 8 windows: 0 of 2\d\d copies were answered with a server error, and 0 of 1\d\d\d requests to the old release\.$/,
    )
    expect(sentences[2]).toMatch(
      /requests \((20|19\.9|20\.1) %, between .*\) were copied; 20 % were asked for\. With the mirror off: 0 of/,
    )
    expect(sentences[3]).toContain(
      '+0 % with the mirror on, in 4 pairs of windows; 20 % are allowed, and a rise of 0 % would have been found in 80 % of all runs',
    )
    expect(sentences[4]).toBe(
      'wallet, psp-a, psp-b and game-provider hold what clients sent and nothing else, compared by digests of all keys, with the mirror on in 4 of 8 windows.',
    )
  })

  it.each<[string, Partial<Told>, readonly string[]]>([
    ['whose share is not copied', { copied: (asked) => asked / 2 }, ['weight-not-served']],
    ['that is copied to with the mirror off', { copied: () => 0.2 }, ['weight-not-served']],
    ['of which users wait longer', { slow: isOn }, ['shadow-slows-users']],
    ['of which users wait longer all the time', { slow: () => true }, []],
    [
      'whose answers differ',
      { different: [{ field: 'a', times: 5, noise: 0, stable: '1', canary: '2' }] },
      ['answers-differ'],
    ],
    [
      'whose answers differ as those of the old release do',
      { different: [{ field: 'a', times: 5, noise: 1, stable: '1', canary: '2' }] },
      [],
    ],
    ['that did not always answer', { compared: 3 }, ['no-evidence']],
    ['whose pods did not count the visits', { counted: 0 }, ['no-evidence']],
  ])('%s', (_, changes, causes) => {
    const judgment = judged(changes)
    expect(causesOf(judgment).filter((cause) => cause !== 'slo-warning' && cause !== 'slo-missed')).toEqual(causes)
  })

  it('that writes is named by the windows, beside what the books lack', () => {
    const judgment = judged({
      extra: (second) => (isOn(second) ? 4 : 0),
      story: { books: (books) => books.wallet?.deposit.push(2_000_000, 2_000_001) },
    })
    expect(causesOf(judgment)).toContain('shadow-wrote')
    expect(sentenceOf(judgment, 'shadow-wrote')).toMatch(
      /^wallet grew by 1[56]\d operations more with the mirror on \(by -?\d with it off\) and .* than clients saw acknowledged\.$/,
    )
  })

  it('is not accused of bookings that come with the mirror off too', () => {
    const judgment = judged({
      extra: (second) => (second >= FROM && second < END ? 4 : 0),
      story: { books: (books) => books.wallet?.deposit.push(2_000_000, 2_000_001) },
    })
    expect(causesOf(judgment)).toContain('unreconciled')
    expect(causesOf(judgment)).not.toContain('shadow-wrote')
    expect(judgment.actions[0]?.reactions.find(({ kind }) => kind === 'wrote-nothing')?.sentence).toContain(
      'the windows do not show that the mirror caused it',
    )
  })

  it('is not accused of a few bookings in one of its windows, which may be chance', () => {
    const judgment = judged({
      extra: (second) => (second === FROM + 4 ? 8 : 0),
      story: { books: (books) => books.wallet?.deposit.push(...Array.from({ length: 8 }, (_, n) => 2_000_000 + n)) },
    })
    expect(causesOf(judgment)).toContain('unreconciled')
    expect(causesOf(judgment)).not.toContain('shadow-wrote')
  })

  it('in a rehearsal that compares no books is judged by its windows alone', () => {
    const without = (records: Evidence[]): Evidence[] =>
      records.map((record) =>
        record.kind === 'run-started' ? { ...record, rehearsal: { ...record.rehearsal, expectations: [] } } : record,
      )
    const healthyRun = judge(without(recordsOf()))
    expect(healthyRun.actions[0]?.reactions.find(({ kind }) => kind === 'wrote-nothing')).toMatchObject({
      held: true,
      sentence: expect.stringMatching(
        /^The books grew no faster with the mirror on than with it off; \d+ operations? more in a window would have been found, and \d+ were copied\.$/,
      ),
    })
    expect(causesOf(judge(without(recordsOf({ extra: (second) => (isOn(second) ? 4 : 0) }))))).toContain('shadow-wrote')
  })

  it('whose books were not counted is still proven by their digests', () => {
    expect(causesOf(judged({ problem: 'the wallet is away' }))).toEqual([])
  })

  it('that was taken back for errors is not judged as a platform that failed', () => {
    const records = recordsOf({ bad: 0.5 }).map((record): Evidence => {
      if (record.kind !== 'action-step' || record.step.is !== 'step-decided' || record.step.step !== 1) return record
      return { ...record, step: { ...record.step, outcome: 'roll-back', reason: 'worse', note: 'errors' } }
    })
    const cut = records.filter(
      (record) =>
        record.kind !== 'action-step' ||
        record.at <= secondAt(FROM + LONG) ||
        record.step.is === 'healed' ||
        record.step.is === 'heal-requested',
    )
    expect(causesOf(judge(cut))).toContain('canary-worse')
  })

  it('is read back from its journal unchanged, with the undo of its mirror', async () => {
    const undo = {
      does: 'remove-mirror',
      path: '/apis/gateway.networking.k8s.io/v1/namespaces/casino/httproutes/gateway',
      stable: 'gateway',
      backend: 'gateway-canary',
      share: 0.2,
    } as const
    const records = together(recordsOf({ different: [{ field: 'a', times: 5, noise: 1, stable: '1', canary: '2' }] }), [
      { kind: 'undo-written', at: secondAt(20), id: 'mirror', undo },
    ])
    expect(await throughJournal(records)).toEqual(records)
  })
})
