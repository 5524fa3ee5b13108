/** Pods, people, actions and sockets after a harm, to the millisecond. */
import { describe, expect } from 'vitest'
import type { Evidence } from '../../src/domain/evidence.ts'
import { perSecond, ratio, seconds } from '../../src/domain/units.ts'
import { judgeCompletion } from '../../src/judge/reactions/completion.ts'
import { judgePeople, judgePeopleOfRun } from '../../src/judge/reactions/people.ts'
import { judgeReconnects } from '../../src/judge/reactions/reconnects.ts'
import { judgeSpreads, judgeSurvives } from '../../src/judge/reactions/standing.ts'
import { actionOf, place as at, nodes, podLife, rehearsal, withReactions } from '../support/evidence.ts'
import { it, noted } from '../support/reviewed.ts'
import { actionIn, atMs, frame, harmOf, seenIn, verdictOn, wordsOn } from '../support/small-run.ts'

const bets = (n: number, zone: string, ready: number, change: Partial<Parameters<typeof podLife>[0]> = {}) =>
  podLife({ name: `bets-${n}`, app: 'bets', node: `zone-${zone}-api`, born: ready - 1, ready, ...change })

describe('pods after a harm', () => {
  const spreads = { kind: 'spreads', app: 'bets', zones: 2, withinMs: seconds(20), at } as const
  const spread = (pods: readonly Evidence[], until = 160_000, healedMs: number | undefined = 91_000) =>
    noted(
      judgeSpreads(
        seenIn([...nodes(), ...pods], { until }),
        harmOf({ healedAt: healedMs === undefined ? undefined : atMs(healedMs) }),
        spreads,
      ),
    )
  const only = bets(1, 'a', -1)

  it.each<[string, () => ReturnType<typeof spread>, string]>([
    [
      'are in two zones in time',
      () => spread([...only, ...bets(2, 'b', 111)]),
      'held: The Ready pods of bets stood in 2 zones again 20.0 s after healing.',
    ],
    [
      'are in two zones too late',
      () => spread([...only, ...bets(2, 'b', 111.001)]),
      'breach spread-not-restored: The Ready pods of bets stood in 1 zone within 20.0 s after healing, as in 1 zone before psp-a down; 2 are wanted.',
    ],
    [
      'were in two zones as the harm began',
      () => spread([...only, ...bets(2, 'b', 65, { ends: 66, gone: 67 })]),
      'breach spread-not-restored: The Ready pods of bets stood in 1 zone within 20.0 s after healing; 2 are wanted.',
    ],
    [
      'are in one zone as the run ends with their time',
      () => spread(only, 111_000),
      'breach spread-not-restored: The Ready pods of bets stood in 1 zone within 20.0 s after healing, as in 1 zone before psp-a down; 2 are wanted.',
    ],
    [
      'are in one zone as the run ends before it',
      () => spread(only, 110_999),
      'gap no-evidence: The run ended before bets had to stand in 2 zones again.',
    ],
    ['were never seen', () => spread([]), 'gap no-evidence: No pod of bets was seen on a node whose zone is known.'],
    [
      'of a harm that was not healed',
      () => noted(judgeSpreads(seenIn(only), harmOf({ healedAt: undefined }), spreads)),
      'gap no-evidence: bets: the spread is not known, because psp-a down was not healed.',
    ],
    [
      'were born only after the healing',
      () => spread(bets(1, 'a', 95)),
      'breach spread-not-restored: The Ready pods of bets stood in 1 zone within 20.0 s after healing; 2 are wanted.',
    ],
  ])('%s', (_, answer, told) => expect(wordsOn(answer())).toBe(told))

  const survives = (again: number, endMs = 90_000) =>
    noted(
      judgeSurvives(seenIn([...nodes(), ...bets(1, 'a', -1, { unready: 66, again })]), harmOf({ endAt: atMs(endMs) }), {
        kind: 'survives',
        app: 'bets',
        ready: 1,
        withinMs: seconds(5),
        at,
      }),
    )

  it('stand again in time, or do not', () => {
    const words = (least: string) => `bets kept at least ${least} Ready from 5.0 s after psp-a down on; 1 are wanted.`
    expect(wordsOn(survives(70.5))).toBe(`held: ${words('1 pod')}`)
    expect(wordsOn(survives(70.501))).toBe(`breach too-few-survivors: ${words('0 pods')}`)
    expect([survives(70).result.tookMs, survives(70.5).result.tookMs]).toEqual([4500, 5000])
    expect(wordsOn(survives(70, 70_500))).toBe(
      'gap no-evidence: psp-a down ended before bets had to stand again (5.0 s).',
    )
    expect(verdictOn(survives(70, 70_501))).toBe('held')
  })
})

