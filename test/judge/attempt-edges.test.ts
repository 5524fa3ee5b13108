/** Pods and attempts that react to a fault, and what is left open of them. */
import { describe, expect } from 'vitest'
import type { Evidence } from '../../src/domain/evidence.ts'
import { seconds } from '../../src/domain/units.ts'
import { judgePromotion } from '../../src/judge/reactions/promotion.ts'
import { judgeRecovery } from '../../src/judge/reactions/recovery.ts'
import { judgeSpreads, judgeSurvives } from '../../src/judge/reactions/standing.ts'
import { judgeUndisturbed } from '../../src/judge/reactions/undisturbed.ts'
import { place as at, node, podLife, withReactions } from '../support/evidence.ts'
import { it, noted } from '../support/reviewed.ts'
import {
  atMs,
  counted,
  frame,
  framesOf,
  harmOf,
  listOf,
  type SmallRun,
  seenIn,
  verdictOn,
} from '../support/small-run.ts'

describe('pods', () => {
  const pod = (n: number, zone: string, changes: object = {}) =>
    podLife({ name: `bets-${n}`, app: 'bets', node: `zone-${zone}-api`, born: -5, ready: -4, ...changes })
  const zones = ['a', 'b'].map((zone) => node(-6, zone))
  const survives = (records: readonly Evidence[], ready = 1, run: SmallRun = {}) =>
    verdictOn(
      noted(
        judgeSurvives(seenIn(records, run), harmOf(), {
          kind: 'survives',
          app: 'bets',
          ready,
          withinMs: seconds(5),
          at,
        }),
      ),
    )
  const spreads = (records: readonly Evidence[], run: SmallRun = {}) =>
    verdictOn(
      noted(
        judgeSpreads(seenIn([...zones, ...records], run), harmOf(), {
          kind: 'spreads',
          app: 'bets',
          zones: 2,
          withinMs: seconds(20),
          at,
        }),
      ),
    )
  it.each<[string, () => string, string]>([
    ['that stand', () => survives(pod(1, 'a')), 'held'],
    ['that stand, but too few', () => survives(pod(1, 'a'), 2), 'breach too-few-survivors'],
    ['that fall in the end', () => survives(pod(1, 'a', { unready: 89 })), 'breach too-few-survivors'],
    ['that fall after the harm', () => survives(pod(1, 'a', { unready: 90.001 })), 'held'],
    ['that fall and stand in time', () => survives(pod(1, 'a', { unready: 66, again: 68 })), 'held'],
    ['that were never seen', () => survives([]), 'gap no-evidence'],
    ['of another app', () => survives(podLife({ name: 'x', app: 'x', born: -5, ready: -4 })), 'gap no-evidence'],
    ['that are spread', () => spreads([...pod(1, 'a'), ...pod(2, 'b')]), 'held'],
    ['that are spread again', () => spreads([...pod(1, 'a'), ...pod(2, 'b', { unready: 66, again: 100 })]), 'held'],
    ['on a node of no known zone', () => spreads([...pod(1, 'a'), ...pod(2, 'x')]), 'breach spread-not-restored'],
    ['that were in one zone before', () => spreads([...pod(1, 'a'), ...pod(2, 'a')]), 'breach spread-not-restored'],
  ])('%s', (_, is, expected) => expect(is()).toBe(expected))
})

