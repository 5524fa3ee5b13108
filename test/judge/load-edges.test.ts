/** Rows of the load, windows, the plan, the load generator and its objectives. */
import { describe, expect } from 'vitest'
import type { Evidence, SliCounts } from '../../src/domain/evidence.ts'
import type { Slo } from '../../src/domain/rehearsal.ts'
import { millis, ratio, seconds } from '../../src/domain/units.ts'
import { plannedRate } from '../../src/judge/load/arrivals-due.ts'
import { judgeGenerator } from '../../src/judge/load/generator.ts'
import { judgeObjectives } from '../../src/judge/load/objectives.ts'
import { foreignReasons, ownBad, requestSlis } from '../../src/judge/load/refused.ts'
import { rowsWithin, totalOf } from '../../src/judge/load/rows.ts'
import { countWindow, windowsOf } from '../../src/judge/load/windows.ts'
import type { Row } from '../../src/judge/seen/load-counts.ts'
import { rehearsal } from '../support/evidence.ts'
import { available, fast } from '../support/objectives.ts'
import { it, noted } from '../support/reviewed.ts'
import { atMs, causesIn, faulted, frame, framesOf, listOf, none, type SmallRun, seenIn } from '../support/small-run.ts'

describe('rows', () => {
  const row = (fromMs: number, ms: number, changes: Partial<Row> = {}): Row => ({
    good: 0,
    bad: 0,
    slow: 0,
    overCeiling: 0,
    dropped: 0,
    histogram: [],
    timeouts: 0,
    badBy: {},
    fromAt: fromMs,
    at: ms,
    line: 1,
    ...changes,
  })
  it('overlap a window where more than their edge does', () => {
    const rows = [row(0, 1000), row(1000, 2000), row(2000, 3000), row(3000, 4000)]
    const within = (from: number, to: number) => rowsWithin(rows, from, to).map(({ fromAt }) => fromAt)
    expect([within(1000, 3000), within(999, 3001), within(1500, 1500), within(1000, 1000)]).toEqual([
      [1000, 2000],
      [0, 1000, 2000, 3000],
      [1000],
      [],
    ])
  })
  it('add up', () => {
    expect(
      totalOf([
        row(0, 1, { good: 1, bad: 2, dropped: 3, timeouts: 4 }),
        row(0, 1, { good: 10, bad: 20, dropped: 30, timeouts: 40 }),
      ]),
    ).toEqual({ good: 11, bad: 22, dropped: 33, timeouts: 44 })
    expect(totalOf([])).toEqual({ good: 0, bad: 0, dropped: 0, timeouts: 0 })
  })
  it('belong to the window of their middle', () => {
    const window = { name: 'w', kind: 'phase', fromMs: millis(1000), toMs: millis(2000) } as const
    const of = (fromMs: number, ms: number) =>
      countWindow([row(fromMs, ms, { good: 1, dropped: 2 })], 100, window, 0.9).attempts
    expect([of(600, 1599), of(600, 1600), of(1600, 2599), of(1600, 2600)]).toEqual([0, 3, 3, 0])
  })
  it('do not count 401, 403 and foreign reasons as their own failures', () => {
    const of = (badBy: Row['badBy'], foreign: readonly string[] = []) =>
      ownBad(row(0, 1, { bad: 10, badBy }), new Set(foreign))
    expect([
      of({ 'http-401': 3, 'http-403': 2, 'http-429': 4 }),
      of({ 'http-429': 4, timeout: 1 }, ['http-429']),
      of({}),
    ]).toEqual([5, 6, 10])
  })
  it('of requests leave out sockets and attempts that must be refused', () => {
    const sli = (name: string, ms: number) => frame(ms, { instance: name, slis: { [name]: none } })
    const seen = seenIn([sli('login', 1000), sli('forged-webhook', 2000), sli('ws-rtt', 3000), sli('bet', 4000)], {
      load: { sockets: { lifetimeMs: seconds(1), sli: 'ws-rtt', stages: [] } as never },
    })
    expect(requestSlis(seen)).toEqual(['bet', 'login'])
  })
  it('have reasons that were there before, each by itself', () => {
    const rows = seenIn(
      framesOf(
        'login',
        listOf(
          [54_000, {}],
          [60_000, { good: 80, bad: 20, badBy: { a: 10, b: 4, c: 6 } }],
          [64_000, {}],
          [70_000, { good: 50, bad: 50, badBy: { a: 25, c: 15, d: 10 } }],
        ),
      ),
    ).load.rows('login')
    expect(noted([...foreignReasons(rows, atMs(65_000), { fromAt: atMs(65_000), toAt: atMs(90_000) })])).toEqual([])
    expect([...foreignReasons(rows, atMs(65_000), { fromAt: atMs(71_000), toAt: atMs(90_000) })]).toEqual(['a', 'c'])
  })
})

