import { describe, expect } from 'vitest'
import type { HpaSeen, ScaledObjectSeen } from '../../src/domain/cluster.ts'
import type { Evidence } from '../../src/domain/evidence.ts'
import type { Expectation, OverPods, Rehearsal } from '../../src/domain/rehearsal.ts'
import { seconds } from '../../src/domain/units.ts'
import {
  place as at,
  evidence,
  healthy,
  podLife,
  rehearsal,
  type Story,
  scrapes,
  seen,
  together,
} from '../support/evidence.ts'
import { causesOf, sentenceOf } from '../support/judged.ts'
import { it, judge } from '../support/reviewed.ts'

const expecting = (...more: readonly Expectation[]): Rehearsal => ({
  ...rehearsal,
  expectations: [...rehearsal.expectations, ...more],
})
const autoscaler = rehearsal.expectations.find((each) => each.kind === 'autoscaler')
if (!autoscaler) throw new Error('the stock rehearsal expects an autoscaler to act')

describe('an autoscaler that comes late', () => {
  const told = (hpa: Story['hpa'], pods: Story['pods'] = () => ({ scheduled: 2, ready: 2 })) =>
    judge(evidence({ hpa, pods }))
  const cpu =
    (value: number | undefined): Story['hpa'] =>
    () => ({
      desired: 2,
      metrics: [{ metric: 'Resource/cpu', target: 70, ...(value === undefined ? {} : { value }) }],
    })

  it.each<[string, Story['hpa'], string[]]>([
    ['because it uses only CPU was blind', cpu(45), ['autoscaler-blind', 'autoscaler-late']],
    ['because CPU has no value was blind', cpu(undefined), ['autoscaler-blind', 'autoscaler-late']],
    ['although CPU showed the load was not blind', cpu(95), ['autoscaler-late']],
    [
      'although its metric showed the load was not blind',
      () => ({ desired: 2, metrics: [{ metric: 'Pods/rps_per_pod', target: 12, value: 25 }] }),
      ['autoscaler-late'],
    ],
  ])('%s', (_, hpa, causes) => {
    expect(causesOf(told(hpa))).toEqual(causes)
  })

  it('says which metrics it used', () => {
    expect(sentenceOf(told(cpu(45)), 'autoscaler-blind')).toBe(
      'payments-api never saw the load: it looks at Resource/cpu, at most 45 of its target 70, while the load called for 5 pods.',
    )
  })

  /** The stock story's autoscaler may go up to 6; this one may not. */
  const limited = (max: number, value: number): Evidence[] =>
    Array.from({ length: 160 }, (_, second) =>
      seen(
        second + 0.4,
        hpaOf(second, {
          desired: second < 30 ? 2 : max,
          max,
          metrics: [{ metric: 'Pods/rps_per_pod', target: 12, value: second < 26 ? 9 : value }],
        }),
      ),
    )
  const hpaOf = (_: number, changes: Partial<HpaSeen>): HpaSeen => ({
    resource: 'HorizontalPodAutoscaler',
    namespace: 'casino',
    name: 'payments-api',
    uid: 'h',
    of: 'payments-api',
    min: 2,
    max: 6,
    current: 2,
    desired: 2,
    conditions: [],
    metrics: [],
    ...changes,
  })
  const three: Story['pods'] = (s) => ({ scheduled: s < 32 ? 2 : 3, ready: s < 40 ? 2 : 3 })

  it('because its maximum is too low was capped', () => {
    const judgment = judge(together(evidence({ hpa: () => undefined, pods: three }), limited(3, 20)))
    expect(causesOf(judgment)).toEqual(['autoscaler-capped', 'autoscaler-late'])
    expect(sentenceOf(judgment, 'autoscaler-capped')).toBe(
      'payments-api stood at its maximum of 3 pods 4.9 s after the load called for 5, and its metric was still over target (Pods/rps_per_pod up to 1.67 times its target).',
    )
  })

  it('at its maximum was not capped if that is enough and the pods are slow', () => {
    expect(causesOf(judge(together(evidence({ hpa: () => undefined, pods: three }), limited(6, 20))))).toEqual([
      'autoscaler-late',
    ])
  })
})