describe('attempts', () => {
  const rows = (...all: Parameters<typeof framesOf>[1]) => framesOf('bet', all)
  const recovers = (records: readonly Evidence[], healedMs: number | undefined = 91_000) =>
    verdictOn(
      noted(
        judgeRecovery(seenIn(records), harmOf({ healedAt: healedMs === undefined ? undefined : atMs(healedMs) }), {
          kind: 'recovers',
          sli: 'bet',
          withinMs: seconds(10),
          at,
        }),
      ),
    )
  const refused = { bad: 5, badBy: { 'http-401': 5 } }
  it.each<[string, () => string, string]>([
    [
      'of a harm that was not healed',
      () =>
        verdictOn(
          noted(
            judgeRecovery(seenIn([]), harmOf({ healedAt: undefined }), {
              kind: 'recovers',
              sli: 'bet',
              withinMs: seconds(10),
              at,
            }),
          ),
        ),
      'gap no-evidence',
    ],
    ['that were none', () => recovers([]), 'gap no-evidence'],
    ['that were refused', () => recovers(rows([90_000, {}], [92_000, refused], [93_000, { good: 100 }])), 'held'],
    [
      'that were refused to the end',
      () => recovers(rows([90_000, {}], [92_000, refused], [110_000, refused])),
      'gap no-evidence',
    ],
    [
      'that were dropped',
      () => recovers([frame(90_000, {}), frame(105_000, { profiles: { bet: { iterations: 1, dropped: 5 } } })]),
      'breach recovery-late',
    ],
    [
      'that fail as they did before the fault',
      () =>
        recovers(
          rows(
            [54_000, {}],
            [60_000, { good: 50, bad: 50, badBy: { odd: 50 } }],
            [91_000, {}],
            [95_000, { good: 100, bad: 90, badBy: { odd: 90 } }],
            [105_000, { good: 50, bad: 9, badBy: { odd: 9 } }],
          ),
        ),
      'held',
    ],
  ])('%s', (_, is, expected) => expect(is()).toBe(expected))

  const calm = (records: readonly Evidence[]) =>
    verdictOn(noted(judgeUndisturbed(seenIn(records), harmOf(), { kind: 'undisturbed', sli: 'bet', badMax: 0, at })))
  it('are disturbed by one that was bad, and not known without any', () => {
    expect(calm(rows([64_000, {}], [66_000, { good: 1, bad: 1 }], [67_000, { good: 5 }]))).toBe('breach disturbed')
    expect(calm(rows([64_000, {}], [66_000, { bad: 1 }]))).toBe('breach disturbed')
    expect(calm(rows([66_000, { good: 1 }]))).toBe('held')
    expect(calm(rows([64_000, { good: 9 }], [66_000, {}]))).toBe('gap no-evidence')
  })

  type Writers = readonly (readonly [holder: string, from: number, to: number, teller?: string])[]
  const promotes = { kind: 'promotes', database: 'db', sli: 'bet', rtoMs: seconds(5), at } as const
  const promoted = (records: readonly Evidence[], writers: Writers = [], more: readonly Evidence[] = []) => {
    const told = writers.flatMap(([holder, from, to, teller = holder]) =>
      counted('db', 'db_writable', { pod: holder }, listOf([from, 1], [to, 1], [to + 500, 0]), teller),
    )
    return noted(
      judgePromotion(
        seenIn([...records, ...told, ...more], { rehearsal: withReactions(promotes) }),
        harmOf(),
        promotes,
      ),
    ).findings.map(({ weight, cause }) => `${weight} ${cause}`)
  }
  const ledger = (count: number): Evidence => ({
    kind: 'book-read',
    at: atMs(170_000),
    book: 'wallet',
    settled: true,
    pending: {},
    entries: [
      { operation: 'bet', count, amountCents: count, low: 0, high: 0, duplicates: 0, duplicateKeys: [], buckets: [] },
    ],
    final: true,
  })
  const acknowledged = frame(60_000, {
    operations: { bet: { acknowledged: 5, amountCents: 5, digestLow: 0, digestHigh: 0, refused: 0, unknown: 0 } },
  })
  const fine = rows([64_000, {}], [66_000, { good: 100 }])
  it.each<[string, () => readonly string[], readonly string[]]>([
    [
      'that moved well',
      () =>
        promoted(
          [acknowledged, ...fine],
          [
            ['a', 60_000, 65_000],
            ['b', 66_000, 90_000],
          ],
          [ledger(5)],
        ),
      [],
    ],
    [
      'that lost a write',
      () => promoted([acknowledged, ...fine], [['a', 60_000, 65_000]], [ledger(4)]),
      ['breach promotion-lost-writes'],
    ],
    ['whose books were not read', () => promoted(fine, [['a', 60_000, 65_000]]), ['gap no-evidence']],
    ['whose writers were not scraped', () => promoted(fine, [], [ledger(5)]), ['gap no-evidence']],
    [
      'with two writers, as each says',
      () =>
        promoted(
          fine,
          [
            ['a', 60_000, 70_000],
            ['b', 66_000, 90_000],
          ],
          [ledger(5)],
        ),
      ['breach split-brain'],
    ],
    [
      'with two writers, as one says of both',
      () =>
        promoted(
          fine,
          [
            ['a', 60_000, 70_000, 'x'],
            ['b', 66_000, 90_000, 'x'],
          ],
          [ledger(5)],
        ),
      ['breach split-brain'],
    ],
    [
      'with two writers, as two say of others',
      () =>
        promoted(
          fine,
          [
            ['a', 60_000, 70_000, 'x'],
            ['b', 66_000, 90_000, 'y'],
          ],
          [ledger(5)],
        ),
      [],
    ],
    [
      'with two writers, as one says of itself and another of it',
      () =>
        promoted(
          fine,
          [
            ['a', 60_000, 70_000],
            ['b', 66_000, 90_000, 'a'],
          ],
          [ledger(5)],
        ),
      ['breach split-brain'],
    ],
    [
      'with one writer, as two say',
      () =>
        promoted(
          fine,
          [
            ['a', 60_000, 70_000],
            ['a', 60_000, 70_000, 'b'],
          ],
          [ledger(5)],
        ),
      [],
    ],
    ['without attempts', () => promoted([], [['a', 60_000, 65_000]], [ledger(5)]), ['gap no-evidence']],
    [
      'bad twice',
      () =>
        promoted(
          rows(
            [64_000, {}],
            [66_000, { bad: 1 }],
            [67_000, { good: 50 }],
            [70_000, { bad: 1 }],
            [71_000, { good: 100 }],
          ),
          [['a', 60_000, 65_000]],
          [ledger(5)],
        ),
      ['breach promotion-slow'],
    ],
  ])('to a database %s', (_, is, expected) => expect(is()).toEqual(expected))
})
