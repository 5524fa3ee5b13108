/** Calls to providers and sockets that react to a fault, and what is left open of them. */
import { describe, expect } from 'vitest'
import type { Evidence } from '../../src/domain/evidence.ts'
import type { Reaction } from '../../src/domain/rehearsal.ts'
import { perSecond, ratio, seconds } from '../../src/domain/units.ts'
import { judgeAmplification, judgeBacksOff } from '../../src/judge/reactions/calls.ts'
import { judgeFailback } from '../../src/judge/reactions/failback.ts'
import { judgeFailover } from '../../src/judge/reactions/failover.ts'
import { judgeReconnects } from '../../src/judge/reactions/reconnects.ts'
import { place as at, withReactions } from '../support/evidence.ts'
import { it, noted } from '../support/reviewed.ts'
import {
  atMs,
  atRate,
  causesIn,
  counted,
  frame,
  harmOf,
  type SmallRun,
  seenIn,
  verdictOn,
} from '../support/small-run.ts'

describe('calls', () => {
  const approved = (psp: string, rate: (ms: number) => number, to = 158_000) =>
    counted('payments-api', 'payments_charges_total', { psp, outcome: 'approved' }, atRate(55_000, to, rate), psp)
  const expected = { kind: 'failover', from: 'psp-a', to: 'psp-b', withinMs: seconds(10), at } as const
  const back = (records: readonly Evidence[], took = true, run: SmallRun = {}, healed = true) =>
    causesIn(judgeFailback(seenIn(records, run), harmOf(healed ? {} : { healedAt: undefined }), expected, took))
  const [left, stays] = [
    approved('psp-a', (ms) => (ms <= 65_000 ? 40 : 0)),
    approved('psp-b', (ms) => (ms > 65_000 ? 40 : 0)),
  ]
  const missing = ['breach failback-missing']
  it.each<[string, () => readonly string[], readonly string[]]>([
    ['that stay with the other', () => back([...left, ...stays]), missing],
    ['of a harm that was not healed', () => back([...left, ...stays], true, {}, false), []],
    ['of a load that was cut short', () => back([...left, ...stays], true, { until: undefined }), []],
    ['of a load that ends 2 s after they were due', () => back([...left, ...stays], true, { until: 103_000 }), missing],
    ['of a load that ends sooner', () => back([...left, ...stays], true, { until: 102_999 }), []],
    [
      'that were not scraped to the end',
      () =>
        back([
          ...approved('psp-a', (ms) => (ms <= 65_000 ? 40 : 0), 120_000),
          ...counted(
            'payments-api',
            'payments_charges_total',
            {},
            Array.from({ length: 9 }, (_, n) => [121_000 + n * 1000, undefined] as const),
            'psp-a',
          ),
          ...stays,
        ]),
      ['gap no-evidence'],
    ],
    [
      'that were not scraped to the end, and never moved',
      () =>
        back(
          [
            ...approved('psp-a', (ms) => (ms <= 65_000 ? 40 : 0), 120_000),
            ...counted(
              'payments-api',
              'payments_charges_total',
              {},
              Array.from({ length: 9 }, (_, n) => [121_000 + n * 1000, undefined] as const),
              'psp-a',
            ),
            ...stays,
          ],
          false,
        ),
      [],
    ],
    [
      'that both had shared before',
      () => back([...approved('psp-a', (ms) => (ms <= 65_000 ? 20 : 7)), ...approved('psp-b', () => 31)]),
      missing,
    ],
    [
      'that both have shared since',
      () => back([...approved('psp-a', (ms) => (ms <= 65_000 ? 20 : 12)), ...approved('psp-b', () => 28)]),
      [],
    ],
  ])('come back: %s', (_, is, told) => expect(is()).toEqual(told))

  const over = (records: readonly Evidence[], endMs = 90_000) => {
    const { result, findings } = noted(
      judgeFailover(seenIn(records), harmOf({ injectedAt: atMs(65_000), endAt: atMs(endMs) }), expected),
    )
    return [result.tookMs, ...findings.map(({ weight, cause }) => `${weight} ${cause}`)]
  }
  it.each<[string, () => readonly unknown[], readonly unknown[]]>([
    ['at once', () => over([...left, ...stays]), [0]],
    [
      'after the fault ended',
      () => over([...left, ...approved('psp-b', (ms) => (ms > 90_000 ? 40 : 0))]),
      [undefined, 'breach failover-missing'],
    ],
    [
      'just before it ended',
      () => over([...left, ...approved('psp-b', (ms) => (ms > 88_000 ? 40 : 0))]),
      [22_600, 'breach failover-late'],
    ],
    [
      'for one second only',
      () => over([...left, ...approved('psp-b', (ms) => (ms > 70_000 && ms <= 71_000 ? 40 : 0))]),
      [undefined, 'breach failover-missing'],
    ],
  ])('move: %s', (_, is, told) => expect(is()).toEqual(told))

  const backsOff = {
    kind: 'backs-off',
    metric: 'calls',
    where: {},
    of: 'bets',
    becomes: perSecond(2),
    withinMs: seconds(5),
    at,
  } as const satisfies Reaction
  const off = (
    rate: (ms: number) => number,
    changes: object = {},
    records: readonly Evidence[] = counted('bets', 'calls', { to: 'x' }, atRate(55_000, 95_000, rate)),
  ) =>
    verdictOn(
      noted(
        judgeBacksOff(seenIn(records, { rehearsal: withReactions({ ...backsOff, ...changes }) }), harmOf(), {
          ...backsOff,
          ...changes,
        }),
      ),
    )
  it.each<[string, () => string, string]>([
    ['of some labels', () => off((ms) => (ms > 66_000 ? 0 : 40), { where: { to: 'x', from: 'y' } }), 'gap no-evidence'],
    [
      'that are low again and again',
      () => off((ms) => (ms > 66_000 && ms % 4000 < 2000 ? 0 : 5)),
      'breach breaker-missing',
    ],
    ['that come down as the time ends', () => off((ms) => (ms > 70_000 ? 0 : 40)), 'held'],
    [
      'that come down in the last two seconds',
      () => off((ms) => (ms > 88_000 ? 0 : 40), { becomes: perSecond(0) }),
      'breach breaker-missing',
    ],
    ['that were never scraped', () => off(() => 0, {}, []), 'gap no-evidence'],
  ])('come down: %s', (_, is, told) => expect(is()).toBe(told))

  it('are amplified by what both counted in the harm alone', () => {
    const amplification = { kind: 'amplification', of: 'bets', attempts: 'a', operations: 'o', atMost: 2, at } as const
    const both = (attempts: number) =>
      ['a', 'o'].flatMap((name, n) =>
        counted(
          'bets',
          name,
          {},
          atRate(50_000, 120_000, (ms) => (ms > 65_000 && ms <= 90_000 ? (n === 0 ? attempts : 10) : 99)),
          `p-${name}`,
        ),
      )
    const judged = (attempts: number) =>
      verdictOn(
        noted(
          judgeAmplification(
            seenIn(both(attempts), { rehearsal: withReactions(amplification) }),
            harmOf(),
            amplification,
          ),
        ),
      )
    expect([judged(20), judged(21)]).toEqual(['held', 'breach retry-storm'])
  })
})