describe('windows of a run', () => {
  const names = (records: readonly Evidence[], run: SmallRun = {}) =>
    noted(windowsOf(seenIn(records, run))).map(({ name, fromMs, toMs }) => `${name} ${fromMs}-${toMs}`)
  const phases = ['baseline 0-25000', 'promo peak 25000-125000', 'recovery 125000-160000']
  it('are its phases, and its faults from their injection to their healing', () => {
    expect(names(faulted())).toEqual([...phases, 'psp-a down 65500-91000'])
    expect(names([])).toEqual(phases)
    expect(names(faulted().slice(0, 2), { until: 80_000 })).toEqual([...phases, 'psp-a down 65500-80000'])
    expect(names(faulted().slice(0, 2), { until: 60_000 })).toEqual([...phases, 'psp-a down 65500-65500'])
  })
})

describe('the plan of a load', () => {
  it('has a rate between two moments', () => {
    const rate = (from: number, to: number) => Math.round(plannedRate(seenIn([]), atMs(from), atMs(to)) * 100) / 100
    expect([rate(5000, 25_000), rate(0, 5000), rate(30_000, 30_000), rate(35_000, 125_000), rate(-5000, 0)]).toEqual([
      60, 30, 0, 150, 0,
    ])
    expect(rate(30_000, 30_001)).toBeCloseTo(105, 0)
  })
})

