/** Actions: when they were a harm, for whom they were meant, and which zone they took. */
import { describe, expect } from 'vitest'
import type { ActionStepData, Evidence } from '../../src/domain/evidence.ts'
import type { ActionSpec, Witness } from '../../src/domain/rehearsal.ts'
import { actionHarm, harmsOf, isMeantFor, zoneTaken } from '../../src/judge/harm/harm.ts'
import { blueGreenAct } from '../support/canary.ts'
import { actionOf, drainA, FAULT, podLife, rollout } from '../support/evidence.ts'
import { releaseAct } from '../support/evidence-release.ts'
import {
  createdFault as created,
  healedFault as heal,
  injectedFault as injected,
  ofAction,
  ofFault,
  stockFault as stock,
  witness,
} from '../support/harm-run.ts'
import { it } from '../support/reviewed.ts'
import { atMs, harmOf, listOf, type SmallRun, seenIn } from '../support/small-run.ts'

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
