/** Rollouts that are followed, cohorts, deliveries and costs, to the millisecond and to the single visit. */
import { describe, expect } from 'vitest'
import type { ActionStepData, Evidence, SliCounts } from '../../src/domain/evidence.ts'
import type { Slo } from '../../src/domain/rehearsal.ts'
import { millis, ratio } from '../../src/domain/units.ts'
import type { CohortRound } from '../../src/domain/visit.ts'
import { judgeDeliveries } from '../../src/judge/deliveries/deliveries.ts'
import { judgeCanary } from '../../src/judge/reactions/canary.ts'
import { harmCosts } from '../../src/judge/reactions/costs.ts'
import { judgeFollowed } from '../../src/judge/reactions/follow.ts'
import { hurtRows } from '../../src/judge/reactions/slow.ts'
import { aBAct } from '../support/canary.ts'
import { actionOf, place as at, FAULT, rehearsal } from '../support/evidence.ts'
import { followAct } from '../support/evidence-follow.ts'
import { begun, type Step } from '../support/release-run.ts'
import { it, noted } from '../support/reviewed.ts'
import {
  actionIn,
  atMs,
  counted,
  framesOf,
  harmOf,
  listOf,
  partsOn,
  type SmallRun,
  seenIn,
} from '../support/small-run.ts'

const fault = (createdMs: number, healedMs: number): Evidence[] =>
  (
    [
      [createdMs, { is: 'created', namespace: 'casino', name: 'x', uid: 'u' }],
      [createdMs + 1, { is: 'injected', pods: ['casino/a'] }],
      [healedMs - 1, { is: 'heal-requested' }],
      [healedMs, { is: 'healed' }],
    ] as const
  ).map(([ms, step]) => ({ kind: 'fault-step', at: atMs(ms), fault: FAULT, step }))

describe('a Rollout that is followed', () => {
  const { gate: _, ...bare } = followAct
  const judged = (steps: readonly Step[], run: SmallRun = {}) => {
    const { seen, harm } = actionIn(actionOf('shop 2', bare), [begun, ...steps], run)
    return partsOn(judgeFollowed(seen, harm))
  }
  const set: Step = [45_000, { is: 'step-set', step: 1, share: ratio(0.25), release: 'b2' }]
  it.each<[string, () => readonly string[], string]>([
    ['is promoted in time', () => judged([set, [100_000, { is: 'done', note: '' }]]), 'held'],
    ['is promoted too late', () => judged([set, [100_001, { is: 'done', note: '' }]]), 'breach rollout-stuck'],
    ['is at a step as its time is over', () => judged([set, [100_000, { is: 'kept' }]]), 'breach rollout-stuck'],
    ['is at a step before', () => judged([set, [99_999, { is: 'kept' }]]), 'gap no-evidence'],
    ['is at a step as the run ends', () => judged([set], { until: 99_999 }), 'gap no-evidence'],
  ])('%s', (_name, is, expected) => expect(is()).toEqual([`let-in ${expected}`]))
})

