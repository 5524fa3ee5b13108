/** Two regions compared, and what is left open of a restore whose records are not whole. */
import { describe, expect } from 'vitest'
import type { ActionStepData } from '../../src/domain/evidence.ts'
import type { PostureObject, WorkloadSeen } from '../../src/domain/posture.ts'
import { seconds } from '../../src/domain/units.ts'
import { driftOf } from '../../src/judge/reactions/drift.ts'
import { judgeRestore } from '../../src/judge/reactions/restore.ts'
import { createObjectsListed } from '../../src/judge/seen/listed.ts'
import { actionOf } from '../support/evidence.ts'
import { cells, deployed } from '../support/evidence-cutover.ts'
import { restoreAct } from '../support/evidence-restore.ts'
import { begun, heal, type Step } from '../support/release-run.ts'
import { it, noted } from '../support/reviewed.ts'
import { actionIn, atMs, partsOn, type SmallRun } from '../support/small-run.ts'

describe('two regions', () => {
  const [west, east] = [deployed('west'), deployed('east')]
  const [first] = east.containers
  if (first === undefined) throw new Error('one container')
  const hpa = (namespace: string, min: number, max: number) =>
    ({
      resource: 'HorizontalPodAutoscaler',
      namespace,
      name: 'orders',
      uid: namespace,
      min,
      max,
    }) as unknown as PostureObject
  const budget = (namespace: string, wantedHealthy: number) =>
    ({
      resource: 'PodDisruptionBudget',
      namespace,
      name: 'orders',
      uid: namespace,
      wantedHealthy,
    }) as unknown as PostureObject
  const kinds = ['Workload', 'HorizontalPodAutoscaler', 'PodDisruptionBudget'] as const
  const drift = (
    a: readonly PostureObject[],
    b: readonly PostureObject[],
    unlike?: readonly string[],
    without: readonly string[] = [],
  ) => {
    const listed = createObjectsListed()
    let line = 0
    for (const [namespace, objects] of [
      ['west', a],
      ['east', b],
    ] as const)
      for (const resource of kinds)
        if (!without.includes(`${namespace} ${resource}`))
          listed.add(
            {
              kind: 'objects-listed',
              at: atMs(1),
              namespace,
              resource,
              objects: objects.filter((each) => each.resource === resource),
            },
            ++line,
          )
    const found = noted(driftOf(listed, ['west', 'east'], unlike))
    return found.kind === 'unread' ? found.what : found.differences
  }
  const other = (changes: Partial<WorkloadSeen>) => drift([west], [{ ...east, ...changes }])

  it.each<[string, () => readonly string[], readonly string[]]>([
    [
      'that are alike',
      () => drift([west, hpa('west', 1, 5), budget('west', 1)], [east, hpa('east', 1, 5), budget('east', 1)]),
      [],
    ],
    ['of which one was not read', () => drift([west], [east], [], ['east Workload']), ['east']],
    [
      'of which neither was read',
      () => drift([west], [east], [], ['east HorizontalPodAutoscaler', 'west PodDisruptionBudget']),
      ['west', 'east'],
    ],
    [
      'of which one was never read',
      () =>
        drift(
          [west],
          [east],
          [],
          kinds.map((kind) => `west ${kind}`),
        ),
      ['west'],
    ],
    ['without a workload', () => drift([west], []), ['Deployment orders is missing']],
    ['with one more workload', () => drift([], [east]), ['Deployment orders is only in east']],
    [
      'with a workload of another name',
      () => drift([west], [{ ...east, name: 'x' }]),
      ['Deployment orders is missing', 'Deployment x is only in east'],
    ],
    ['with a workload that may differ', () => drift([west], [], ['orders']), []],
    [
      'with another image',
      () => other({ containers: [{ ...first, image: 'x' }] }),
      ['Deployment orders: image of app is x and not orders@sha256:a'],
    ],
    ['without a container', () => other({ containers: [] }), ['Deployment orders: has no container app']],
    [
      'with one more container',
      () => other({ containers: [first, { ...first, name: 'b' }] }),
      ['Deployment orders: has one more container, b'],
    ],
    ['with other replicas', () => other({ replicas: 2 }), ['Deployment orders: replicas is 2 and not 3']],
    [
      'with another grace period',
      () => other({ graceMs: seconds(9) }),
      ['Deployment orders: grace period is 9000 and not 30000'],
    ],
    ['with a priority', () => other({ priorityClass: 'high' }), ['Deployment orders: priority is high and not none']],
    [
      'with less priority',
      () => drift([{ ...west, priorityClass: 'high' }], [east]),
      ['Deployment orders: priority is none and not high'],
    ],
    [
      'with another minimum',
      () => drift([hpa('west', 1, 5)], [hpa('east', 2, 5)]),
      ['HorizontalPodAutoscaler orders: minimum is 2 and not 1'],
    ],
    [
      'with another maximum',
      () => drift([hpa('west', 1, 5)], [hpa('east', 1, 4)]),
      ['HorizontalPodAutoscaler orders: maximum is 4 and not 5'],
    ],
    [
      'with another budget',
      () => drift([budget('west', 2)], [budget('east', 1)]),
      ['PodDisruptionBudget orders: pods that must stay is 1 and not 2'],
    ],
    [
      'with a budget instead of an autoscaler',
      () => drift([hpa('west', 1, 5)], [budget('east', 1)]),
      ['HorizontalPodAutoscaler orders is missing', 'PodDisruptionBudget orders is only in east'],
    ],
  ])('%s', (_, is, expected) => expect(is()).toEqual(expected))
})

