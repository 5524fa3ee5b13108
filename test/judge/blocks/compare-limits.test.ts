/** What a comparison makes of few pairs, of pairs that lack an indicator, and of a full machine. */
import { describe, expect } from 'vitest'
import type { WindowSums } from '../../../src/domain/blocks.ts'
import type { Evidence } from '../../../src/domain/evidence.ts'
import type { Slo } from '../../../src/domain/rehearsal.ts'
import { instant, millis, perSecond, ratio, seconds } from '../../../src/domain/units.ts'
import { createAtRest } from '../../../src/judge/blocks/at-rest.ts'
import { createBlocks } from '../../../src/judge/blocks/blocks.ts'
import { type ComparedReleases, compare } from '../../../src/judge/blocks/compare.ts'
import type { ComparedPair } from '../../../src/judge/blocks/measures.ts'
import { changeText } from '../../../src/judge/blocks/summary.ts'
import { createComparing } from '../../../src/judge/comparing.ts'
import { place as at, runStarted, ZERO } from '../../support/evidence.ts'
import { blockPlan, blockRecords, session, settings } from '../../support/evidence-blocks.ts'
import { it, noted } from '../../support/reviewed.ts'

const p95: Slo = {
  kind: 'latency',
  sli: 'checkout',
  quantile: ratio(0.95),
  targetMs: millis(100),
  ceilingMs: millis(200),
  at,
}
const good: Slo = { kind: 'availability', sli: 'search', objective: ratio(0.99), at }

const none: WindowSums = { good: 0, bad: 0, slow: 0, overCeiling: 0, dropped: 0, histogram: [] }
/** So many checkouts at so many ms, and searches of which some are bad. */
const side = (ms: number, bad = 0, count = 40): ComparedPair['a'] => ({
  checkout: { ...none, good: count, histogram: [[ms, count]] },
  search: { ...none, good: 100 - bad, bad },
})
const pairs = (...sides: readonly (readonly [ComparedPair['a'], ComparedPair['a'], boolean?])[]) =>
  sides.map(([a, b, machineFull = false], index): ComparedPair => ({ pair: index + 1, a, b, machineFull }))
const compared = (all: readonly ComparedPair[], changes: Partial<ComparedReleases> = {}) =>
  noted(
    compare({
      rehearsal: 'shop',
      a: { name: 'v1', entry: '' },
      b: { name: 'v2', entry: '' },
      unit: 'pairs',
      aa: false,
      slos: [p95],
      indicators: {},
      rules: settings,
      pairs: all,
      voidPairs: [],
      ended: true,
      ...changes,
    }),
  )
const alike = (n: number, full = 0) =>
  pairs(...Array.from({ length: n }, (_, index) => [side(100), side(100), index < full] as const))