describe('cohorts', () => {
  const NONE: CohortRound = { canary: 0, stable: 0, unnamed: 0, failed: 0, moved: 0 }
  const judged = (
    canary: Partial<CohortRound>,
    stable: Partial<CohortRound> = { stable: 10 },
    requests = 20,
    visitMs = 50_000,
  ) => {
    const visited: Step = [
      visitMs,
      { is: 'cohorts-visited', canary: { ...NONE, ...canary }, stable: { ...NONE, ...stable } } as ActionStepData,
    ]
    const steps: readonly Step[] = [
      begun,
      [45_000, { is: 'step-set', step: 1, share: ratio(1) }],
      visited,
      [90_000, { is: 'heal-requested' }],
    ]
    const { seen, harm } = actionIn(
      actionOf('for b', aBAct()),
      steps,
      {},
      counted('gateway-canary', 'http_requests_total', {}, listOf([41_000, 0], [80_000, requests])),
    )
    return partsOn(judgeCanary(seen, harm))
      .filter((each) => each.startsWith('kept-apart'))
      .map((each) => each.replace('kept-apart ', ''))
  }
  it.each<[string, () => readonly string[], readonly string[]]>([
    ['that are apart', () => judged({ canary: 10 }), ['held', 'held']],
    ['of which one visit went astray', () => judged({ canary: 9, stable: 1 }), ['breach session-moved', 'held']],
    ['of which all went astray', () => judged({ stable: 10 }), ['breach cohort-crossed', 'held']],
    ['of which all went astray and moved', () => judged({ stable: 10, moved: 1 }), ['breach session-moved', 'held']],
    [
      'of which the other went astray',
      () => judged({ canary: 10 }, { stable: 9, canary: 1 }),
      ['held', 'breach session-moved'],
    ],
    ['of which a tenth is open', () => judged({ canary: 9, unnamed: 1 }), ['held', 'held']],
    ['of which more is open', () => judged({ canary: 8, unnamed: 1, failed: 1 }), ['gap no-evidence', 'held']],
    [
      'that were visited 3 s after the step',
      () => judged({ canary: 10 }, { stable: 10 }, 20, 48_000),
      ['held', 'held'],
    ],
    ['that were visited earlier', () => judged({ canary: 10 }, { stable: 10 }, 20, 47_999), ['gap no-evidence']],
    [
      'that were visited until the rollback',
      () => judged({ canary: 10 }, { stable: 10 }, 20, 90_000),
      ['held', 'held'],
    ],
    ['that were visited later', () => judged({ canary: 10 }, { stable: 10 }, 20, 90_001), ['gap no-evidence']],
    [
      'of which no pod counted a visit',
      () => judged({ canary: 10 }, { stable: 10 }, 0),
      ['breach cohort-crossed', 'held'],
    ],
  ])('%s', (_, is, expected) => expect(is()).toEqual(expected))
})

describe('deliveries', () => {
  const expectations = [
    ...rehearsal.expectations,
    { kind: 'delivered', stream: 'results', withinMs: millis(3000), at } as const,
  ]
  const cell = (ms: number, count = 1) => ({ fromAt: atMs(ms), count, low: ms, high: 1 })
  const judged = (ms: number, came: object, faults: readonly Evidence[] = [], due = [cell(ms)]) => {
    const receipts = {
      kind: 'receipts-told',
      at: atMs(161_000),
      stream: 'results',
      receiver: 'ann',
      part: 0,
      parts: 1,
      watched: 1,
      open: [[atMs(0), atMs(160_000)]],
      cells: [{ ...cell(ms), latestMs: 400, ...came }],
      again: 0,
    } as const
    const read = {
      kind: 'deliveries-read',
      at: atMs(161_000),
      stream: 'results',
      book: 'wallet',
      receivers: [{ receiver: 'ann', cells: due }],
    } as const
    return noted(
      judgeDeliveries(
        seenIn([...faults, receipts as unknown as Evidence, read as unknown as Evidence], {
          rehearsal: { expectations },
        }),
      ),
    ).findings.map(({ cause }) => cause)
  }
  const late = { latestMs: 3001 }
  it.each<[string, () => readonly string[], readonly string[]]>([
    ['until 30 s after a healing', () => judged(120_000, late, fault(65_000, 90_000)), []],
    ['not later', () => judged(120_000, late, fault(65_000, 89_999)), ['results-late']],
    ['5 s before a fault', () => judged(60_000, late, fault(65_000, 90_000)), []],
    ['not earlier', () => judged(60_000, late, fault(65_001, 90_000)), ['results-late']],
  ])('may be late %s', (_, is, expected) => expect(is()).toEqual(expected))

  it.each<[string, () => readonly string[], readonly string[]]>([
    ['as many as were due', () => judged(20_000, {}), []],
    ['one fewer', () => judged(20_000, { count: 0 }), ['results-lost']],
    ['one more', () => judged(20_000, { count: 2 }), ['unreconciled']],
    ['another one', () => judged(20_000, { low: 7 }), ['results-lost']],
    ['another half of one', () => judged(20_000, { high: 7 }), ['results-lost']],
  ])('came: %s', (_, is, expected) => expect(is()).toEqual(expected))
})