describe('a load generator', () => {
  const health = (n: number, instance: string, busy: number, changes: object = {}): Evidence => ({
    kind: 'generator-health',
    at: atMs(n * 1000),
    instance,
    cpuCores: 0.1,
    rssBytes: 1,
    hostBusy: ratio(busy),
    ...changes,
  })
  const full = (instance: string, spans: readonly (readonly [from: number, to: number])[], changes: object = {}) =>
    Array.from({ length: 30 }, (_, n) =>
      spans.some(([from, to]) => n + 1 > from && n + 1 <= to)
        ? health(n + 1, instance, 0.99, changes)
        : health(n + 1, instance, 0.5),
    )
  const frames = [1, 30].map((second) => frame(second * 1000, {}))
  const judged = (records: readonly Evidence[], run: SmallRun = {}) =>
    noted(judgeGenerator(seenIn([...frames, ...records], { until: 30_000, ...run }), new Map()))
  // A fifth of 30 s is 6 s, and stretches of less than 3 s do not count.
  it.each<[string, () => boolean, boolean]>([
    ['that is full for 6 s', () => judged(full('k6', [[5, 11]])).contended, false],
    ['that is full for 7 s', () => judged(full('k6', [[5, 12]])).contended, true],
    [
      'that is full for 3 s and 4 s',
      () =>
        judged(
          full('k6', [
            [5, 8],
            [10, 14],
          ]),
        ).contended,
      true,
    ],
    [
      'that is full for 2 s and 5 s',
      () =>
        judged(
          full('k6', [
            [5, 7],
            [10, 15],
          ]),
        ).contended,
      false,
    ],
    [
      'that is full for 2 s again and again',
      () =>
        judged(
          full('k6', [
            [2, 4],
            [5, 7],
            [8, 10],
            [11, 13],
            [14, 16],
            [17, 19],
          ]),
        ).contended,
      false,
    ],
    ['of two, of which one is full', () => judged([...full('a', [[5, 12]]), ...full('b', [])]).contended, true],
    [
      'of two, which are full in turn',
      () => judged([...full('a', [[5, 10]]), ...full('b', [[10, 15]])]).contended,
      false,
    ],
    ['that nobody watched', () => judged([]).contended, false],
  ])('%s', (_, is, expected) => expect(is()).toBe(expected))

  it('has peaks of what was watched', () => {
    const { result } = judged([health(5, 'k6', 0.7, { cpuCores: 1.5 }), health(6, 'k6', 1)])
    expect([result.cpuCoresPeak, result.hostBusyPeak]).toEqual([1.5, 1])
    expect([judged([]).result.cpuCoresPeak, judged([]).result.sentence]).toEqual([
      0,
      'Nothing was measured of the load generator, so that it cannot be trusted.',
    ])
  })

  const lag = (from: number, to: number, p95Ms: number, instance = 'k6') =>
    Array.from({ length: 30 }, (_, n) =>
      frame((n + 1) * 1000, { instance, loopLag: { count: 1, p95Ms: n + 1 > from && n + 1 <= to ? p95Ms : 1 } }),
    )
  // The tightest objective is 120 ms: a tenth of it is late, and half of it badly late.
  it.each<[string, () => boolean, boolean]>([
    [
      'late on a machine that is full for 3 s',
      () => judged([...full('k6', [[5, 8]]), ...lag(5, 9, 13)]).contended,
      true,
    ],
    ['late on one that is full for less', () => judged([...full('k6', [[5, 7]]), ...lag(5, 9, 13)]).contended, false],
    ['late by no more than a tenth', () => judged([...full('k6', [[5, 8]]), ...lag(5, 9, 12)]).contended, false],
    ['late for 3 s', () => judged([...full('k6', [[5, 8]]), ...lag(5, 8, 13)]).contended, false],
    [
      'badly late without an objective of latency',
      () =>
        judged([...full('k6', []), ...lag(5, 9, 125)], { rehearsal: { slos: rehearsal.slos.slice(0, 2) as never } })
          .contended,
      false,
    ],
    [
      'worse without one',
      () =>
        judged([...full('k6', []), ...lag(5, 9, 126)], { rehearsal: { slos: rehearsal.slos.slice(0, 2) as never } })
          .contended,
      true,
    ],
  ])('is %s', (_, is, expected) => expect(is()).toBe(expected))

  const quiet = (
    load: object,
    slis: Readonly<Record<string, Partial<SliCounts>>>,
    profiles: Readonly<Record<string, number>>,
  ) =>
    causesIn(
      judged(
        [
          frame(20_000, {
            slis: Object.fromEntries(Object.entries(slis).map(([name, counts]) => [name, { ...none, ...counts }])),
            profiles: Object.fromEntries(
              Object.entries(profiles).map(([name, iterations]) => [name, { iterations, dropped: 0 }]),
            ),
          }),
          ...full('k6', []),
        ],
        { load },
      ).findings,
    )
  it('reports iterations without an outcome for known profiles, and not for a script', () => {
    const both = { login: { good: 5 }, bet: { good: 5 } }
    expect(quiet({}, both, { login: 50, bet: 60 })).toEqual(['gap evidence-lost', 'gap evidence-lost'])
    expect(quiet({}, both, { other: 50 })).toEqual([])
    expect(quiet({ outside: { shown: [] } as never }, both, { login: 50 })).toEqual([])
  })
})

describe('objectives', () => {
  it('of a union count what never ran in each of its parts', () => {
    const due = (neverRan: number) => ({ due: 0, ran: 0, dropped: 0, neverRan, remaining: 5 })
    const records = framesOf('api', [[10_000, { good: 100, bad: 1 }]])
    const judged = (slo: Slo, run: SmallRun = {}) =>
      noted(
        judgeObjectives(
          seenIn(records, { rehearsal: { slos: [slo], slis: rehearsal.slis }, ...run }),
          new Map(['login', 'deposit'].map((name) => [name, due(7)])),
        ),
      ).result[0]
    expect(judged(available(0.5, 'api'))?.whole).toMatchObject({ attempts: 115, neverRan: 14 })
    expect(judged({ ...fast, sli: 'api' })?.whole.neverRan).toBe(14)
    expect(judged(available(0.999, 'api'), { until: undefined })?.state).toBe('missed')
  })
})
