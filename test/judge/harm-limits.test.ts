/** Faults and actions as their steps show them: what state they reached, when they began and ended, and what they were meant for. */
import { describe, expect } from 'vitest'
import type { ActionStepData, Evidence, FaultStepData } from '../../src/domain/evidence.ts'
import type { ActionSpec } from '../../src/domain/rehearsal.ts'
import { judgeActions } from '../../src/judge/faults/actions.ts'
import { judgeFaults } from '../../src/judge/faults/faults.ts'
import {
  actionHarm,
  answersUntil,
  faultHarm,
  harmsOf,
  isMeantFor,
  isPod,
  isVoluntary,
  podName,
  zoneTaken,
} from '../../src/judge/harm/harm.ts'
import { actionOf, drainA, FAULT, podLife, rehearsal, rollout } from '../support/evidence.ts'
import { it, noted } from '../support/reviewed.ts'
import { atMs, harmOf, listOf, type SmallRun, seenIn } from '../support/small-run.ts'

const [fault] = rehearsal.faults
if (fault === undefined) throw new Error('the stock rehearsal has a fault')
type FaultSteps = readonly (readonly [ms: number, FaultStepData])[]
type ActionSteps = readonly (readonly [ms: number, ActionStepData])[]
const ofFault = (steps: FaultSteps): Evidence[] =>
  steps.map(([ms, step]) => ({ kind: 'fault-step', at: atMs(ms), fault: FAULT, step }))
const ofAction = (name: string, steps: ActionSteps): Evidence[] =>
  steps.map(([ms, step]) => ({ kind: 'action-step', at: atMs(ms), action: name, step }))
const stop: Evidence = { kind: 'stop-requested', at: atMs(60_000), by: 'operator', reason: 'x' }

const created = { is: 'created', namespace: 'casino', name: 'x', uid: 'u' } as const
const injected = (...pods: readonly string[]) => ({ is: 'injected', pods }) as const
const one = injected('casino/bets-1')
const admitted = { is: 'admitted', pods: ['casino/bets-1'], candidates: 1, limit: 1, note: '' } as const

describe('a fault', () => {
  const judged = (steps: FaultSteps, more: readonly Evidence[] = []) => {
    const { result, findings } = noted(judgeFaults(seenIn([...ofFault(steps), ...more])))
    return `${result[0]?.state}: ${findings.map(({ cause }) => cause).join(', ')}`
  }
  const armed = { is: 'armed', note: 'x' } as const
  it.each<[string, () => string, string]>([
    ['without a step', () => judged([]), 'not-reached: fault-unproven'],
    [
      'whose gate was open',
      () => judged([[60_000, { is: 'gate-opened' } as FaultStepData]]),
      'not-reached: fault-unproven',
    ],
    [
      'that somebody stopped at its gate',
      () => judged([[60_000, { is: 'gate-closed', answer: 'no-go', who: 'Ana' }]]),
      'not-performed: fault-not-performed',
    ],
    [
      'at whose gate nobody answered',
      () => judged([[60_000, { is: 'gate-closed', answer: 'none' }]]),
      'not-performed: fault-not-performed',
    ],
    [
      'that was let through its gate',
      () => judged([[60_000, { is: 'gate-closed', answer: 'go', who: 'Ana' }]]),
      'not-reached: fault-unproven',
    ],
    ['whose trigger was armed', () => judged([[60_000, armed]]), 'not-reached: fault-unproven'],
    [
      'whose trigger did not come',
      () => judged(listOf([60_000, armed], [70_000, { is: 'trigger-missed', note: 'x' }])),
      'not-performed: trigger-missed',
    ],
    ['that was admitted', () => judged([[65_000, admitted]]), 'not-injected: fault-unproven'],
    ['that was created', () => judged([[65_000, created]]), 'not-injected: fault-unproven'],
    ['that was refused', () => judged([[65_000, { is: 'refused', problem: 'x' }]]), 'refused: fault-unproven'],
    ['that failed', () => judged([[65_000, { is: 'failed', problem: 'x' }]]), 'not-injected: fault-unproven'],
    [
      'that was injected into no pod',
      () => judged(listOf([65_000, created], [66_000, injected()])),
      'not-injected: fault-unproven',
    ],
    [
      'that was injected and not seen to take effect',
      () => judged(listOf([65_000, created], [66_000, one], [90_000, { is: 'healed' }])),
      'unproven: fault-unproven',
    ],
    [
      'that was never healed',
      () => judged(listOf([65_000, created], [66_000, one])),
      'unproven: fault-unproven, fault-not-recovered',
    ],
    [
      'that could not be healed',
      () => judged(listOf([65_000, created], [66_000, one], [90_000, { is: 'heal-failed', problem: 'x' }])),
      'unproven: fault-unproven, fault-not-recovered',
    ],
    [
      'of which a pod escaped',
      () =>
        judged(
          listOf(
            [65_000, created],
            [66_000, one],
            [70_000, { is: 'coverage', covered: 1, matching: 2, escaped: ['b'] }],
            [90_000, { is: 'healed' }],
          ),
        ),
      'unproven: fault-unproven, fault-escaped',
    ],
    [
      'that covered all',
      () =>
        judged(
          listOf(
            [65_000, created],
            [66_000, one],
            [70_000, { is: 'coverage', covered: 2, matching: 2, escaped: [] }],
            [90_000, { is: 'healed' }],
          ),
        ),
      'unproven: fault-unproven',
    ],
  ])('%s', (_, is, expected) => expect(is()).toBe(expected))

  const next = (...records: readonly Evidence[]) => noted(judgeFaults(seenIn(records))).findings[0]?.next
  it('that never began in a run that was stopped has another next step', () => {
    expect(next(stop)).toBe('Fix what stopped the run, then run it again.')
    expect(next()).not.toBe(next(stop))
    expect(next(stop, ...ofFault([[59_000, created]]))).toBe(next(...ofFault([[59_000, created]])))
  })

  const times = (steps: FaultSteps, run: SmallRun = {}) => {
    const harm = faultHarm(seenIn(ofFault(steps), run), fault)
    return harm && [harm.createdAt, harm.injectedAt, harm.endAt, harm.healedAt].map((ms) => ms && ms - atMs(0))
  }
  it.each<[string, () => unknown, unknown]>([
    [
      'from its creation to the request to end it',
      () =>
        times(listOf([65_000, created], [66_000, one], [90_000, { is: 'heal-requested' }], [91_000, { is: 'healed' }])),
      [65_000, 66_000, 90_000, 91_000],
    ],
    [
      'from its injection, where that was not seen',
      () => times(listOf([66_000, one], [91_000, { is: 'healed' }])),
      [66_000, 66_000, 91_000, 91_000],
    ],
    [
      'to the end of the load, where it was not healed',
      () => times([[66_000, one]]),
      [66_000, 66_000, 160_000, undefined],
    ],
    [
      'to its injection at least',
      () => times(listOf([66_000, one], [65_000, { is: 'heal-requested' }])),
      [66_000, 66_000, 66_000, undefined],
    ],
    ['never, where no pod was injected', () => times([[66_000, injected()]]), undefined],
  ])('lasts %s', (_, is, expected) => expect(is()).toEqual(expected))
})

