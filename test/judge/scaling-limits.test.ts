/** Autoscalers, required states, connections and what triggers say last, each at its limit and one step beyond. */
import { describe, expect } from 'vitest'
import type { Evidence } from '../../src/domain/evidence.ts'
import type { Expectation } from '../../src/domain/rehearsal.ts'
import type { RequiredState } from '../../src/domain/required-state.ts'
import type { Trigger } from '../../src/domain/trigger.ts'
import { instant, perSecond, seconds } from '../../src/domain/units.ts'
import { capped } from '../../src/judge/cluster/autoscaler-reasons.ts'
import { calmingOf } from '../../src/judge/cluster/calming.ts'
import { judgeConnections } from '../../src/judge/cluster/connections.ts'
import { judgeKeda } from '../../src/judge/cluster/keda.ts'
import { judgeRequired } from '../../src/judge/load/required.ts'
import { judgeScript } from '../../src/judge/load/thresholds.ts'
import { watchTrigger } from '../../src/judge/triggers/triggers.ts'
import { place as at, rehearsal } from '../support/evidence.ts'
import { podLife, triggered } from '../support/evidence-cluster.ts'
import { it, noted } from '../support/reviewed.ts'
import { hpaAt, limited, type Metric } from '../support/scaled-run.ts'
import { atMs, counted, seenIn, wordsOn } from '../support/small-run.ts'
import { scrapes, target, triggers, wants } from '../support/triggers.ts'

const hpa = (ms: number, desired: number, metrics: readonly Metric[] = [], isLimited = false): Evidence =>
  hpaAt(ms / 1000, desired, metrics, { max: 5, conditions: isLimited ? limited : [] })
const expecting = (...expectations: readonly Expectation[]) => ({
  expectations: [...expectations, ...rehearsal.expectations.slice(1)],
})

const scaler = {
  kind: 'autoscaler',
  name: 'payments-api',
  phase: 'promo peak',
  decidesWithinSyncs: 3,
  readyWithinMs: seconds(30),
  atLeast: 6,
  calms: { withinMs: seconds(15), turnsMax: 1 },
  at,
} as const

// The phase lasts from 25 s to 125 s.
describe('an autoscaler after a peak', () => {
  const calm = (wanted: readonly (readonly [ms: number, desired: number])[], until = 160_000) => {
    const { result, findings } = noted(
      calmingOf(
        seenIn(
          wanted.map(([ms, desired]) => hpa(ms, desired)),
          { until },
        ),
        scaler,
      ),
    )
    return [result.calmMs, result.turns, ...findings.map(({ weight, sentence }) => `${weight}: ${sentence}`)]
  }
  const up = [
    [-1000, 2],
    [30_000, 6],
  ] as const

  it.each<[string, () => ReturnType<typeof calm>, ReturnType<typeof calm>]>([
    ['is down in time', () => calm([...up, [140_000, 2]]), [15_000, 1]],
    [
      'is down too late',
      () => calm([...up, [140_001, 2]]),
      [15_001, 1, 'breach: payments-api was down again 15.0 s after promo peak (2 pods wanted); 15.0 s were allowed.'],
    ],
    ['is down as the peak ends', () => calm([...up, [125_000, 2]]), [0, 1]],
    [
      'is down to where it was as the peak began',
      () =>
        calm([
          [-1000, 2],
          [25_000, 3],
          [30_000, 6],
          [126_000, 3],
        ]),
      [1000, 1],
    ],
    ['is seen down with the last record', () => calm([...up, [140_000, 2]], 140_000), [15_000, 1]],
    [
      'stays up, in a run that ends with its time',
      () => calm(up, 140_000),
      [
        undefined,
        0,
        'breach: payments-api was not down again 15.0 s after promo peak (6 pods wanted); 15.0 s were allowed.',
      ],
    ],
    [
      'stays up, in a run that ends before it',
      () => calm(up, 139_999),
      [undefined, 0, 'gap: payments-api: the run ended 15.0 s after promo peak, before it had to have scaled down.'],
    ],
    [
      'goes to and fro',
      () => calm([...up, [50_000, 4], [60_000, 5], [130_000, 2]]),
      [5000, 3, 'breach: payments-api changed direction 3 times; 1 are allowed.'],
    ],
  ])('%s', (_, is, expected) => expect(is()).toEqual(expected))
})

