/** Restores, schema changes, configurations, cohorts, deliveries and costs, to the millisecond and to the single key. */
import { describe, expect } from 'vitest'
import type { ActionStepData, Evidence, SliCounts } from '../../src/domain/evidence.ts'
import type { Slo } from '../../src/domain/rehearsal.ts'
import type { CutCells, RestoreStep } from '../../src/domain/restore.ts'
import { millis, ratio } from '../../src/domain/units.ts'
import type { CohortRound } from '../../src/domain/visit.ts'
import { judgeDeliveries } from '../../src/judge/deliveries/deliveries.ts'
import { judgeCanary } from '../../src/judge/reactions/canary.ts'
import { judgeConfiguration } from '../../src/judge/reactions/configuration.ts'
import { harmCosts } from '../../src/judge/reactions/costs.ts'
import { judgeFollowed } from '../../src/judge/reactions/follow.ts'
import { judgeMigration } from '../../src/judge/reactions/migration.ts'
import { judgeRestore } from '../../src/judge/reactions/restore.ts'
import { hurtRows } from '../../src/judge/reactions/slow.ts'
import { aBAct } from '../support/canary.ts'
import { actionOf, place as at, FAULT, podLife, rehearsal, target } from '../support/evidence.ts'
import { followAct } from '../support/evidence-follow.ts'
import { migratingAct, migratingTarget } from '../support/evidence-migration.ts'
import { releaseAct } from '../support/evidence-release.ts'
import { restoreAct } from '../support/evidence-restore.ts'
import { it, noted } from '../support/reviewed.ts'
import {
  actionIn,
  atMs,
  counted,
  frame,
  framesOf,
  harmOf,
  listOf,
  partsOn,
  type SmallRun,
  seenIn,
} from '../support/small-run.ts'

type Step = readonly [ms: number, ActionStepData]
const fault = (createdMs: number, healedMs: number): Evidence[] =>
  (
    [
      [createdMs, { is: 'created', namespace: 'casino', name: 'x', uid: 'u' }],
      [createdMs + 1, { is: 'injected', pods: ['casino/a'] }],
      [healedMs - 1, { is: 'heal-requested' }],
      [healedMs, { is: 'healed' }],
    ] as const
  ).map(([ms, step]) => ({ kind: 'fault-step', at: atMs(ms), fault: FAULT, step }))
const begun: Step = [40_000, { is: 'begun', targets: [] }]