describe('a comparison', () => {
  it('of one pair has a ratio of times or a difference of shares, and no interval', () => {
    const { objectives, outcome } = compared(pairs([side(100, 2), side(200, 5)]), { slos: [p95, good] })
    const [times, share] = objectives
    expect(outcome).toBe('undecided')
    expect(times?.estimate).toBeCloseTo((times?.b ?? 0) / (times?.a ?? 1), 9)
    expect(times?.estimate).toBeGreaterThan(1.5)
    expect(share?.estimate).toBeCloseTo(0.03, 9)
    expect(objectives.map(({ interval, pairs: n }) => [interval, n])).toEqual([
      [undefined, 1],
      [undefined, 1],
    ])
  })

  it('says how many pairs were planned: the last look, or all that there are', () => {
    expect(compared([]).pairsMost).toBe(1)
    expect(compared(alike(3)).pairsMost).toBe(3)
    expect(compared(alike(1), { looks: [2, 4] }).pairsMost).toBe(4)
  })

  it('without a pair is undecided, and says why each run was left out', () => {
    const none = compared([], { gaps: ['r-1 is left out: it was stopped'] })
    expect(none).toMatchObject({
      outcome: 'undecided',
      exitCode: 3,
      pairs: 0,
      gaps: ['r-1 is left out: it was stopped'],
    })
    expect(compared([], { looks: [4] })).toMatchObject({ outcome: 'undecided', pairs: 0, pairsMost: 4 })
  })

  it('looks at what there is between two looks only where it ended', () => {
    const undecided = pairs([side(100), side(100)], [side(100), side(140)], [side(140), side(100)])
    expect(compared(undecided, { looks: [2, 4], ended: false }).pairs).toBe(2)
    expect(compared(undecided, { looks: [2, 4], ended: true }).pairs).toBe(3)
    expect(compared(undecided.slice(0, 1), { looks: [2, 4], ended: false }).pairs).toBe(1)
  })

  it('names its run where it has one', () => {
    expect(compared(alike(2), { run: 'r-1' }).run).toBe('r-1')
    expect(Object.keys(compared(alike(2)))).not.toContain('run')
  })

  it('shows nothing of times of which there are too few', () => {
    const few = pairs([side(100, 0, 19), side(100, 0, 19)])
    const names = (all: readonly ComparedPair[]) =>
      compared(all).others.map(({ sli, statistic }) => `${sli} ${statistic}`)
    expect(names(few)).toEqual(['checkout share over 200 ms', 'checkout bad share', 'search bad share'])
    expect(names(alike(1))).toContain('checkout p99')
    const [objective] = compared(few).objectives
    expect(objective).toMatchObject({ pairs: 0, state: 'undecided' })
    expect(Object.keys(objective ?? {})).not.toContain('a')
  })

  it('counts a share over the pairs that have it', () => {
    const { objectives } = compared(pairs([side(100, 2), side(100, 4)], [side(100, 4), side(100, 8)], [{}, {}]), {
      slos: [good],
    })
    expect(objectives[0]).toMatchObject({ pairs: 2 })
    expect([objectives[0]?.a, objectives[0]?.b]).toEqual([0.03, 0.06])
  })

  it.each([
    ['half of the pairs', 2, 'not-worse', 0],
    ['more than half of them', 3, 'undecided', 1],
  ])('with a full machine in %s', (_, full, outcome, gaps) => {
    const comparison = compared(alike(4, full))
    expect([comparison.outcome, comparison.gaps.length]).toEqual([outcome, gaps])
    if (gaps > 0) expect(comparison.summary).toBe('v2 against v1: undecided after 4 pairs.')
  })

  it.each<[string, readonly ComparedPair[], readonly string[]]>([
    [
      'in one of two pairs',
      pairs([side(100), side(100)], [side(100, 0, 9), side(100)]),
      ['checkout p95 could be measured in only 1 of 2 pairs.'],
    ],
    ['in both', alike(2), []],
    ['in the only one', alike(1), []],
    ['in none of three', pairs([{}, {}], [{}, {}], [{}, {}]), ['checkout p95 could be measured in only 0 of 3 pairs.']],
  ])('whose objective could be measured %s', (_, all, gaps) => {
    expect(compared(all).gaps).toEqual(gaps)
    expect(compared(all, { ended: false }).gaps).toEqual([])
  })

  it('that is proven worse has no gaps of other objectives', () => {
    const worse = Array.from({ length: 4 }, (_, n) => [side(100), side(200 + n)] as const)
    const [first, ...others] = pairs(...worse)
    if (first === undefined) throw new Error('four pairs')
    const blind = others.map((each) => ({ ...each, a: { checkout: each.a.checkout ?? none } }))
    const comparison = compared([first, ...blind], { slos: [p95, good] })
    expect([comparison.outcome, comparison.gaps]).toEqual(['regressed', []])
  })

  it('needs as many pairs more as the objective that needs most', () => {
    const spread = pairs(
      [side(100, 2), side(140, 3)],
      [side(140, 3), side(100, 2)],
      [side(100, 2), side(120, 9)],
      [side(120, 9), side(110, 3)],
    )
    const { objectives, pairsMore, outcome } = compared(spread, { slos: [p95, good] })
    const open = objectives.filter(({ state }) => state === 'undecided')
    expect([outcome, open.length]).toEqual(['undecided', 2])
    expect(pairsMore).toBe(Math.max(...open.map((each) => each.pairsMore ?? Number.NaN)))
    expect(compared(pairs([side(100), side(100)]), { slos: [p95, good] }).pairsMore).toBeUndefined()
  })

  it('of a release with itself says so', () => {
    expect(compared(alike(1), { aa: true }).summary).toMatch(/^v1 against itself: undecided after 1 pair: /)
  })
})

it.each([
  ['latency', 0.9, '10 % faster'],
  ['latency', 0.995, '0.5 % faster'],
  ['latency', 1, '0 % slower'],
  ['latency', 1.0123, '1.2 % slower'],
  ['latency', 1.123, '12 % slower'],
  ['rate', 0.003, '0.3 points more'],
  ['rate', -0.003, '0.3 points fewer'],
  ['rate', 0, '0 points more'],
  ['rate', 0.123, '12 points more'],
] as const)('a change of a %s by %d is %s', (kind, value, text) => expect(changeText({ kind }, value)).toBe(text))