describe('an action', () => {
  const completes = { kind: 'completes', withinMs: 1, at: drainA.at } as (typeof drainA)['expect'][number]
  const judged = (steps: ActionSteps, spec: ActionSpec = drainA) => {
    const { result, findings } = noted(
      judgeActions(seenIn(ofAction(spec.name, steps), { rehearsal: { actions: [spec], faults: [] } })),
    )
    return `${result[0]?.state}: ${findings.map(({ cause }) => cause).join(', ')}`
  }
  const begun = [100_000, { is: 'begun', targets: [] }] as const
  const done = [110_000, { is: 'done', note: '' }] as const
  it.each<[string, () => string, string]>([
    ['without a step', () => judged([]), 'not-reached: action-not-done'],
    ['that was done', () => judged([begun, done]), 'done: '],
    ['that was done, and begun unseen', () => judged([done]), 'done: action-not-done'],
    ['that was begun', () => judged([begun]), 'not-done: action-not-done'],
    [
      'that was begun, where another rule judges that',
      () =>
        judged([begun], { ...drainA, expect: [completes] }).replace(/(rollout-stuck|action-late|[a-z-]+-late)/, 'late'),
      'not-done: late',
    ],
    ['that was refused', () => judged([[100_000, { is: 'refused', problem: 'x' }]]), 'refused: action-not-done'],
    ['that failed', () => judged([begun, [105_000, { is: 'failed', problem: 'x' }]]), 'failed: action-not-done'],
    ['whose trigger was armed', () => judged([[100_000, { is: 'armed', note: 'x' }]]), 'not-reached: action-not-done'],
    [
      'whose trigger fired',
      () => judged([[100_000, { is: 'triggered', note: 'x', readAt: atMs(100_000) }], begun]),
      'not-done: action-not-done',
    ],
    [
      'whose trigger did not come',
      () => judged([[100_000, { is: 'trigger-missed', note: 'x' }]]),
      'not-performed: trigger-missed',
    ],
    [
      'that could not be taken back',
      () => judged([begun, done, [120_000, { is: 'heal-failed', problem: 'x' }]]),
      'done: fault-not-recovered',
    ],
  ])('%s', (_, is, expected) => expect(is()).toBe(expected))

  const times = (spec: ActionSpec, steps: ActionSteps, run: SmallRun = {}) => {
    const harm = actionHarm(
      seenIn(ofAction(spec.name, steps), { ...run, rehearsal: { actions: [spec], faults: [] } }),
      spec,
    )
    return harm && [harm.createdAt, harm.endAt, harm.healedAt].map((ms) => ms && ms - atMs(0))
  }
  const heal = (ms: number) =>
    [
      [ms, { is: 'heal-requested' }],
      [ms + 1000, { is: 'healed' }],
    ] as const
  it.each<[string, () => unknown, unknown]>([
    [
      'to the request to take it back',
      () => times(drainA, [begun, done, ...heal(120_000)]),
      [100_000, 120_000, 121_000],
    ],
    [
      'to its end, where it ends by itself',
      () => times(rollout, [begun, done, ...heal(120_000)]),
      [100_000, 110_000, 110_000],
    ],
    ['to the end of the load', () => times(drainA, [begun]), [100_000, 160_000, undefined]],
    [
      'to the end of the load, where it was taken back later',
      () => times(drainA, [begun, done, ...heal(161_000)]),
      [100_000, 160_000, 110_000],
    ],
    [
      'and is healed once it is done, where it was taken back as the load ended',
      () => times(drainA, [begun, done, ...heal(159_000)]),
      [100_000, 159_000, 110_000],
    ],
    [
      'and is healed before the load ended',
      () => times(drainA, [begun, done, ...heal(158_999)]),
      [100_000, 158_999, 159_999],
    ],
    ['never, where it was not begun', () => times(drainA, [done]), undefined],
  ])('lasts %s', (_, is, expected) => expect(is()).toEqual(expected))
})