describe('an autoscaler after the peak', () => {
  const calm: Expectation = { ...autoscaler, calms: { withinMs: seconds(25), turnsMax: 1 } }
  const story = (desired: (second: number) => number): Partial<Story> => ({
    hpa: (s) => ({ desired: desired(s), metrics: healthy.hpa(s)?.metrics ?? [] }),
    rehearsal: {
      ...rehearsal,
      expectations: rehearsal.expectations.map((each) => (each.kind === 'autoscaler' ? calm : each)),
    },
  })
  const [up, down] = [(s: number) => s >= 30 && s < 140, (s: number) => s >= 150]

  it.each<[string, (second: number) => number, string[]]>([
    ['that comes down in time is calm', (s) => (up(s) ? 6 : 2), []],
    ['that comes down too late is late', (s) => (down(s) || s < 30 ? 2 : 6), ['scale-down-late']],
    ['that never comes down is late', (s) => (s < 30 ? 2 : 6), ['scale-down-late']],
    ['that changes direction too often flaps', (s) => (up(s) ? (s % 20 < 10 ? 6 : 5) : 2), ['autoscaler-flapping']],
  ])('%s', (_, desired, causes) => {
    expect(causesOf(judge(evidence(story(desired))))).toEqual(causes)
  })

  it('shows how soon it came down, and how often it changed direction', () => {
    const [result] = judge(evidence(story((s) => (up(s) ? 6 : 2)))).autoscalers
    expect(result).toMatchObject({ turns: 1, held: true })
    expect((result?.calmMs ?? 0) / 1000).toBeCloseTo(15.4, 1)
  })

  it('is unknown when the run ends before', () => {
    const cut = {
      ...story((s) => (s < 30 ? 2 : 6)),
      lasts: 140,
      outcome: 'stopped',
      stop: { by: 'operator', reason: 'Ctrl-C' },
    } as const
    expect(causesOf(judge(evidence(cut)), 'breach')).not.toContain('scale-down-late')
  })
})

describe('KEDA', () => {
  const keda: Expectation = {
    kind: 'keda',
    scaledObject: 'payout-worker',
    phase: 'promo peak',
    activatesWithinMs: seconds(20),
    readyWithinMs: seconds(40),
    atLeast: 2,
    idleWithinMs: seconds(30),
    at,
  }
  const active = (second: number, is: boolean): Evidence =>
    seen(second, {
      resource: 'ScaledObject',
      namespace: 'casino',
      name: 'payout-worker',
      uid: 's',
      of: 'payout-worker',
      ofKind: 'Deployment',
      min: 0,
      max: 4,
      pollingMs: seconds(2),
      cooldownMs: seconds(10),
      conditions: [{ type: 'Active', status: is ? 'True' : 'False', reason: '', message: '' }],
      metrics: ['s0-postgresql'],
    } satisfies ScaledObjectSeen)
  const worker = (n: number, born: number, ready: number, ends?: number) =>
    podLife({
      name: `payout-worker-${n}`,
      app: 'payout-worker',
      node: 'zone-a-api',
      born,
      ready,
      ...(ends ? { ends, gone: ends + 2 } : {}),
    })
  const told = (...more: readonly (readonly Evidence[])[]) =>
    judge(together(evidence({ rehearsal: expecting(keda) }), ...more))
  const [first, second] = [worker(1, 33, 36, 140), worker(2, 38, 41, 140)]

  it('that wakes, scales and returns to zero in time holds each step', () => {
    const judgment = told([active(-1, false), active(32, true), active(138, false)], first, second)
    expect(causesOf(judgment)).toEqual([])
    expect(judgment.keda[0]?.steps.map(({ name, afterMs, held }) => [name, Math.round(afterMs ?? -1), held])).toEqual([
      ['active', 7000, true],
      ['first-pod', 8000, true],
      ['ready', 16_000, true],
      ['idle', 15_000, true],
    ])
    expect(judgment.keda[0]).toMatchObject({ peakReady: 2, held: true })
  })

  it.each<[string, Evidence[], string[]]>([
    ['that never wakes because its query is wrong is late', [active(-1, false)], ['queue-scaler-late']],
    [
      'that wakes late is late',
      together([active(-1, false), active(60, true), active(138, false)], first, second),
      ['queue-scaler-late'],
    ],
    [
      'whose pods come late is late',
      together([active(-1, false), active(32, true), active(138, false)], first, worker(2, 38, 90, 140)),
      ['queue-scaler-late'],
    ],
    [
      'that never returns to zero comes down late',
      together([active(-1, false), active(32, true)], worker(1, 33, 36), second),
      ['scale-down-late'],
    ],
    ['without evidence leaves a gap', [], ['no-evidence']],
  ])('%s', (_, more, causes) => {
    expect(causesOf(told(more))).toEqual(causes)
  })

  it('says which steps were missed', () => {
    expect(sentenceOf(told([active(-1, false)]), 'queue-scaler-late')).toBe(
      'payout-worker did not become active (20.0 s allowed), did not make its first pod and did not have enough pods ready (40.0 s allowed) in promo peak: at most 0 pods ready of 2 wanted.',
    )
  })
})