describe('a restore', () => {
  const place = { restores: { orders: { archived: {} } as never } }
  const cell = (count: number, changes: object = {}) => ({
    count,
    amountCents: count,
    digestLow: count,
    digestHigh: count,
    ...changes,
  })
  const cells = (...all: readonly ReturnType<typeof cell>[]): readonly CutCells[] => [{ operation: 'bet', cells: all }]
  const step = (ms: number, name: RestoreStep): Step => [ms, { is: 'restore-step', step: name, note: '' }]
  const judged = (steps: readonly Step[], run: SmallRun = { target: place }) => {
    const { seen, harm } = actionIn(actionOf('restore', restoreAct), [begun, ...steps], run)
    return partsOn(judgeRestore(seen, harm))
  }
  const [set, asked, ready] = [step(50_000, 'point-set'), step(70_000, 'copy-asked'), step(80_000, 'copy-ready')]
  const heal = (ms: number): Step => [ms, { is: 'heal-requested' }]

  it.each<[string, () => readonly string[], readonly string[]]>([
    ['that is archived in time', () => judged([set, step(65_000, 'archived')]), ['archives held']],
    ['that is archived too late', () => judged([set, step(65_001, 'archived')]), ['archives breach archive-late']],
    ['that is not archived, and watched for its time', () => judged([set, heal(65_000)]), ['archives gap no-evidence']],
    ['that is not archived, and watched longer', () => judged([set, heal(65_001)]), ['archives breach archive-late']],
    [
      'that is not archived when the run ends',
      () => judged([set], { target: place, until: 65_000 }),
      ['archives gap no-evidence'],
    ],
    [
      'that is not archived when the run ends later',
      () => judged([set], { target: place, until: 65_001 }),
      ['archives breach archive-late'],
    ],
    ['whose archive cannot be asked', () => judged([set], {}), []],
    [
      'that can be read in time',
      () => judged([asked, step(90_000, 'copy-ready')]),
      ['restores held', 'matches gap no-evidence'],
    ],
    [
      'that can be read too late',
      () => judged([asked, step(90_001, 'copy-ready')]),
      ['restores breach restore-slow', 'matches gap no-evidence'],
    ],
    [
      'that cannot be read, and watched for its time',
      () => judged([asked, heal(90_000)]),
      ['restores gap no-evidence'],
    ],
    ['that cannot be read, and watched longer', () => judged([asked, heal(90_001)]), ['restores breach restore-slow']],
    ['that was never asked for', () => judged([]), []],
    [
      'that failed',
      () => judged([asked, [75_000, { is: 'copy-failed', problem: 'x' }]]),
      ['restores breach backup-not-restorable'],
    ],
  ])('%s', (_, is, expected) => expect(is()).toEqual(expected))

  const LIVE = cells(cell(10), cell(4), cell(3))
  const read = (copy: readonly CutCells[], more: object = {}, live = LIVE) =>
    judged([
      asked,
      ready,
      [81_000, { is: 'copy-read', book: 'wallet', cuts: [], live, copy, ...more } as unknown as ActionStepData],
    ]).slice(1)
  const incomplete = ['matches breach restore-incomplete']
  it.each<[string, () => readonly string[], readonly string[]]>([
    ['that is the same', () => read(cells(cell(10), cell(4), cell(0))), ['matches held']],
    ['that has fewer around the point', () => read(cells(cell(10), cell(0), cell(0))), ['matches held']],
    ['that has one more around the point', () => read(cells(cell(10), cell(5), cell(0))), incomplete],
    ['that has one less before it', () => read(cells(cell(9), cell(4), cell(0))), incomplete],
    ['that has one more before it', () => read(cells(cell(11), cell(4), cell(0))), incomplete],
    ['with another amount', () => read(cells(cell(10, { amountCents: 9 }), cell(4), cell(0))), incomplete],
    ['with another key', () => read(cells(cell(10, { digestLow: 9 }), cell(4), cell(0))), incomplete],
    ['with another half of a key', () => read(cells(cell(10, { digestHigh: 9 }), cell(4), cell(0))), incomplete],
    [
      'with one from after the point',
      () => read(cells(cell(10), cell(4), cell(1))),
      ['matches breach restore-beyond-point'],
    ],
    [
      'that is off by a cent',
      () => read(cells(cell(10), cell(4), cell(0)), { imbalanceCents: 1 }),
      ['matches breach ledger-unbalanced'],
    ],
    ['that is even', () => read(cells(cell(10), cell(4), cell(0)), { imbalanceCents: 0 }), ['matches held']],
    [
      'of which one was booked before the point',
      () => read(cells(cell(1), cell(0), cell(0)), {}, cells(cell(1), cell(4), cell(3))),
      ['matches held'],
    ],
    [
      'of which none was',
      () => read(cells(cell(0), cell(4), cell(0)), {}, cells(cell(0), cell(4), cell(3))),
      ['matches gap no-evidence'],
    ],
    [
      'that has an operation of its own',
      () => read([...cells(cell(10), cell(4), cell(0)), { operation: 'x', cells: [cell(1)] }]),
      ['matches breach restore-incomplete', 'matches breach restore-beyond-point'],
    ],
    [
      'that is all wrong',
      () => read(cells(cell(9), cell(4), cell(1)), { imbalanceCents: 1 }),
      ['matches breach restore-incomplete', 'matches breach restore-beyond-point', 'matches breach ledger-unbalanced'],
    ],
  ])('has a book %s', (_, is, expected) => expect(is()).toEqual(expected))

  const acknowledged = (n: number) => {
    const operation = { acknowledged: n, amountCents: 0, digestLow: 0, digestHigh: 0, refused: 0, unknown: 0 }
    const steps: readonly Step[] = [
      begun,
      step(49_000, 'point-asked'),
      asked,
      ready,
      [
        81_000,
        {
          is: 'copy-read',
          book: 'wallet',
          cuts: [],
          live: LIVE,
          copy: cells(cell(10), cell(4), cell(0)),
        } as unknown as ActionStepData,
      ],
    ]
    const { seen, harm } = actionIn(actionOf('restore', restoreAct), steps, { target: place }, [
      frame(48_000, { operations: { bet: operation } }),
    ])
    return partsOn(judgeRestore(seen, harm)).slice(1)
  }
  it('has at least what clients had seen acknowledged', () => {
    expect(acknowledged(14)).toEqual(['matches held'])
    expect(acknowledged(15)).toEqual(incomplete)
  })
})