describe('an autoscaler at its maximum', () => {
  const over = { at: atMs(30_000), line: 1 }
  const told = (records: readonly Evidence[], atLeast = 6) =>
    noted(capped(seenIn(records), { ...scaler, atLeast }, over)).map(({ sentence }) => sentence)
  const high: readonly Metric[] = [
    { metric: 'Pods/rps', target: 10, value: 15 },
    { metric: 'Pods/odd', target: 0, value: 9 },
  ]
  const words = (why: string, after = '0 ms') => [
    `payments-api stood at its maximum of 5 pods ${after} after the load called for 6, and its metric was still over target (${why}).`,
  ]

  it.each<[string, () => readonly string[], readonly string[]]>([
    ['and still over its target', () => told([hpa(29_000, 5, high)]), words('Pods/rps up to 1.50 times its target')],
    ['that says so itself', () => told([hpa(29_000, 5, [], true)]), words('it says so itself: TooManyReplicas')],
    [
      'as the time allowed ends',
      () => told([hpa(60_000, 5, high)]),
      words('Pods/rps up to 1.50 times its target', '30.0 s'),
    ],
    ['only after that', () => told([hpa(60_001, 5, high)]), []],
    ['that is high enough', () => told([hpa(29_000, 5, high)], 5), []],
    ['and on target', () => told([hpa(29_000, 5, [{ metric: 'Pods/rps', target: 10, value: 11 }])]), []],
  ])('%s', (_, is, expected) => expect(is()).toEqual(expected))
})

describe('a queue', () => {
  const keda = {
    kind: 'keda',
    scaledObject: 'worker',
    phase: 'promo peak',
    activatesWithinMs: seconds(10),
    readyWithinMs: seconds(20),
    atLeast: 1,
    idleWithinMs: seconds(15),
    at,
  } as const
  const worker = (ready: number, ends?: number) =>
    podLife({
      name: 'worker-1',
      app: 'worker',
      node: 'zone-a-api',
      born: ready - 1,
      ready,
      ...(ends === undefined ? {} : { ends, gone: ends + 1 }),
    })
  const judged = (records: readonly Evidence[], until = 160_000): readonly unknown[] => {
    const { result, findings } = noted(judgeKeda(seenIn(records, { until, rehearsal: expecting(keda) })))
    return [
      result[0]?.steps.map(({ afterMs }) => afterMs),
      ...findings.map(({ weight, sentence }) => `${weight}: ${sentence}`),
    ]
  }

  it.each<[string, () => ReturnType<typeof judged>, ReturnType<typeof judged>]>([
    ['that was active before', () => judged([triggered(-1, true), ...worker(0, 140)]), [[0, 0, 0, 15_000]]],
    [
      'that is active as its phase begins',
      () => judged([triggered(-1, false), triggered(25, true), ...worker(45, 140)]),
      [[0, 19_000, 20_000, 15_000]],
    ],
    [
      'that is late',
      () => judged([triggered(-1, false), triggered(35.001, true), ...worker(45, 140)]),
      [
        [10_001, 19_000, 20_000, 15_000],
        'breach: worker took 10.0 s to become active (10.0 s allowed) in promo peak: at most 1 pod ready of 1 wanted.',
      ],
    ],
    [
      'that was not seen active in time',
      () => judged([triggered(-1, false)], 45_000),
      [
        [undefined, undefined, undefined, 0],
        'breach: worker did not become active (10.0 s allowed), did not make its first pod and did not have enough pods ready (20.0 s allowed) in promo peak: at most 0 pods ready of 1 wanted.',
      ],
    ],
    [
      'whose run ended before',
      () => judged([triggered(-1, true), ...worker(0)], 139_999),
      [[0, 0, 0, undefined], 'gap: worker: the run ended before it had to be at rest again.'],
    ],
    [
      'whose run ended as it had to be at rest',
      () => judged([triggered(-1, true), ...worker(0)], 140_000),
      [
        [0, 0, 0, undefined],
        'breach: worker did not be at rest again (15.0 s allowed) in promo peak: at most 1 pod ready of 1 wanted.',
      ],
    ],
  ])('%s', (_, is, expected) => expect(is()).toEqual(expected))
})

