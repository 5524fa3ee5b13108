/** What is kept of nodes, Services, disruption budgets and workloads, version by version. */
import { describe, expect } from 'vitest'
import type { PodSeen } from '../../src/domain/cluster.ts'
import type { Evidence } from '../../src/domain/evidence.ts'
import { covers } from '../../src/judge/seen/budget-lives.ts'
import { createNodeLives, readyAt, readyOver } from '../../src/judge/seen/node-lives.ts'
import { createObjectHistory } from '../../src/judge/seen/object-history.ts'
import { createServiceLives } from '../../src/judge/seen/service-lives.ts'
import { named } from '../support/evidence.ts'
import { it, noted } from '../support/reviewed.ts'

describe('a node', () => {
  const lives = (...versions: readonly (readonly [name: string, ready: boolean, gone?: true])[]) => {
    const nodes = createNodeLives()
    for (const [index, [name, ready, gone]] of versions.entries())
      nodes.add(
        {
          resource: 'Node',
          ...named(name),
          zone: 'z',
          pool: 'p',
          ready,
          unschedulable: false,
          taints: [],
          ...(index > 1 ? { arch: 'arm64' } : {}),
        },
        gone === true,
        index * 10,
        index + 1,
      )
    return nodes
  }
  it('is Ready from its first version that says so until it is gone', () => {
    const [life] = noted(lives(['n', false], ['n', true], ['n', true], ['n', true, true], ['n', true]).all)
    if (life === undefined) throw new Error('one node')
    expect(life.ready.map(({ at, is }) => `${at} ${is}`)).toEqual(['10 true', '30 false', '40 true'])
    expect([0, 9, 10, 29, 30, 40].map((at) => readyAt(life, at))).toEqual([false, false, true, true, false, true])
  })

  it('is counted with others', () => {
    const nodes = lives(['n', true], ['m', true], ['n', false])
    expect(readyOver(nodes.all).map(({ at, value }) => `${at}: ${value}`)).toEqual(['0: 1', '10: 2', '20: 1'])
    expect([nodes.zoneOf('n'), nodes.zoneOf('o'), nodes.zoneOf(undefined)]).toEqual(['z', undefined, undefined])
  })
})

it('the addresses of a Service are those of all its slices', () => {
  const services = createServiceLives()
  const slice = (uid: string, ready: number, gone: boolean, at: number) =>
    services.add(
      { resource: 'EndpointSlice', namespace: 'n', name: uid, uid, service: 's', ready, notReady: 0 },
      gone,
      at,
      at + 1,
    )
  slice('u', 2, false, 0)
  slice('v', 1, false, 10)
  slice('v', 1, false, 20)
  slice('u', 2, true, 30)
  slice('u', 1, false, 40)
  expect(noted(services.all.get('n/s'))?.map(({ at, value }) => `${at}: ${value}`)).toEqual([
    '0: 2',
    '10: 3',
    '30: 1',
    '40: 2',
  ])
})

describe('a disruption budget', () => {
  const pod = { namespace: 'n', app: 'a', labels: { app: 'a', tier: 'x' } }
  it.each<[string, Parameters<typeof covers>[1], boolean]>([
    ['of its name', { namespace: 'n' }, true],
    ['of another namespace', { namespace: 'm' }, false],
    ['that selects one of its labels', { namespace: 'n', selector: { tier: 'x' } }, true],
    ['that selects both', { namespace: 'n', selector: { tier: 'x', app: 'a' } }, true],
    ['that selects one more', { namespace: 'n', selector: { tier: 'x', app: 'b' } }, false],
  ])('covers pods %s', (_, budget, is) => expect(covers('a', budget, pod)).toBe(is))
  it('of another name covers none without a selector', () => expect(covers('b', { namespace: 'n' }, pod)).toBe(false))
})