describe('a schema change', () => {
  const waits = (...values: readonly (readonly [ms: number, seconds: number])[]) =>
    counted('orders-db', 'db_lock_wait_seconds', {}, values)
  const judged = (steps: readonly Step[], records: readonly Evidence[], run: SmallRun = {}) => {
    const { seen, harm } = actionIn(
      actionOf('v2', migratingAct()),
      [begun, ...steps],
      { ...run, target: migratingTarget },
      records,
    )
    return partsOn(judgeMigration(seen, harm))
  }
  const start: Step = [41_000, { is: 'migration-begun', migration: 'orders-schema', job: 'j' }]
  const done = (ms: number): Step => [ms, { is: 'migration-done', migration: 'orders-schema' }]
  const calm = waits([40_000, 0], [42_000, 0], [44_000, 0], [46_000, 0], [48_000, 0])
  const first = (steps: readonly Step[], run: SmallRun = {}) => judged([start, ...steps], calm, run)[0]
  const heal = (ms: number): Step => [ms, { is: 'heal-requested' }]

  it.each<[string, () => string | undefined, string]>([
    ['in time', () => first([done(46_000)]), 'migrated held'],
    ['too late', () => first([done(46_001)]), 'migrated breach rollout-stuck'],
    ['not when its time is over', () => first([heal(46_000)]), 'migrated breach rollout-stuck'],
    ['not when the rollback came before', () => first([heal(45_999)]), 'migrated gap no-evidence'],
    ['not when the run ended before', () => first([], { until: 45_999 }), 'migrated gap no-evidence'],
    [
      'not when it failed',
      () => first([[42_000, { is: 'failed', problem: 'x' }], heal(43_000)]),
      'migrated breach rollout-stuck',
    ],
  ])('completes %s', (_, is, expected) => expect(is()).toBe(expected))

  const locks = (...values: readonly (readonly [ms: number, seconds: number])[]) =>
    judged([start, done(45_000)], waits(...values))[1]
  it.each<[string, () => string | undefined, string]>([
    ['as long as may be', () => locks([42_000, 1], [45_000, 0]), 'locks-short held'],
    ['longer', () => locks([42_000, 1.001], [45_000, 0]), 'locks-short breach schema-locked'],
    ['before it', () => locks([38_000, 2], [40_999, 0], [42_000, 0], [45_000, 0]), 'locks-short held'],
    ['until the scrape 3 s after it', () => locks([42_000, 0], [48_000, 2]), 'locks-short breach schema-locked'],
    ['later', () => locks([42_000, 0], [45_000, 0], [48_001, 2]), 'locks-short held'],
    ['and is not read to its end', () => locks([42_000, 0], [44_999, 0]), 'locks-short gap no-evidence'],
    ['and is not read', () => locks(), 'locks-short gap no-evidence'],
  ])('locks tables %s', (_, is, expected) => expect(is()).toBe(expected))

  const login = (rows: readonly (readonly [ms: number, good: number, bad: number])[]) =>
    framesOf(
      'login',
      rows.map(([ms, good, bad]) => [ms, { good, bad }] as const),
    )
  const fits = (rows: Parameters<typeof login>[0], healedMs = 60_000) =>
    judged([start, done(44_000), heal(55_000), [healedMs, { is: 'healed' }]], [...calm, ...login(rows)])
      .slice(2)
      .at(0)
  // From the begin of the load to 41 s, and from 62 s on.
  it.each<[string, () => string | undefined, string]>([
    ['thirty attempts on either side', () => fits(listOf([30_000, 30, 0], [62_000, 0, 0], [70_000, 30, 0])), 'held'],
    ['fewer before', () => fits(listOf([30_000, 29, 0], [62_000, 0, 0], [70_000, 30, 0])), 'gap no-evidence'],
    ['fewer after', () => fits(listOf([30_000, 30, 0], [62_000, 0, 0], [70_000, 29, 0])), 'gap no-evidence'],
    [
      'attempts in a frame that began too early',
      () => fits(listOf([30_000, 30, 0], [61_999, 0, 0], [70_000, 30, 0])),
      'gap no-evidence',
    ],
    ['two bad ones', () => fits(listOf([30_000, 900, 0], [62_000, 0, 0], [70_000, 28, 2])), 'held'],
    [
      'three bad ones',
      () => fits(listOf([30_000, 900, 0], [62_000, 0, 0], [70_000, 27, 3])),
      'breach schema-incompatible',
    ],
    ['as many as before', () => fits(listOf([30_000, 27, 3], [62_000, 0, 0], [70_000, 27, 3])), 'held'],
  ])('is followed by %s', (_, is, expected) => expect(is()).toBe(`works-with-schema ${expected}`))
})