describe('a restore', () => {
  const place: SmallRun = { target: { restores: { orders: { archived: {} } as never } } }
  const step = (ms: number, name: string): Step => [ms, { is: 'restore-step', step: name, note: '' } as ActionStepData]
  const restored = (steps: readonly Step[], run: SmallRun = place) => {
    const { seen, harm } = actionIn(actionOf('restore', restoreAct), [begun, ...steps], run)
    return partsOn(judgeRestore(seen, harm))
  }
  it.each<[string, () => readonly string[], readonly string[]]>([
    ['that never named its point', () => restored([step(49_000, 'point-asked')]), []],
    [
      'of another place',
      () => restored([step(50_000, 'point-set')], { target: { restores: { other: { archived: {} } as never } } }),
      [],
    ],
    [
      'that is archived as its point is set',
      () => restored([step(50_000, 'point-set'), step(50_000, 'archived')]),
      ['archives held'],
    ],
    [
      'whose copy is ready as it is asked for',
      () => restored([step(70_000, 'copy-asked'), step(70_000, 'copy-ready')]),
      ['restores held', 'matches gap no-evidence'],
    ],
    [
      'whose copy failed to be read',
      () =>
        restored([
          step(70_000, 'copy-asked'),
          step(71_000, 'copy-ready'),
          [72_000, { is: 'failed', problem: 'no route' }],
        ]),
      ['restores held', 'matches gap no-evidence'],
    ],
    [
      'of two operations, of which one was never booked',
      () => {
        const book = [...cells(9, 5, 0), { operation: 'bet', cells: cells(0, 0, 0)[0]?.cells ?? [] }]
        const read = { is: 'copy-read', book: 'orders', cuts: [], live: book, copy: book } as unknown as ActionStepData
        return restored([step(70_000, 'copy-asked'), step(71_000, 'copy-ready'), [72_000, read]])
      },
      ['restores held', 'matches held'],
    ],
    [
      'whose copy was ready and read without a request',
      () => restored([step(71_000, 'copy-ready')]),
      ['matches gap no-evidence'],
    ],
    [
      'that was watched until its healing',
      () => restored([step(50_000, 'point-set'), heal(70_000)]),
      ['archives breach archive-late'],
    ],
    [
      'that was healed after the run',
      () => restored([step(50_000, 'point-set'), heal(70_000)], { ...place, until: 60_000 }),
      ['archives gap no-evidence'],
    ],
  ])('%s', (_, is, expected) => expect(is()).toEqual(expected))
})