describe('a block', () => {
  const quiet = () => ({ deposit: { histogram: [[100, 22]] as const } })
  const result = (plan: ReturnType<typeof blockPlan>, dropped = 0) => {
    const fold = createBlocks()
    for (const record of blockRecords(plan, ZERO, quiet, { dropped })) fold.add(record)
    return fold.of(plan.block)
  }
  const planned = (rate: number) => {
    const plan = blockPlan('x', 'a', 1)
    const stages = [{ durationMs: seconds(20), from: perSecond(rate), to: perSecond(rate) }] as const
    return { ...plan, load: { ...plan.load, profiles: [{ name: 'login', stages }] } }
  }

  it.each([
    [10, 2, 'measured'],
    [10, 3, 'void'],
    [2, 1, 'measured'],
    [2, 2, 'void'],
  ])('of %i arrivals a second over 20 s, of which %i never ran, is %s', (rate, dropped, state) => {
    expect(result(planned(rate), dropped)?.state).toBe(state)
  })

  it('of no pair has none', () => {
    const { pair: _, ...alone } = blockPlan('x', '1.5x', 1)
    expect(Object.keys(result(alone) ?? {})).not.toContain('pair')
  })
})

describe('the journal of a comparison', () => {
  const quiet = () => ({ login: { histogram: [[100, 24]] as const } })
  const journal = (changes: Parameters<typeof session>[0], ...more: readonly Evidence[]): readonly Evidence[] => [
    runStarted(),
    { kind: 'session-started', at: instant(ZERO - 1000), session: session(changes) },
    ...['a', 'b'].flatMap((of, n) => blockRecords(blockPlan(`p1-${of}`, of, 1), ZERO + n * 40_000, quiet)),
    ...more,
  ]
  const ended = (healed: boolean): Evidence => ({ kind: 'run-ended', at: instant(ZERO + 80_000), healed })
  const lost = (about: string): Evidence => ({
    kind: 'evidence-lost',
    at: instant(ZERO),
    about,
    problem: 'half a line',
  })
  const told = (records: readonly Evidence[]) => {
    const comparing = createComparing()
    for (const record of records) comparing.add(record)
    if (comparing.is) noted(comparing.result())
    return comparing
  }

  it('is known by its session', () => {
    expect(told([runStarted()]).is).toBe(false)
    expect(told(journal({})).is).toBe(true)
  })

  it('says whether both releases were measured at once', () => {
    expect(told(journal({}, ended(true))).result().unit).toBe('pairs')
    expect(told(journal({ duet: true }, ended(true))).result().unit).toBe('duet')
  })

  it('exits as not healed where the run was not', () => {
    expect(told(journal({}, ended(true))).result().exitCode).toBe(3)
    expect(told(journal({}, ended(false))).result().exitCode).toBe(6)
  })

  it('tells three losses of the journal, and none of a watch', () => {
    const gapsOf = (...about: readonly string[]) => told(journal({}, ...about.map(lost))).result().gaps
    expect(gapsOf('watch of pods')).toEqual([])
    expect(gapsOf('journal line 7')).toEqual(['journal line 7: half a line'])
    expect(gapsOf('journal 1', 'journal 2', 'journal 3', 'journal 4')).toHaveLength(3)
  })
})

describe('the platform is at rest', () => {
  const source = { namespace: 'casino', selector: {}, port: 1, path: '/metrics', metrics: ['payments_breaker_state'] }
  const unrest = (readAt: number, value: number) => {
    const fold = createAtRest({ sources: { payments: source as never } })
    const block = { kind: 'block-ended', at: instant(5000), block: 'b', outcome: 'completed', problems: [] } as const
    const series = [{ name: 'payments_breaker_state', labels: {}, value }]
    const sample = { kind: 'sample', at: instant(readAt), source: 'payments', pod: 'p-1', ok: true, series } as const
    for (const record of [sample, block]) fold.add(record)
    return fold.unrest(9000)
  }

  it.each<[string, number, number, readonly string[]]>([
    ['with a breaker that was read after the load', 5001, 0, []],
    ['not with one that was read as it ended', 5000, 0, ['source payments was not read since the load ended']],
    ['not with one that is half open', 5001, 1, ['payments_breaker_state of payments/p-1 is 1: not closed']],
  ])('%s', (_, readAt, value, expected) => expect(unrest(readAt, value)).toEqual(expected))
})
