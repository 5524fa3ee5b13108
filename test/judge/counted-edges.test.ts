/** Objectives that a Prometheus counts, and thresholds of a script. */
import { describe, expect } from 'vitest'
import type { Evidence, Series } from '../../src/domain/evidence.ts'
import type { PrometheusSli } from '../../src/domain/prometheus-sli.ts'
import type { Slo, Target } from '../../src/domain/rehearsal.ts'
import { seconds } from '../../src/domain/units.ts'
import { judgeObjectives } from '../../src/judge/load/objectives.ts'
import { judgeScript } from '../../src/judge/load/thresholds.ts'
import { place as at, podLife } from '../support/evidence.ts'
import { available, fast } from '../support/objectives.ts'
import { it, noted } from '../support/reviewed.ts'
import { atMs, causesIn, type SmallRun, seenIn } from '../support/small-run.ts'

const RATIO: PrometheusSli = { kind: 'prometheus-ratio', of: 'shop', good: 'good', total: 'all', at }
const FAILURES: PrometheusSli = { kind: 'prometheus-failures', of: 'shop', bad: 'bad', total: 'all', at }
const BUCKETS: PrometheusSli = { kind: 'prometheus-buckets', of: 'shop', buckets: 'times', unit: 'ms', at }

describe('an objective that a Prometheus counts', () => {
  type Values = Readonly<Record<string, number>>
  const scrape = (ms: number, values: Values | string, pod = 'a'): Evidence => {
    const head = { kind: 'sample', at: atMs(ms), source: 'shop', pod } as const
    if (typeof values === 'string') return { ...head, ok: false, problem: values }
    const series = Object.entries(values).map(([name, value]): Series => {
      const [metric = '', le] = name.split(' ')
      return { name: metric, labels: le === undefined ? {} : { le }, value }
    })
    return { ...head, ok: true, series }
  }
  const prometheus = { scrapeMs: seconds(20), sources: { shop: {} } } as unknown as Target['prometheus']
  const judged = (sli: PrometheusSli, slo: Slo, records: readonly Evidence[], run: SmallRun = {}) => {
    const seen = seenIn(records, {
      ...run,
      target: { prometheus: prometheus as NonNullable<typeof prometheus>, ...run.target },
      rehearsal: { slis: { shop: sli }, slos: [slo] },
    })
    const { result, findings } = noted(judgeObjectives(seen, new Map()))
    return [result[0]?.state, ...findings.map(({ weight, cause }) => `${weight} ${cause}`)]
  }
  /** Every 20 s from a second before the load to its end, so much more each time. */
  const steady = (of: (n: number) => Values, pod = 'a', from = 0, to = 9) =>
    Array.from({ length: to - from }, (_, index) => scrape(-1000 + (from + index) * 20_125, of(from + index), pod))
  const counts = (good: number, bad: number) => (n: number) => ({ good: n * good, all: n * (good + bad) })
  const nine = available(0.9)

  it.each<[string, () => readonly unknown[], readonly unknown[]]>([
    ['is proven', () => judged(RATIO, nine, steady(counts(100, 1))), ['proven']],
    ['is missed', () => judged(RATIO, nine, steady(counts(100, 20))), ['missed', 'breach slo-missed']],
    ['has no attempt', () => judged(RATIO, nine, steady(counts(0, 0))), ['no-evidence', 'gap no-evidence']],
    ['was never read', () => judged(RATIO, nine, []), ['no-evidence', 'gap no-evidence']],
    [
      'is counted by its failures',
      () =>
        judged(
          FAILURES,
          nine,
          steady((n) => ({ bad: n, all: n * 100 })),
        ),
      ['proven'],
    ],
    [
      'whose failures nobody ever showed',
      () =>
        judged(
          FAILURES,
          nine,
          steady((n) => ({ all: n * 100 })),
        ),
      ['unproven', 'gap evidence-lost'],
    ],
    [
      'has a good attempt more than attempts',
      () =>
        judged(
          RATIO,
          nine,
          steady((n) => ({ good: n * 101, all: n * 100 })),
        ),
      ['proven'],
    ],
    [
      'has more good attempts than that',
      () =>
        judged(
          RATIO,
          nine,
          steady((n) => ({ good: n * 102, all: n * 100 })),
        ),
      ['unproven', 'gap evidence-lost'],
    ],
    [
      'has more failures than attempts',
      () =>
        judged(
          FAILURES,
          nine,
          steady((n) => ({ bad: n * 102, all: n * 100 })),
        ),
      ['unproven', 'gap evidence-lost'],
    ],
    [
      'has a hole',
      () =>
        judged(
          RATIO,
          nine,
          steady(counts(100, 1)).filter((_, n) => n !== 3 && n !== 4),
        ),
      ['unproven', 'gap evidence-lost'],
    ],
    [
      'has a hole of two pods',
      () =>
        judged(RATIO, nine, [
          ...steady(counts(100, 1)).filter((_, n) => n !== 3 && n !== 4),
          ...steady(counts(100, 1), 'b').filter((_, n) => n < 3 || n > 6),
        ]),
      ['unproven', 'gap evidence-lost'],
    ],
    [
      'has a failed scrape',
      () => judged(RATIO, nine, [...steady(counts(100, 1)), scrape(50_000, 'answered 503')]),
      ['unproven', 'gap evidence-lost'],
    ],
    [
      'of responses within its limits',
      () =>
        judged(
          BUCKETS,
          fast,
          steady((n) => ({ 'times 100': n * 100, 'times 200': n * 100, 'times +Inf': n * 101 })),
        ),
      ['proven'],
    ],
    [
      'of slow responses',
      () =>
        judged(
          BUCKETS,
          fast,
          steady((n) => ({ 'times 100': n * 80, 'times 200': n * 100, 'times +Inf': n * 101 })),
        ),
      ['proven-with-warning', 'warning slo-warning'],
    ],
    [
      'of responses over its ceiling',
      () =>
        judged(
          BUCKETS,
          fast,
          steady((n) => ({ 'times 100': n * 50, 'times 200': n * 50, 'times +Inf': n * 100 })),
        ),
      ['missed', 'breach slo-missed'],
    ],
    [
      'without a bucket at its limit',
      () =>
        judged(
          BUCKETS,
          fast,
          steady((n) => ({ 'times 50': n, 'times 200': n, 'times +Inf': n })),
        ),
      ['no-evidence', 'gap evidence-lost'],
    ],
  ])('%s', (_, is, expected) => expect(is()).toEqual(expected))

  const ended = (rate: number, endMs: number) => {
    const life = podLife({
      name: 'a',
      app: 'a',
      namespace: 'casino',
      born: -5,
      ready: -4,
      ends: endMs / 1000,
      gone: endMs / 1000,
    })
    return judged(RATIO, nine, [
      ...steady(counts(rate, 0)).filter(({ at: ms }) => ms <= atMs(60_000)),
      ...steady(counts(200, 0), 'b'),
      ...life,
    ])
  }
  it.each<[string, () => readonly unknown[], string]>([
    ['few attempts', () => ended(20, 62_000), 'proven'],
    ['many attempts', () => ended(900, 98_000), 'unproven'],
  ])('of which an instance ended with %s unseen', (_, is, state) => expect(is()[0]).toBe(state))
})