describe('connections', () => {
  const limited = (pods: OverPods, where = {}): Expectation => ({
    kind: 'connections',
    of: 'wallet-db',
    metric: 'pg_connections',
    where,
    pods,
    atMost: 60,
    at,
  })
  const told = (more: readonly Evidence[], ...limits: readonly Expectation[]) =>
    judge(together(evidence({ rehearsal: expecting(...(limits.length > 0 ? limits : [limited('sum')])) }), more))
  const ofTwoPods = (one: number, another: number) =>
    [
      ...scrapes('wallet-db', 'db-0', 'pg_connections', () => one),
      ...scrapes('wallet-db', 'db-1', 'pg_connections', () => another),
    ].sort((a, b) => a.at - b.at)

  /** One pod until second 60, and another one from 64 on. */
  const replacing = (one: number, another: (second: number) => number) => [
    ...scrapes('wallet-db', 'db-0', 'pg_connections', () => one).slice(0, 60),
    ...scrapes('wallet-db', 'db-1', 'pg_connections', another).slice(64),
  ]

  it.each<[string, Evidence[], string[], number | undefined]>([
    ['that stay below their limit hold', scrapes('wallet-db', 'db-0', 'pg_connections', (s) => 20 + (s % 7)), [], 26],
    [
      'that rise above it for one reading are an avalanche',
      scrapes('wallet-db', 'db-0', 'pg_connections', (s) => (s === 90 ? 75 : 20)),
      ['connection-avalanche'],
      75,
    ],
    ['are summed over pods', ofTwoPods(40, 30), ['connection-avalanche'], 70],
    ['of a pod that is gone no longer count', replacing(40, () => 40), [], 40],
    ['without a reading are unknown', [], ['no-evidence'], undefined],
  ])('%s', (_, more, causes, highest) => {
    const judgment = told(more)
    expect(causesOf(judgment)).toEqual(causes)
    expect(judgment.connections[0]?.highest).toBe(highest)
  })

  it.each<[string, Evidence[], string[], number]>([
    ['hold, however many pods show them', ofTwoPods(40, 41), [], 41],
    ['are an avalanche as soon as one pod shows it', ofTwoPods(40, 61), ['connection-avalanche'], 61],
    [
      'fall again when the pod with the highest value is gone',
      replacing(50, (s) => (s < 90 ? 40 : 61)),
      ['connection-avalanche'],
      61,
    ],
  ])('of which each pod shows the total %s', (_, more, causes, highest) => {
    const judgment = told(more, limited('max'))
    expect(causesOf(judgment)).toEqual(causes)
    expect(judgment.connections[0]?.highest).toBe(highest)
  })

  it('may be judged in both ways from one gauge', () => {
    const judgment = told(ofTwoPods(40, 41), limited('sum'), limited('max'))
    expect(judgment.connections.map(({ highest, held }) => [highest, held])).toEqual([
      [81, false],
      [41, true],
    ])
  })

  it('are named with the labels that select them', () => {
    const idle = scrapes('wallet-db', 'db-0', 'pg_connections', () => 61, { state: 'idle' })
    const judgment = told(idle, limited('max', { state: 'idle' }), limited('max', { state: 'active' }))
    expect(judgment.connections.map(({ metric, highest }) => [metric, highest])).toEqual([
      ['pg_connections{state="idle"}', 61],
      ['pg_connections{state="active"}', undefined],
    ])
  })

  it('are reported with their highest value', () => {
    const judgment = told(scrapes('wallet-db', 'db-0', 'pg_connections', (s) => (s === 90 ? 75 : 20)))
    expect(sentenceOf(judgment, 'connection-avalanche')).toBe(
      'pg_connections of wallet-db rose to 75, over its limit of 60 (at 1 readings).',
    )
  })
})