describe('people', () => {
  const note = (ms: number): Evidence => ({
    kind: 'note',
    at: atMs(ms),
    by: 'Ana',
    via: 'page',
    is: 'declared',
    text: '',
  })
  const declares = { kind: 'declares', withinMs: seconds(20), at } as const
  const judged = (notes: readonly number[], until = 160_000) =>
    noted(judgePeople(seenIn(notes.map(note), { until }), harmOf(), declares))

  it.each<[string, () => ReturnType<typeof judged>, string]>([
    [
      'declare it as it begins',
      () => judged([65_000]),
      'held: Ana declared an incident 0 ms after psp-a down; 20.0 s were allowed.',
    ],
    [
      'declared something before',
      () => judged([64_999]),
      'gap people-silent: No note says that people declared an incident after psp-a down (20.0 s were allowed; nobody wrote anything).',
    ],
    [
      'declare it in time',
      () => judged([85_500]),
      'held: Ana declared an incident 20.0 s after psp-a down; 20.0 s were allowed.',
    ],
    [
      'declare it too late',
      () => judged([85_501]),
      'breach people-late: Ana declared an incident 20.0 s after psp-a down; 20.0 s were allowed.',
    ],
    [
      'are silent in a run that ends with their time',
      () => judged([], 85_500),
      'gap people-silent: No note says that people declared an incident after psp-a down (20.0 s were allowed; nobody wrote anything).',
    ],
    [
      'are silent in a run that ends before it',
      () => judged([], 85_499),
      'gap no-evidence: The run ended before people had to have declared an incident (20.0 s were allowed).',
    ],
  ])('%s', (_, answer, told) => expect(wordsOn(answer())).toBe(told))

  it('have nothing to react to where no harm took effect', () => {
    const expectations = [...rehearsal.expectations, { kind: 'human', reactions: [declares], at } as const]
    const { result, findings } = noted(judgePeopleOfRun(seenIn([], { rehearsal: { expectations } })))
    expect(result).toEqual([
      { kind: 'declares', subject: 'incident', sentence: findings[0]?.sentence, held: false, withinMs: 20_000 },
    ])
    expect(findings).toMatchObject([{ weight: 'gap', subject: 'people: incident', evidence: [2, 3] }])
  })
})

describe('an action', () => {
  const roll = actionOf('roll', { kind: 'rollout', workload: { kind: 'Deployment', name: 'bets' } })
  const completes = { kind: 'completes', withinMs: seconds(20), at } as const
  const judged = (steps: Parameters<typeof actionIn>[1], until = 160_000) => {
    const { seen, harm } = actionIn(roll, [[100_000, { is: 'begun', targets: [] }], ...steps], { until })
    return noted(judgeCompletion(seen, harm, completes))
  }
  const refused = [101_000, { is: 'eviction-refused', pod: 'casino/bets-1', node: 'n', problem: 'budget' }] as const

  it.each<[string, () => ReturnType<typeof judged>, string]>([
    [
      'that is done in time',
      () => judged([[120_000, { is: 'done', note: '' }]]),
      'held: roll was done after 20.0 s; 20.0 s were allowed.',
    ],
    [
      'that is done too late',
      () => judged([[120_001, { is: 'done', note: '' }]]),
      'breach rollout-stuck: roll was done after 20.0 s; 20.0 s were allowed.',
    ],
    [
      'that was refused evictions',
      () => judged([refused, [125_000, { is: 'done', note: '' }]]),
      'breach budget-blocks: roll was done after 25.0 s; 20.0 s were allowed; evictions of 1 pod were refused.',
    ],
    [
      'that is not done when its time is over',
      () => judged([], 120_000),
      'breach rollout-stuck: roll was not done within 20.0 s.',
    ],
    [
      'that is not done when the run ends',
      () => judged([], 119_999),
      'gap no-evidence: roll had 20.0 s to be done, less than 20.0 s.',
    ],
    [
      'that failed',
      () => judged([[101_000, { is: 'failed', problem: 'no image' }]], 110_000),
      'breach rollout-stuck: roll was not done within 20.0 s: no image.',
    ],
    [
      'that is a fault',
      () => noted(judgeCompletion(seenIn([]), harmOf(), completes)),
      'gap no-evidence: psp-a down is no action, so that it cannot complete.',
    ],
  ])('%s', (_, answer, told) => expect(wordsOn(answer())).toBe(told))
})