describe('a script', () => {
  const threshold = (changes: object = {}) => ({
    metric: 'm',
    expression: 'p(95)<2',
    ok: false,
    samples: 5,
    aborted: false,
    values: { 'p(95)': 2.5, avg: 1 },
    ...changes,
  })
  const judged = (
    told: readonly object[],
    planned: readonly object[] = [],
    outcome: 'completed' | 'crashed' | 'stopped' | 'unseen' = 'completed',
    load: object = {},
  ) => {
    const ended =
      outcome === 'unseen'
        ? []
        : [
            {
              kind: 'load-ended',
              at: atMs(160_000),
              instance: 'k6',
              outcome,
              exitCode: 0,
              problems: [],
              thresholds: told,
            } as unknown as Evidence,
          ]
    return causesIn(judgeScript(seenIn(ended, { until: undefined, load: { thresholds: planned, ...load } as never })))
  }
  const missed = 'breach threshold-missed'
  it.each<[string, () => readonly string[], readonly string[]]>([
    ['without thresholds', () => judged([]), []],
    ['that kept one', () => judged([threshold({ ok: true })], [threshold()]), []],
    ['that missed one', () => judged([threshold()]), [missed]],
    ['that stopped for one', () => judged([threshold({ aborted: true })]), [missed]],
    ['that kept one without samples', () => judged([threshold({ ok: true, samples: 0 })]), ['gap no-evidence']],
    ['with one sample', () => judged([threshold({ ok: true, samples: 1 })]), []],
    ['that missed one of which nothing was told', () => judged([threshold({ values: {} })]), [missed]],
    ['that missed one of two values', () => judged([threshold({ expression: 'p(99)<2' })]), [missed]],
    [
      'that told another one',
      () => judged([threshold({ ok: true })], [threshold({ metric: 'n' })]),
      ['gap no-evidence'],
    ],
    [
      'that told another expression',
      () => judged([threshold({ ok: true })], [threshold({ expression: 'avg<2' })]),
      ['gap no-evidence'],
    ],
    ['that crashed and told nothing', () => judged([], [threshold()], 'crashed'), ['gap no-evidence']],
    ['that was never seen to end', () => judged([], [threshold()], 'unseen'), []],
    [
      'with a closed model',
      () =>
        judged([], [], 'completed', {
          outside: {
            shown: [
              { name: 'a', model: 'closed' },
              { name: 'b', model: 'open' },
              { name: 'c', model: 'closed' },
            ],
          },
        }),
      ['warning closed-model'],
    ],
    [
      'with an open model',
      () => judged([], [], 'completed', { outside: { shown: [{ name: 'b', model: 'open' }] } }),
      [],
    ],
  ])('%s', (_, is, expected) => expect(is()).toEqual(expected))
})