describe('sockets', () => {
  const judged = (
    rows: readonly (readonly [ms: number, open: number, connected?: number, dropped?: number])[],
    changes: object = {},
    run: SmallRun = {},
  ) => {
    const reconnects = { kind: 'reconnects', share: ratio(0.9), withinMs: seconds(10), at, ...changes } as Extract<
      Reaction,
      { kind: 'reconnects' }
    >
    const frames = rows.map(([ms, open, connected = 100, dropped = 0]) =>
      frame(ms, { sockets: { open, connected, failed: 0, dropped } }),
    )
    return verdictOn(noted(judgeReconnects(seenIn(frames, run), harmOf(), reconnects)))
  }
  it.each<[string, () => string, string]>([
    [
      'that never fell',
      () =>
        judged([
          [65_000, 100],
          [80_000, 100],
          [99_000, 100],
        ]),
      'held',
    ],
    [
      'without a limit for a thundering herd',
      () =>
        judged([
          [65_000, 100],
          [66_000, 10],
          [67_000, 100, 999],
          [99_000, 100, 999],
        ]),
      'held',
    ],
    [
      'that fall again and again in the harm',
      () =>
        judged([
          [65_000, 100],
          [66_000, 50],
          [67_000, 95],
          [80_000, 50],
          [81_000, 95],
          [99_000, 95],
        ]),
      'breach sessions-lost',
    ],
    [
      'that are still few as the harm ends',
      () =>
        judged([
          [65_000, 100],
          [66_000, 50],
          [90_000, 50],
          [91_000, 50],
          [92_000, 95],
          [99_000, 95],
        ]),
      'breach sessions-lost',
    ],
    [
      'that fall after the harm',
      () =>
        judged([
          [65_000, 100],
          [90_000, 95],
          [91_000, 50],
          [99_000, 50],
        ]),
      'held',
    ],
    ['that were never seen', () => judged([]), 'gap no-evidence'],
    [
      'that were seen only after',
      () =>
        judged([
          [66_000, 100],
          [99_000, 100],
        ]),
      'gap no-evidence',
    ],
    ['of which nothing was seen since', () => judged([[65_000, 100]]), 'gap no-evidence'],
    [
      'that stay few in a load that ends',
      () =>
        judged(
          [
            [65_000, 100],
            [66_000, 50],
            [80_000, 50],
          ],
          {},
          { until: 80_000 },
        ),
      'breach sessions-lost',
    ],
  ])('%s', (_, is, expected) => expect(is()).toBe(expected))
})
