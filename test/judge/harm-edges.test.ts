/** Faults and actions as harms: whom they took, how long they lasted, what is said of their witnesses, and who is told of them. */
import { describe, expect } from 'vitest'
import type { ActionStepData, Evidence, FaultStepData } from '../../src/domain/evidence.ts'
import type { ActionSpec, FaultSpec, Witness } from '../../src/domain/rehearsal.ts'
import { seconds } from '../../src/domain/units.ts'
import { judgeFaults } from '../../src/judge/faults/faults.ts'
import { notReadyAgain, readyWhat } from '../../src/judge/faults/ready-witness.ts'
import { missedSentence, missedTrigger } from '../../src/judge/faults/trigger.ts'
import { actionHarm, faultHarm, harmsOf, isMeantFor, zoneTaken } from '../../src/judge/harm/harm.ts'
import { blueGreenAct } from '../support/canary.ts'
import {
  actionOf,
  place as at,
  drainA,
  FAULT,
  node,
  podLife,
  rehearsal,
  rollout,
  standing,
} from '../support/evidence.ts'
import { releaseAct } from '../support/evidence-release.ts'
import { it, noted } from '../support/reviewed.ts'
import { atMs, atRate, counted, harmOf, listOf, type SmallRun, seenIn } from '../support/small-run.ts'
import { triggers } from '../support/triggers.ts'

const [stock] = rehearsal.faults
if (stock === undefined) throw new Error('the stock rehearsal has a fault')
const witness: Witness = { kind: 'ready', what: 'pods', app: 'bets', becomes: 0, withinMs: seconds(5), at }
type FaultSteps = readonly (readonly [ms: number, FaultStepData])[]
const ofFault = (steps: FaultSteps): Evidence[] =>
  steps.map(([ms, step]) => ({ kind: 'fault-step', at: atMs(ms), fault: FAULT, step }))
const ofAction = (spec: ActionSpec, steps: readonly (readonly [ms: number, ActionStepData])[]): Evidence[] =>
  steps.map(([ms, step]) => ({ kind: 'action-step', at: atMs(ms), action: spec.name, step }))
const created = [65_000, { is: 'created', namespace: 'casino', name: 'x', uid: 'u' }] as const
const injected = (ms: number, ...pods: readonly string[]) => [ms, { is: 'injected', pods }] as const
const heal = (ms: number) =>
  [
    [ms, { is: 'heal-requested' }],
    [ms + 1000, { is: 'healed' }],
  ] as const