describe('harms', () => {
  const seen = () =>
    seenIn(
      [
        ...ofFault(listOf([65_000, created], [66_000, one], [90_000, { is: 'heal-requested' }])),
        ...ofAction('roll gateway', listOf([50_000, { is: 'begun', targets: [] }], [60_000, { is: 'done', note: '' }])),
      ],
      { rehearsal: { actions: [rollout] } },
    )
  it('stand in order of time, and answer until the next one begins', () => {
    expect(harmsOf(seen()).map(({ name }) => name)).toEqual(['roll gateway', FAULT])
    const until = (createdMs: number, endMs: number) =>
      answersUntil(seen(), harmOf({ createdAt: atMs(createdMs), endAt: atMs(endMs) })) - atMs(0)
    expect([
      until(10_000, 49_999),
      until(10_000, 50_000),
      until(10_000, 64_999),
      until(10_000, 65_000),
      until(70_000, 71_000),
    ]).toEqual([50_000, 65_000, 65_000, 160_000, 160_000])
  })

  it.each([
    ['casino/bets-1', true],
    ['bank/bets-1', false],
    ['bets-1', true],
    ['bets-2', false],
  ])('are told of the pod %s', (pod, is) => expect(isPod(pod, { namespace: 'casino', name: 'bets-1' })).toBe(is))
  it('name pods without their namespace', () =>
    expect(['casino/bets-1', 'bets-1'].map(podName)).toEqual(['bets-1', 'bets-1']))

  const of = (act: ActionSpec['act']) => harmOf({ by: { kind: 'action', spec: actionOf('x', act) } })
  it.each<[string, ActionSpec['act'], string | undefined]>([
    ['a zone', { kind: 'power-off', nodes: { zone: 'a' } }, 'a'],
    ['one pool of a zone', { kind: 'power-off', nodes: { zone: 'a', pool: 'api' } }, undefined],
    ['some nodes of a zone', { kind: 'power-off', nodes: { zone: 'a', atMost: 1 } as never }, undefined],
    ['a taint that moves pods', { kind: 'taint', nodes: { zone: 'a' }, key: 'k', effect: 'NoExecute' } as never, 'a'],
    [
      'a taint that does not',
      { kind: 'taint', nodes: { zone: 'a' }, key: 'k', effect: 'NoSchedule' } as never,
      undefined,
    ],
  ])('take a zone as a whole: %s', (_, act, zone) => expect(zoneTaken(of(act))).toBe(zone))

  it('are on purpose where operators make them', () => {
    expect(
      [of(drainA.act), of(rollout.act), of({ kind: 'power-off', nodes: { zone: 'a' } }), harmOf()].map(isVoluntary),
    ).toEqual([true, true, false, false])
  })

  const lives = (...apps: readonly string[]) =>
    seenIn(apps.flatMap((app, n) => podLife({ name: `${app}-${n}`, app, born: 1 }))).objects.lives.all
  const scale = (name: string) => of({ kind: 'scale', workload: { kind: 'Deployment', name }, replicas: 0 })
  it.each<[string, () => boolean, boolean]>([
    [
      'an app of which it took a pod',
      () => isMeantFor(harmOf({ pods: new Set(['bets-0']) }), 'bets', lives('bets')),
      true,
    ],
    ['another app', () => isMeantFor(harmOf({ pods: new Set(['bets-0']) }), 'wallet', lives('bets', 'wallet')), false],
    [
      'one of two apps of which it took pods',
      () => isMeantFor(harmOf({ pods: new Set(['bets-0', 'wallet-1']) }), 'bets', lives('bets', 'wallet')),
      false,
    ],
    ['an app that is scaled', () => isMeantFor(scale('bets'), 'bets', lives('bets')), true],
    ['an app beside one that is scaled', () => isMeantFor(scale('wallet'), 'bets', lives('bets')), false],
    ['an app on a node that is drained', () => isMeantFor(of(drainA.act), 'bets', lives('bets')), false],
    [
      'any app of a database that moves',
      () => isMeantFor(of({ kind: 'promote', database: 'd', to: 'd-1' }), 'bets', lives('bets')),
      true,
    ],
  ])('are meant for %s', (_, is, expected) => expect(is()).toBe(expected))
})