describe('what a harm costs', () => {
  type Rows = readonly (readonly [ms: number, added: Partial<SliCounts>])[]
  const slos = [
    { kind: 'availability', sli: 'search', objective: ratio(0.9), at },
    { kind: 'latency', sli: 'search', quantile: ratio(0.95), targetMs: millis(100), ceilingMs: millis(200), at },
  ] as const
  const costs = (rows: Rows, changes: Parameters<typeof harmOf>[0] = {}) =>
    noted(harmCosts(seenIn(framesOf('search', rows), { rehearsal: { slos } }), harmOf(changes)))

  it('is felt from its start until a hundred attempts in a row were good after its end', () => {
    const [cost] = costs(
      listOf(
        [64_000, { good: 10 }],
        [66_000, { good: 8, bad: 2 }],
        [91_000, { good: 99 }],
        [93_000, { good: 1 }],
        [94_000, { bad: 5 }],
      ),
    )
    expect(cost).toMatchObject({ attempts: 110, bad: 2, tooSlow: 0, detectMs: 1000, recoverMs: 1000 })
    // 125 attempts in all, of which a tenth may be bad.
    expect(cost?.budgetBurnt).toBeCloseTo(2 / 12.5, 9)
    const [longer] = costs(
      listOf([64_000, { good: 10 }], [66_000, { good: 8, bad: 2 }], [91_000, { good: 99 }], [94_000, { bad: 5 }]),
    )
    expect(longer).toMatchObject({ attempts: 114, bad: 7, recoverMs: 29_000 })
  })

  it('counts a frame as good only if it ends after the harm', () => {
    expect(costs(listOf([64_000, {}], [90_000, { good: 100 }], [91_000, { bad: 1 }]))[0]?.bad).toBe(1)
    expect(costs(listOf([64_000, {}], [90_001, { good: 100 }], [91_000, { bad: 1 }]))[0]?.bad).toBe(0)
  })

  it('has no time of detection where nothing went wrong', () => {
    const [cost] = costs([[66_000, { good: 10 }]])
    expect(cost).toMatchObject({ bad: 0, budgetBurnt: 0, peakBurn: 0 })
    expect(Object.keys(cost ?? {})).not.toContain('detectMs')
  })

  const perSecond = (bad: readonly number[]): Rows => [
    [65_000, {}],
    ...bad.map((n, index) => [66_000 + index * 1000, { good: 10 - n, bad: n }] as const),
  ]
  it.each<[string, readonly number[], number]>([
    ['five of the ten of a second, in five', [0, 5, 0, 0, 0, 0, 0], 1],
    ['in two stretches, the worse', [0, 5, 0, 0, 0, 0, 5, 5, 0, 0, 0], 2],
    ['in a stretch of less than five seconds', [5, 0], 2.5],
  ])('burns its budget at a rate: %s', (_, bad, burn) =>
    expect(costs(perSecond(bad))[0]?.peakBurn).toBeCloseTo(burn, 9),
  )

  const over = (rows: Rows, objectives: readonly [Slo, ...Slo[]] = slos) =>
    noted(
      hurtRows(
        seenIn([...fault(65_000, 90_000), ...framesOf('search', rows)], { rehearsal: { slos: objectives } }),
        'search',
      ),
    ).map(({ tooSlow }) => tooSlow)
  it.each<[string, Rows, readonly number[]]>([
    ['not a twentieth', [[66_000, { good: 100, overCeiling: 5 }]], [0]],
    ['more than a twentieth', [[66_000, { good: 100, overCeiling: 6 }]], [6]],
    ['few of a few', [[66_000, { good: 20, overCeiling: 5 }]], [0]],
    ['more of a few', [[66_000, { good: 20, overCeiling: 6 }]], [6]],
    [
      'all of a stretch of a hundred',
      listOf(
        [66_000, { good: 50, overCeiling: 3 }],
        [67_000, { good: 50, overCeiling: 3 }],
        [68_000, { good: 50, overCeiling: 0 }],
      ),
      [3, 3, 0],
    ],
    ['not those that are only slow', [[66_000, { good: 100, slow: 50 }]], [0]],
  ])('has responses that are too slow: %s', (_, rows, expected) => expect(over(rows)).toEqual(expected))

  it.each([
    [10, 0],
    [11, 11],
  ])('allows a tenth of them where the objective is a p90: %i of 100', (overCeiling, expected) => {
    const [errors, p95] = slos
    expect(over([[66_000, { good: 100, overCeiling }]], [errors, { ...p95, quantile: ratio(0.9) }])).toEqual([expected])
  })
})