describe('a fault', () => {
  const harm = (steps: FaultSteps, run: SmallRun = {}) => {
    const found = faultHarm(seenIn(ofFault(steps), run), stock)
    return found && noted({ ...found, by: found.by.kind })
  }
  it('took its pods, was made before it was injected, and lasted until it was asked back', () => {
    const found = harm([created, injected(66_000, 'casino/a', 'b'), ...heal(90_000)])
    expect([...(found?.pods ?? [])].sort()).toEqual(['a', 'b'])
    expect(harm([injected(66_000, 'casino/a'), [67_000, { ...created[1] }], ...heal(90_000)])?.createdAt).toBe(
      atMs(66_000),
    )
    expect(harm([created, injected(66_000, 'casino/a'), [90_000, { is: 'healed' }]])?.endAt).toBe(atMs(90_000))
    expect(harm([created, injected(66_000, 'casino/a')], { until: 80_000 })?.endAt).toBe(atMs(80_000))
    expect([harm([created]), harm([created, injected(66_000)])]).toEqual([undefined, undefined])
  })

  const judged = (
    steps: FaultSteps,
    spec: Partial<FaultSpec> = {},
    records: readonly Evidence[] = [],
    run: SmallRun = {},
  ) => {
    const seen = seenIn([...ofFault(steps), ...records], {
      ...run,
      rehearsal: { faults: [{ ...stock, expect: [], ...spec }] },
    })
    const { result, findings } = noted(judgeFaults(seen))
    return `${result[0]?.state}: ${findings.map(({ weight, cause }) => `${weight} ${cause}`).join(', ')}`
  }
  const whole: FaultSteps = [created, injected(65_500, 'casino/a'), ...heal(90_000)]
  const psp = (rate: (ms: number) => number) =>
    counted('psp-a', 'psp_requests_total', {}, atRate(55_000, 158_000, rate))
  const down = psp((ms) => (ms > 65_000 && ms <= 91_000 ? 0 : 40))
  const covers = (covered: number, matching: number, ...escaped: readonly string[]) =>
    [70_000, { is: 'coverage', covered, matching, escaped }] as const
  const pods = (from: number, to: number) =>
    podLife({ name: 'bets-1', app: 'bets', node: 'zone-a-api', born: -5, ready: -4, unready: from, again: to })

  it.each<[string, () => string, string]>([
    ['that bit', () => judged(whole, {}, down), 'proven: '],
    [
      'that bit, and is not back',
      () =>
        judged(
          whole,
          {},
          psp((ms) => (ms > 65_000 ? 0 : 40)),
        ),
      'proven: gap fault-not-recovered',
    ],
    [
      'that bit, and is not back in a load that was cut short',
      () =>
        judged(
          whole,
          {},
          psp((ms) => (ms > 65_000 ? 0 : 40)),
          { until: undefined },
        ),
      'proven: ',
    ],
    [
      'that bit, and was never healed',
      () => judged(whole.slice(0, 2), {}, down),
      'unproven: gap fault-unproven, gap fault-not-recovered',
    ],
    [
      'that did not bite',
      () =>
        judged(
          whole,
          {},
          psp(() => 40),
        ),
      'unproven: gap fault-unproven',
    ],
    [
      'of which two pods escaped',
      () => judged([...whole, covers(1, 3, 'b', 'c')], {}, down),
      'proven: warning fault-escaped',
    ],
    [
      'of which a pod escaped that nobody names',
      () => judged([...whole, covers(1, 2)], {}, down),
      'proven: warning fault-escaped',
    ],
    ['that covered all', () => judged([...whole, covers(2, 2)], {}, down), 'proven: '],
    [
      'that could not be healed',
      () => judged([...whole.slice(0, 2), [91_000, { is: 'heal-failed', problem: 'no route' }]], {}, down),
      'unproven: gap fault-unproven, gap fault-not-recovered',
    ],
    [
      'whose errors rose',
      () =>
        judged(
          whole,
          { witness: { ...stock.witness, direction: 'rises', becomes: 10 } as Witness },
          psp((ms) => (ms > 65_000 && ms <= 91_000 ? 40 : 0)),
        ),
      'proven: ',
    ],
    [
      'whose errors stay',
      () =>
        judged(
          whole,
          { witness: { ...stock.witness, direction: 'rises', becomes: 10 } as Witness },
          psp((ms) => (ms > 65_000 ? 40 : 0)),
        ),
      'proven: gap fault-not-recovered',
    ],
    ['that took the pods of an app', () => judged(whole, { witness }, pods(66, 100)), 'proven: '],
    [
      'that took the pods of an app for good',
      () => judged(whole, { witness }, pods(66, 999)),
      'proven: gap fault-not-recovered',
    ],
    [
      'that took no pods of an app',
      () => judged(whole, { witness: { ...witness, zone: 'b' } }, [node(-2, 'a'), ...pods(66, 100)]),
      'unproven: gap fault-unproven',
    ],
    [
      'that took nodes',
      () =>
        judged(whole, { witness: { kind: 'ready', what: 'nodes', becomes: 0, withinMs: seconds(5), at } }, [
          node(-2, 'a'),
          node(66, 'a', 'api', false),
          node(100, 'a'),
        ]),
      'proven: ',
    ],
    [
      'that took pods in a zone',
      () =>
        judged(whole, { witness: { kind: 'ready', what: 'pods', zone: 'a', becomes: 0, withinMs: seconds(5), at } }, [
          node(-2, 'a'),
          ...pods(66, 100),
        ]),
      'proven: ',
    ],
    [
      'whose trigger did not come',
      () =>
        judged([[60_000, { is: 'trigger-missed', note: 'x is 5' }]], {
          when: { trigger: triggers.gauge, withinMs: seconds(5) } as never,
        }),
      'not-performed: gap trigger-missed',
    ],
    [
      'that somebody stopped at its gate',
      () => judged([[60_000, { is: 'gate-closed', answer: 'no-go' }]]),
      'not-performed: gap fault-not-performed',
    ],
    [
      'that was let through, and refused',
      () =>
        judged([
          [60_000, { is: 'gate-closed', answer: 'go' }],
          [65_000, { is: 'refused', problem: 'too many pods' }],
        ]),
      'refused: gap fault-unproven',
    ],
    [
      'that failed',
      () => judged([created, [66_000, { is: 'failed', problem: 'no answer' }]]),
      'not-injected: gap fault-unproven',
    ],
    [
      'that was admitted and never made',
      () => judged([[65_000, { is: 'admitted', pods: [], candidates: 0, limit: 1, note: '' }]]),
      'not-injected: gap fault-unproven',
    ],
  ])('%s', (_, is, expected) => expect(is()).toBe(expected))

  it('names what it was not performed for', () => {
    const missed = { at: 1, line: 1, is: 'trigger-missed', note: 'x is 5' } as const
    expect(missedSentence('f', undefined, missed)).toBe(
      'f was not performed: its trigger did not come before the deadline (the last reading: x is 5).',
    )
    expect(missedSentence('f', { trigger: triggers.pod } as never, missed)).toContain('its trigger, that ')
    expect([
      missedTrigger(undefined),
      missedTrigger({ lines: [] }),
      missedTrigger({ lines: [], trigger: { ...missed, is: 'armed' } }),
      missedTrigger({ lines: [], trigger: missed })?.note,
    ]).toEqual([undefined, undefined, undefined, 'x is 5'])
  })

  it.each([
    [{ what: 'pods' }, 'Ready pods'],
    [{ what: 'pods', app: 'bets' }, 'Ready pods of bets'],
    [{ what: 'nodes', zone: 'a' }, 'Ready nodes in zone a'],
    [{ what: 'pods', app: 'bets', zone: 'a' }, 'Ready pods of bets in zone a'],
  ] as const)('is seen by %j', (of, words) =>
    expect(readyWhat({ kind: 'ready', becomes: 0, withinMs: seconds(1), at, ...of })).toBe(words),
  )

  it('of pods in a zone is over with the nodes of that zone', () => {
    const zoned = { ...witness, zone: 'a' }
    const told = (again: number) =>
      notReadyAgain(
        seenIn([node(-2, 'a'), node(66, 'a', 'api', false), node(again, 'a'), ...standing('bets', 'zone-a-api')]),
        zoned,
        harmOf(),
        atMs(91_000),
      )
    expect([told(159), told(161)]).toEqual([undefined, noted(told(161))])
    expect(told(161)).toContain('Ready nodes of bets in zone a: 0 of 1 one before')
  })
})