describe('a release of configuration', () => {
  const source = { namespace: 'casino', selector: {}, port: 1, path: '/m', metrics: ['config_info'] as const }
  const sources = {
    ...target.sources,
    gateway: { ...source, configuration: { metric: 'config_info', label: 'digest' } },
  }
  const act = releaseAct({ images: {}, config: { kind: 'values', configMap: 'flags', set: { promo: 'off' } } })
  const pods = ['gateway-1', 'gateway-2'].flatMap((name) =>
    podLife({ name, app: 'gateway', labels: { app: 'gateway' }, born: -20, ready: -19 }),
  )
  const tells = (pod: string, ...values: readonly (readonly [ms: number, digest: string])[]): Evidence[] =>
    values.map(([ms, digest]) => ({
      kind: 'sample',
      at: atMs(ms),
      source: 'gateway',
      pod,
      ok: true,
      series: [{ name: 'config_info', labels: { digest }, value: 1 }],
    }))
  const written: Step = [40_000, { is: 'config-written', configMap: 'flags', was: 'old', now: 'new', taken: ['files'] }]
  const judged = (now: number, back: number, { healMs = 100_000, until = 160_000, other = now } = {}) => {
    const steps: readonly Step[] = [
      begun,
      written,
      [60_000, { is: 'done', note: '' }],
      [healMs, { is: 'heal-requested' }],
    ]
    const records = [
      ...pods,
      ...tells('gateway-1', [1000, 'old'], [now, 'new'], [back, 'old']),
      ...tells('gateway-2', [1000, 'old'], [other, 'new'], [back, 'old']),
    ]
    const { seen, harm } = actionIn(actionOf('off', act), steps, { until, target: { sources } }, records)
    return partsOn(judgeConfiguration(seen, harm))
  }
  // 30 s are allowed, and 20 s for the way back.
  it.each<[string, () => readonly string[], readonly string[]]>([
    ['in time, both ways', () => judged(70_000, 120_000), ['configured held', 'configured-back held']],
    ['too late', () => judged(70_001, 120_000), ['configured breach rollout-stuck', 'configured-back held']],
    [
      'too late on one pod',
      () => judged(50_000, 120_000, { other: 70_001 }),
      ['configured breach rollout-stuck', 'configured-back held'],
    ],
    ['back too late', () => judged(70_000, 120_001), ['configured held', 'configured-back breach rollback-late']],
    [
      'not at all',
      () => judged(130_000, 140_000),
      ['configured breach config-unpinned', 'configured-back breach rollback-late'],
    ],
    [
      'not in a time that was too short',
      () => judged(130_000, 140_000, { healMs: 69_999, until: 89_000 }),
      ['configured gap no-evidence', 'configured-back held'],
    ],
    [
      'not in just the time',
      () => judged(130_000, 140_000, { healMs: 70_000, until: 89_000 }),
      ['configured breach config-unpinned', 'configured-back held'],
    ],
    [
      'and not back before the run ends',
      () => judged(50_000, 140_000, { until: 119_999 }),
      ['configured held', 'configured-back gap no-evidence'],
    ],
    [
      'and not back as its time is over',
      () => judged(50_000, 140_000, { until: 120_000 }),
      ['configured held', 'configured-back breach rollback-late'],
    ],
  ])('is used %s', (_, is, expected) => expect(is()).toEqual(expected))
})

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

  it('is felt from its begin until a hundred attempts in a row were good after its end', () => {
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