describe('a state that the run must reach', () => {
  const told = (state: RequiredState, records: readonly Evidence[], until = 160_000) => {
    const { result, findings } = noted(judgeRequired(seenIn(records, { until, rehearsal: { reaches: [state] } })))
    return wordsOn({
      result: { held: result[0]?.held === true, sentence: `${result[0]?.shown} at ${result[0]?.afterMs}` },
      findings: findings.map((each) => each),
    }).concat(findings.length === 0 ? '' : ` (${findings[0]?.sentence.split(/[:.] /).at(-1)})`)
  }
  const most: RequiredState = { kind: 'at-maximum', autoscaler: 'payments-api', phase: 'promo peak', at }
  const gauge: RequiredState = {
    kind: 'gauge',
    of: 'wallet-db',
    metric: 'pg_connections',
    where: {},
    pods: 'max',
    atLeast: 60,
    phase: 'promo peak',
    at,
  }
  const rate: RequiredState = {
    kind: 'rate',
    of: 'bets',
    metric: 'bets_total',
    where: {},
    atLeast: perSecond(50),
    phase: 'promo peak',
    at,
  }
  const pg = (...values: readonly (readonly [number, number | undefined])[]) =>
    counted('wallet-db', 'pg_connections', {}, values)
  const bets = (from: number) =>
    counted('bets', 'bets_total', {}, [
      [0, 0],
      [from, 0],
      [from + 5000, 250],
      [from + 10_000, 250],
    ])

  it.each<[string, () => string, string]>([
    ['as its phase begins', () => told(most, [hpa(25_000, 5)]), 'held: 5 of 5 pods at 25000'],
    [
      'before its phase, and no more',
      () => told(most, [hpa(24_000, 5), hpa(25_000, 4)]),
      'gap state-not-reached: 4 of 5 pods at undefined (The nearest was 4 of 5 pods, 25.0 s after the load started.)',
    ],
    ['as its phase ends', () => told(most, [hpa(30_000, 4), hpa(125_000, 5)]), 'held: 5 of 5 pods at 125000'],
    [
      'after its phase',
      () => told(most, [hpa(30_000, 4), hpa(125_001, 5)]),
      'gap state-not-reached: 4 of 5 pods at undefined (The nearest was 4 of 5 pods, 30.0 s after the load started.)',
    ],
    [
      'not in a run that ends 2 s early',
      () => told(most, [hpa(30_000, 4)], 123_000),
      'gap state-not-reached: 4 of 5 pods at undefined (The nearest was 4 of 5 pods, 30.0 s after the load started.)',
    ],
    [
      'not in a run that ends earlier',
      () => told(most, [hpa(30_000, 4)], 122_999),
      'gap no-evidence: 4 of 5 pods at undefined (the run ended before its time was over.)',
    ],
    ['by a gauge as its phase begins', () => told(gauge, pg([25_000, 60])), 'held: 60 at 25000'],
    ['by a gauge as its phase ends', () => told(gauge, pg([100_000, 59], [125_000, 60])), 'held: 60 at 125000'],
    [
      'by a gauge after it',
      () => told(gauge, pg([100_000, 59], [125_001, 60])),
      'gap state-not-reached: 59 at undefined (The nearest was 59, 1 min 40 s after the load started.)'.replace(
        '1 min 40 s',
        '100.0 s',
      ),
    ],
    [
      'not, with one unread of ten',
      () =>
        told(gauge, pg(...Array.from({ length: 10 }, (_, n) => [30_000 + n * 1000, 59] as const), [50_000, undefined])),
      'gap state-not-reached: 59 at undefined (The nearest was 59, 30.0 s after the load started.)',
    ],
    [
      'not, with one unread of nine',
      () =>
        told(gauge, pg(...Array.from({ length: 9 }, (_, n) => [30_000 + n * 1000, 59] as const), [50_000, undefined])),
      'gap no-evidence: 59 at undefined (1 of 10 readings failed.)',
    ],
    ['by a rate from the start of its phase on', () => told(rate, bets(25_000)), 'held: 50/s at 30000'],
    [
      'by a rate that began before',
      () => told(rate, bets(24_999)),
      'gap state-not-reached: 0/s at undefined (The nearest was 0/s, 35.0 s after the load started.)',
    ],
  ])('is reached %s', (_, is, expected) => expect(is()).toBe(expected))
})