describe('the history of objects', () => {
  type Seen = Extract<Evidence, { kind: 'object-seen' }>
  type Version = readonly [object: object, change?: Seen['change']]
  const history = (...versions: readonly Version[]) => {
    const objects = createObjectHistory()
    for (const [index, [object, change = 'modified']] of versions.entries())
      objects.add({ kind: 'object-seen', at: index * 10, change, object } as unknown as Seen, index + 1)
    return objects
  }
  const hpa = (desired: number, conditions: readonly object[] = [], more: object = {}) => ({
    resource: 'HorizontalPodAutoscaler',
    ...named('h'),
    of: 'w',
    max: 5,
    desired,
    metrics: [],
    conditions,
    ...more,
  })
  const limited = { type: 'ScalingLimited', status: 'True', reason: 'TooManyReplicas' }
  it('holds what changed of an autoscaler', () => {
    const of = (...versions: readonly Version[]) => noted(history(...versions).hpa('h')).map(({ at }) => at)
    expect(of([hpa(1)], [hpa(1)], [hpa(2)], [hpa(3), 'deleted'])).toEqual([0, 20])
    expect(history().hpa('h')).toEqual([])
  })

  it.each<[string, object, boolean]>([
    ['too many replicas', limited, true],
    ['another type', { ...limited, type: 'AbleToScale' }, false],
    ['another status', { ...limited, status: 'False' }, false],
    ['another reason', { ...limited, reason: 'DesiredWithinRange' }, false],
  ])('knows an autoscaler at its maximum by %s', (_, condition, is) => {
    expect(noted(history([hpa(5, [condition], { ofKind: 'Deployment' })]).hpa('h'))[0]?.limited).toBe(is)
  })

  const scaled = (status: string, more: object = {}) => ({
    resource: 'ScaledObject',
    ...named('s'),
    of: 'w',
    min: 1,
    conditions: [{ type: 'Active', status }],
    ...more,
  })
  it('holds whether a queue is active, and its rest', () => {
    const of = noted(
      history([scaled('False')], [scaled('True', { idle: 0, hpaName: 'x' })], [scaled('True'), 'deleted']).scaledObject(
        's',
      ),
    )
    expect(of.map(({ active, idle }) => `${active} ${idle}`)).toEqual(['false undefined', 'true 0'])
    const other = { ...scaled('True'), conditions: [{ type: 'Ready', status: 'True' }] }
    expect(history([other]).scaledObject('s')[0]?.active).toBe(false)
  })

  it('holds how many replicas are wanted', () => {
    const wants = (wanted: number, resource = 'Deployment') => ({ resource, ...named('w'), wanted })
    const steps = history([wants(2)], [wants(2)], [wants(3, 'StatefulSet')], [wants(3), 'deleted']).wanted('w')
    expect(steps.map(({ at, value }) => `${at}: ${value}`)).toEqual(['0: 2', '20: 3', '30: 0'])
  })

  it('counts the pods of a workload', () => {
    const pod = (uid: string, changes: Partial<PodSeen> = {}) => ({
      ...{ resource: 'Pod', ...named('a'), labels: {}, podPhase: 'Running', ready: true, deleting: false, restarts: 0 },
      ...{ uid, node: 'n', app: 'w' },
      ...changes,
    })
    const of = history(
      [pod('u', { ready: false })],
      [pod('u')],
      [pod('v', { node: undefined as never, ready: false })],
      [pod('v')],
      [pod('u', { deleting: true })],
      [pod('x', { app: 'other' })],
      [pod('y', { deleting: true })],
      [pod('v'), 'deleted'],
    )
    const counts = noted(of.pods({ namespace: 'casino', name: 'w' })).map(
      ({ scheduled, ready }) => `${scheduled} ${ready}`,
    )
    expect(counts).toEqual(['1 0', '1 1', '2 2', '1 1', '0 0'])
  })

  it('knows no object of chaos, and no budget that is gone', () => {
    const gone = {
      resource: 'PodDisruptionBudget',
      ...named('b'),
      healthy: 1,
      wantedHealthy: 1,
      expected: 1,
      allowed: 0,
    }
    expect(history([{ resource: 'Chaos', ...named('c') }], [gone, 'deleted']).budget('b')).toBeUndefined()
    expect(history([gone]).budget('b')?.stuck).toHaveLength(1)
  })
})