describe('sockets after a harm', () => {
  type Open = readonly [ms: number, open: number, connected?: number]
  const judged = (
    rows: readonly Open[],
    herdMax = 20,
    share = 0.9,
    stages?: readonly (readonly [number, number, number])[],
  ) => {
    const reconnects = {
      kind: 'reconnects',
      share: ratio(share),
      herdMax: perSecond(herdMax),
      withinMs: seconds(10),
      at,
    } as const
    const records = rows.map(([ms, open, connected = 100]) =>
      frame(ms, { sockets: { open, connected, failed: 0, dropped: 0 } }),
    )
    const plan = stages?.map(([durationMs, from, to]) => ({
      durationMs: seconds(durationMs),
      from: perSecond(from),
      to: perSecond(to),
    }))
    const load = plan === undefined ? {} : { sockets: { lifetimeMs: seconds(60), sli: 'ws-rtt', stages: plan } }
    const end = harmOf({ endAt: atMs(66_000) })
    return wordsOn(
      noted(judgeReconnects(seenIn(records, { load, rehearsal: withReactions(reconnects) }), end, reconnects)),
    )
  }
  const what = (open: number, least: number, share = '90') =>
    `${share} % of ${open} sockets (at worst ${least} were open)`

  it.each<[string, () => string, string]>([
    [
      'in time',
      () =>
        judged([
          [64_000, 100],
          [65_000, 100],
          [66_000, 80],
          [75_000, 89],
          [76_000, 90, 110],
        ]),
      `held: ${what(100, 80)} were open again 10.0 s after psp-a down; at most 0.0/s came back.`,
    ],
    [
      'too late',
      () =>
        judged([
          [65_000, 100],
          [74_000, 89],
          [75_001, 89],
          [76_000, 90],
        ]),
      `breach sessions-lost: ${what(100, 89)} were not open again 10.0 s after psp-a down: it took at least 10.0 s.`,
    ],
    [
      'as many in a second as may',
      () =>
        judged([
          [65_000, 100],
          [66_000, 80],
          [67_000, 100, 120],
          [76_000, 100, 120],
        ]),
      `held: ${what(100, 80)} were open again 1.0 s after psp-a down; at most 20.0/s came back.`,
    ],
    [
      'more in a second than may',
      () =>
        judged([
          [65_000, 100],
          [66_000, 80],
          [67_000, 100, 121],
          [76_000, 100, 121],
        ]),
      `breach reconnect-storm: ${what(100, 80)} were open again 1.0 s after psp-a down; at most 21.0/s came back, and 20.0/s are allowed.`,
    ],
    [
      'of none',
      () =>
        judged([
          [64_000, 100],
          [65_000, 0],
          [76_000, 0],
        ]),
      'gap no-evidence: No socket was open before psp-a down, so that none could come back.',
    ],
    [
      'of one',
      () =>
        judged([
          [65_000, 1],
          [66_000, 0],
          [67_000, 1],
          [76_000, 1],
        ]),
      'held: 90 % of 1 socket (at worst 0 were open) were open again 1.0 s after psp-a down; at most 0.0/s came back.',
    ],
    [
      'in a load that ends with their time',
      () =>
        judged([
          [65_000, 100],
          [66_000, 80],
          [75_000, 90],
        ]),
      `held: ${what(100, 80)} were open again 1.0 s after psp-a down; at most 0.0/s came back.`,
    ],
    [
      'in a load that ends before it',
      () =>
        judged([
          [65_000, 100],
          [66_000, 80],
          [74_999, 90],
        ]),
      `gap no-evidence: The load ended before ${what(100, 80)} had to be open again after psp-a down.`,
    ],
  ])('come back %s', (_, told, expected) => expect(told()).toBe(expected))

  // 100 until 60 s, then down to 50 by 70 s, then 20 at once.
  const plan = [
    [60, 100, 100],
    [10, 100, 50],
    [0, 50, 20],
    [30, 20, 30],
  ] as const
  it.each<[string, readonly Open[], string]>([
    [
      'as many as the plan wants',
      [
        [65_000, 100],
        [66_000, 70],
        [70_000, 50],
        [75_001, 25],
      ],
      'held',
    ],
    [
      'fewer in a ramp',
      [
        [65_000, 100],
        [66_000, 69],
        [75_001, 25],
      ],
      'held',
    ],
    [
      'fewer at the end of a ramp',
      [
        [65_000, 100],
        [70_000, 49],
        [75_001, 20],
      ],
      'breach sessions-lost',
    ],
    [
      'what is left after the last step',
      [
        [65_000, 100],
        [71_000, 21],
        [75_001, 26],
      ],
      'held',
    ],
  ])('are %s', (_, rows, verdict) => expect(judged(rows, 20, 1, plan).split(':')[0]).toBe(verdict))
})