describe('connections', () => {
  const told = (...values: readonly (readonly [number, number | undefined])[]) => {
    const expected = {
      kind: 'connections',
      of: 'wallet-db',
      metric: 'pg_connections',
      where: {},
      pods: 'sum',
      atMost: 60,
      at,
    } as const
    const { result, findings } = noted(
      judgeConnections(seenIn(counted('wallet-db', 'pg_connections', {}, values), { rehearsal: expecting(expected) })),
    )
    return [result[0]?.held, ...findings.map(({ weight, sentence, evidence }) => `${weight}: ${sentence} ${evidence}`)]
  }

  it.each<[string, () => ReturnType<typeof told>, ReturnType<typeof told>]>([
    ['at their limit', () => told([0, 59], [1000, 60]), [true]],
    [
      'beyond it',
      () => told([0, 60], [1000, 61], [2000, 60], [3000, 62]),
      [false, 'breach: pg_connections of wallet-db rose to 62, over its limit of 60 (at 2 readings). 4,6'],
    ],
    ['read as often as not', () => told([0, 60], [1000, undefined]), [true]],
    [
      'read less often',
      () => told([0, 60], [1000, undefined], [2000, undefined]),
      [
        false,
        'gap: pg_connections of wallet-db could not be read in 2 of 3 scrapes, so that its limit of 60 is not known to hold. 3',
      ],
    ],
    [
      'never read',
      () => told([0, undefined]),
      [
        false,
        'gap: pg_connections of wallet-db was never scraped, so that its limit of 60 is not known to hold. 1,2,4',
      ],
    ],
  ])('%s', (_, is, expected) => expect(is()).toEqual(expected))
})

describe("the script's own thresholds", () => {
  it('are told with the values that were compared', () => {
    const base = {
      metric: 'm',
      expression: 'p(95)<2',
      ok: false,
      samples: 1,
      aborted: false,
      values: { 'p(95)': 2.5, avg: 1 },
    }
    const all = [base, { ...base, aborted: true, values: {} }, { ...base, samples: 0 }, { ...base, ok: true }]
    const planned = [
      { metric: 'm', expression: 'p(95)<2', abortOnFail: false },
      { metric: 'm', expression: 'rate<1', abortOnFail: false },
      { metric: 'n', expression: 'p(95)<2', abortOnFail: false },
    ]
    const ended: Evidence = {
      kind: 'load-ended',
      at: atMs(9000),
      instance: 'k6',
      outcome: 'completed',
      exitCode: 0,
      problems: [],
      thresholds: all,
    }
    expect(
      noted(judgeScript(seenIn([ended], { until: undefined, load: { thresholds: planned } }))).map(
        ({ weight, sentence }) => `${weight}: ${sentence}`,
      ),
    ).toEqual([
      "breach: The script's threshold m: p(95)<2 was missed (p(95) = 2.5).",
      "breach: The script's threshold m: p(95)<2 was missed, and stopped the run.",
      "gap: The script's threshold m: p(95)<2 has no samples.",
      "gap: k6 did not tell whether the script's threshold m: rate<1 held.",
      "gap: k6 did not tell whether the script's threshold n: p(95)<2 held.",
    ])
  })
})

describe('a trigger that did not fire', () => {
  const last = (trigger: Trigger, records: readonly Evidence[]) => {
    const watch = watchTrigger(trigger, target)
    for (const record of records) watch.add(record, instant(0))
    return watch.last()
  }
  const { autoscaler, gauge } = triggers
  const deployment = Object.values(triggers).find((each) => each.kind === 'rollout')
  const turns = Object.values(triggers).find((each) => each.kind === 'pod')
  if (deployment === undefined || turns === undefined) throw new Error('there is a trigger of each kind')

  it('says what was read last, or that nothing was', () => {
    for (const trigger of [autoscaler, gauge, deployment, turns])
      expect(last(trigger, [])).toBe('nothing was read of it')
    expect(last(autoscaler, [wants(1000, 2)])).toMatch(/^the autoscaler \S+ wants 2 pods$/)
    expect(last(gauge, scrapes(1000, ...Array.from({ length: 9 }, () => 5)))).toMatch(/ is 5$/)
  })
})