describe('an action', () => {
  const harm = (spec: ActionSpec, steps: readonly (readonly [ms: number, ActionStepData])[], run: SmallRun = {}) => {
    const found = actionHarm(
      seenIn(ofAction(spec, steps), { ...run, rehearsal: { actions: [spec], faults: [] } }),
      spec,
    )
    const since = (ms: number | undefined) => ms && ms - atMs(0)
    return found && [since(found.createdAt), since(found.endAt), since(found.healedAt)]
  }
  const begun = [100_000, { is: 'begun', targets: [] }] as const
  const done = [110_000, { is: 'done', note: '' }] as const
  const [release, promote, cluster] = [
    actionOf('v2', releaseAct()),
    actionOf('p', { kind: 'promote', database: 'd', to: 'd-1' }),
    actionOf('s', { kind: 'scale', workload: { kind: 'Deployment', name: 'bets' }, replicas: 1 }),
  ]
  it.each<[string, () => unknown, unknown]>([
    [
      'a release, until its rollback is complete',
      () => harm(release, [begun, done, ...heal(120_000)]),
      [100_000, 121_000, 121_000],
    ],
    ['a release that is never rolled back', () => harm(release, [begun, done]), [100_000, 160_000, 110_000]],
    [
      'a release that was asked back',
      () => harm(release, [begun, done, [120_000, { is: 'heal-requested' }]]),
      [100_000, 160_000, 110_000],
    ],
    [
      'a promotion, until it is done',
      () => harm(promote, [begun, done, ...heal(120_000)]),
      [100_000, 110_000, 110_000],
    ],
    [
      'a promotion that was taken back before it was done',
      () => harm(promote, [begun, ...heal(120_000)]),
      [100_000, 121_000, undefined],
    ],
    [
      'a change of replicas, until it is asked back',
      () => harm(cluster, [begun, done, ...heal(120_000)]),
      [100_000, 120_000, 121_000],
    ],
    [
      'a change of replicas that was healed at once',
      () => harm(cluster, [begun, done, [120_000, { is: 'healed' }]]),
      [100_000, 120_000, 120_000],
    ],
    [
      'a change of replicas that is kept',
      () => harm(cluster, [begun, done, [120_000, { is: 'kept' }]]),
      [100_000, 120_000, 110_000],
    ],
    [
      'one that ended before it began',
      () => harm(rollout, [begun, [90_000, { is: 'done', note: '' }]]),
      [100_000, 100_000, 90_000],
    ],
  ])('lasts: %s', (_, is, expected) => expect(is()).toEqual(expected))

  it('took the pods that it was admitted for and evicted', () => {
    const steps = listOf([99_000, { is: 'admitted', targets: [], pods: ['casino/a'], limit: 1, note: '' }], begun, [
      101_000,
      { is: 'evicted', pod: 'casino/b', node: 'n' },
    ])
    const found = actionHarm(seenIn(ofAction(drainA, steps), { rehearsal: { actions: [drainA], faults: [] } }), drainA)
    expect([...(found?.pods ?? [])]).toEqual(['a', 'b'])
  })

  const lives = (...of: readonly (readonly [name: string, app: string, owner?: string])[]) =>
    seenIn(
      of.flatMap(([name, app, owner]) =>
        podLife({ name, app, born: 1 }).map((each) =>
          each.kind === 'object-seen' && owner !== undefined
            ? ({ ...each, object: { ...each.object, owner: { kind: 'Deployment', name: owner } } } as Evidence)
            : each,
        ),
      ),
    ).objects.lives.all
  const of = (act: ActionSpec['act']) => harmOf({ by: { kind: 'action', spec: actionOf('x', act) } })
  const mode = (is: string) =>
    harmOf({
      pods: new Set(['bets-0']),
      by: {
        kind: 'fault',
        spec: { ...stock, does: { ...stock.does, sides: [{ ...stock.does.sides[0], mode: is }] } } as never,
      },
    })
  it.each<[string, () => boolean, boolean]>([
    ['a fault on all pods', () => isMeantFor(mode('all'), 'bets', lives(['bets-0', 'bets'])), true],
    ['a fault on one pod', () => isMeantFor(mode('one'), 'bets', lives(['bets-0', 'bets'])), false],
    ['a fault on no pod', () => isMeantFor(harmOf(), 'bets', lives(['bets-0', 'bets'])), false],
    ['replicas of its owner', () => isMeantFor(of(cluster.act), 'x', lives(['a', 'x', 'bets'])), true],
    [
      'replicas of its label, where it has another owner',
      () => isMeantFor(of(cluster.act), 'bets', lives(['a', 'bets', 'other'])),
      false,
    ],
    ['a release', () => isMeantFor(of(releaseAct()), 'gateway', lives(['a', 'gateway', 'gateway'])), false],
  ])('is meant for an app: %s', (_, is, expected) => expect(is()).toBe(expected))

  const sided = (zone: string | undefined, seenBy: Witness = stock.witness) =>
    harmOf({
      by: {
        kind: 'fault',
        spec: {
          ...stock,
          witness: seenBy,
          does: { ...stock.does, sides: [{ ...stock.does.sides[0], ...(zone === undefined ? {} : { zone }) }] },
        } as never,
      },
    })
  it.each<[string, () => string | undefined, string | undefined]>([
    ['as its object says', () => zoneTaken(sided('a')), 'a'],
    ['as its witness says', () => zoneTaken(sided('a', { ...witness, zone: 'b' })), 'b'],
    ['as no witness of a zone says', () => zoneTaken(sided('a', witness)), 'a'],
    ['not', () => zoneTaken(sided(undefined)), undefined],
    ['not by a release', () => zoneTaken(of(blueGreenAct())), undefined],
  ])('takes a zone %s', (_, is, expected) => expect(is()).toBe(expected))

  it('of one moment stand in the order of the rehearsal, faults first', () => {
    const records = [
      ...ofFault([created, injected(65_500, 'casino/a')]),
      ...ofAction(rollout, [[65_000, { is: 'begun', targets: [] }]]),
    ]
    expect(harmsOf(seenIn(records, { rehearsal: { actions: [rollout] } })).map(({ name }) => name)).toEqual([
      FAULT,
      rollout.name,
    ])
  })
})
