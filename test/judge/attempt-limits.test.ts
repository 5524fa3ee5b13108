/** Attempts after a harm, to the millisecond and to the single attempt: recoveries, and databases that move. */
import { describe, expect } from 'vitest'
import type { Evidence } from '../../src/domain/evidence.ts'
import { seconds } from '../../src/domain/units.ts'
import { judgePromotion } from '../../src/judge/reactions/promotion.ts'
import { judgeRecovery } from '../../src/judge/reactions/recovery.ts'
import { judgeUndisturbed } from '../../src/judge/reactions/undisturbed.ts'
import { place as at, withReactions } from '../support/evidence.ts'
import { it, noted } from '../support/reviewed.ts'
import { counted, framesOf, harmOf, seenIn, verdictOn, wordsOn } from '../support/small-run.ts'

describe('attempts after a harm', () => {
  type Rows = Parameters<typeof framesOf>[1]
  const recovers = (rows: Rows) =>
    noted(
      judgeRecovery(seenIn(framesOf('bet', rows)), harmOf(), {
        kind: 'recovers',
        sli: 'bet',
        withinMs: seconds(10),
        at,
      }),
    )
  const words = (rows: Rows) => {
    const { result, findings } = recovers(rows)
    return `${verdictOn({ result, findings })}: ${findings[0]?.sentence ?? result.tookMs}`
  }

  it.each<[string, Rows, string]>([
    [
      'are a hundred good ones',
      [
        [90_000, { bad: 5 }],
        [92_000, { good: 99 }],
        [93_000, { good: 1 }],
      ],
      'held: 0',
    ],
    [
      'are one fewer',
      [
        [90_000, { bad: 5 }],
        [92_000, { good: 99 }],
      ],
      'gap no-evidence: bet: only 99 attempts in a row were good before the load ended; 100 show a recovery.',
    ],
    [
      'are bad until their time is over',
      [
        [100_000, { good: 9 }],
        [101_000, { bad: 1 }],
        [102_000, { good: 99 }],
      ],
      'gap no-evidence: bet: only 99 attempts in a row were good before the load ended; 100 show a recovery.',
    ],
    [
      'are bad after it',
      [
        [100_000, { good: 9 }],
        [101_001, { bad: 1 }],
        [102_000, { good: 99 }],
      ],
      'breach recovery-late: bet did not recover: 10.0 s after healing it still had bad attempts; 10.0 s were allowed.',
    ],
    [
      'recover in time',
      [
        [101_000, { bad: 1 }],
        [102_000, { good: 100 }],
      ],
      'held: 10000',
    ],
    [
      'recover later',
      [
        [101_001, { bad: 1 }],
        [102_000, { good: 100 }],
      ],
      'breach recovery-late: bet recovered 10.0 s after healing; 10.0 s were allowed.',
    ],
    [
      'stay too slow',
      [
        [60_000, { good: 900 }],
        [92_000, { good: 100, slow: 9, overCeiling: 9 }],
        [102_000, { good: 100, slow: 9, overCeiling: 9 }],
      ],
      'breach recovery-late: bet did not recover: 11.0 s after healing it still had responses over the ceiling; 10.0 s were allowed.',
    ],
  ])('%s', (_, rows, told) => expect(words(rows)).toBe(told))

  it('are undisturbed while no more are bad than the reaction allows', () => {
    const judged = (bad: number) =>
      noted(
        judgeUndisturbed(
          seenIn(
            framesOf('bet', [
              [64_000, { good: 5 }],
              [66_000, { good: 9 - bad, bad }],
              [91_000, { bad: 50 }],
            ]),
          ),
          harmOf(),
          { kind: 'undisturbed', sli: 'bet', badMax: 1, at },
        ),
      )
    expect(wordsOn(judged(1))).toBe(
      'breach disturbed: bet: 51 of 59 attempts were bad during psp-a down; 1 are allowed.',
    )
    const calm = noted(
      judgeUndisturbed(seenIn(framesOf('bet', [[66_000, { good: 8, bad: 1 }]])), harmOf(), {
        kind: 'undisturbed',
        sli: 'bet',
        badMax: 1,
        at,
      }),
    )
    expect(wordsOn(calm)).toBe('held: bet: 1 of 9 attempts were bad during psp-a down; 1 are allowed.')
  })

  const writable = (one: readonly [number, number], other: readonly [number, number]) =>
    [one, other].flatMap(([from, to], n) =>
      counted(
        'wallet-db',
        'db_writable',
        {},
        [
          [from, 1],
          [to, 1],
          [to + 1000, 0],
        ],
        `wallet-db-${n}`,
      ),
    )
  const promoted = (rows: Rows, more: readonly Evidence[] = writable([60_000, 65_000], [66_000, 90_000])) => {
    const promotes = { kind: 'promotes', database: 'wallet-db', sli: 'bet', rtoMs: seconds(5), at } as const
    const seen = seenIn([...framesOf('bet', rows), ...more], { rehearsal: withReactions(promotes) })
    return noted(judgePromotion(seen, harmOf(), promotes))
  }
  const good = 'bet was good again 5.0 s after its first bad attempt (RTO 5.0 s).'
  const first = (answer: ReturnType<typeof promoted>) => answer.result.sentence.split(' No ledger')[0]

  it.each<[string, Rows, string, string]>([
    [
      'as fast as it must be',
      [
        [65_000, {}],
        [66_000, { bad: 1 }],
        [70_000, { bad: 1 }],
        [72_000, { good: 100 }],
        [73_000, { bad: 9 }],
      ],
      '',
      good,
    ],
    [
      'a little later',
      [
        [65_000, {}],
        [66_000, { bad: 1 }],
        [70_001, { bad: 1 }],
        [72_000, { good: 100 }],
      ],
      'breach promotion-slow',
      good,
    ],
    [
      'never',
      [
        [65_000, {}],
        [66_000, { bad: 1 }],
        [71_000, { bad: 1 }],
        [72_000, { good: 99 }],
      ],
      'breach promotion-slow',
      'bet was still bad 6.0 s after its first bad attempt (RTO 5.0 s).',
    ],
    [
      'not in what was seen',
      [
        [65_000, {}],
        [66_000, { bad: 1 }],
        [70_000, { bad: 1 }],
        [72_000, { good: 99 }],
      ],
      'gap no-evidence',
      'bet: only 99 attempts in a row were good before the load ended or the next harm began; 100 show a recovery.',
    ],
    ['without anybody noticing', [[66_000, { good: 1 }]], '', 'bet had no bad attempt (RTO 5.0 s).'],
  ])('a database is good again %s', (_, rows, verdict, told) => {
    const answer = promoted(rows)
    expect([verdictOn(answer).replace(/(, )?gap no-evidence$/, ''), first(answer)]).toEqual([
      verdict === 'gap no-evidence' ? 'gap no-evidence' : verdict,
      told,
    ])
  })

  it.each<[string, readonly [number, number], string]>([
    ['one after the other', [65_001, 90_000], 'One member at a time took writes (wallet-db-0 and wallet-db-1).'],
    [
      'in the same moment',
      [65_000, 90_000],
      'wallet-db-0 and wallet-db-1 of wallet-db both took writes for at least 0 ms.',
    ],
    [
      'at the same time',
      [62_000, 90_000],
      'wallet-db-0 and wallet-db-1 of wallet-db both took writes for at least 3.0 s.',
    ],
    [
      'inside of each other',
      [61_000, 62_000],
      'wallet-db-0 and wallet-db-1 of wallet-db both took writes for at least 1.0 s.',
    ],
    ['before each other', [50_000, 59_999], 'One member at a time took writes (wallet-db-1 and wallet-db-0).'],
    [
      'until the other began',
      [50_000, 60_000],
      'wallet-db-0 and wallet-db-1 of wallet-db both took writes for at least 0 ms.',
    ],
  ])('members take writes %s', (_, other, told) => {
    expect(promoted([[66_000, { good: 1 }]], writable([60_000, 65_000], other)).result.sentence).toContain(told)
  })
})
