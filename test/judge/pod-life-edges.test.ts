/** What is kept of a pod, version by version, and which workload it belongs to. */
import { describe, expect } from 'vitest'
import type { PodSeen } from '../../src/domain/cluster.ts'
import { millis } from '../../src/domain/units.ts'
import { createPodLives, firstServing, fits, isServer, servesAt, templateOf } from '../../src/judge/seen/pod-lives.ts'
import { isPodOf, podsOfApp } from '../../src/judge/seen/workload-pods.ts'
import { named, target } from '../support/evidence.ts'
import { it, noted } from '../support/reviewed.ts'

const POD: PodSeen = {
  resource: 'Pod',
  ...named('a'),
  app: 'a',
  labels: {},
  podPhase: 'Running',
  ready: true,
  deleting: false,
  restarts: 0,
}
const podOf = (...versions: readonly (Partial<PodSeen> & { readonly gone?: true })[]) => {
  const lives = createPodLives()
  for (const [index, { gone, ...version }] of versions.entries())
    lives.add({ ...POD, ...version }, gone === true, index * 10, index + 1)
  const [life] = noted(lives.all)
  if (life === undefined) throw new Error('one pod')
  return life
}
const image = (id: string) => [{ container: 'c', image: 'i', id }]

describe('a pod', () => {
  it.each<[string, () => unknown, unknown]>([
    [
      'serves while it is Ready',
      () => podOf({ ready: false }, {}, { ready: false }, {}).serving.map(({ at }) => at),
      [10, 20, 30],
    ],
    [
      'serves no more once it is deleted',
      () => podOf({}, { deleting: true }).serving.map(({ is }) => is),
      [true, false],
    ],
    ['serves no more once it is gone', () => podOf({}, { gone: true }).serving.map(({ is }) => is), [true, false]],
    ['of a Job serves nobody', () => podOf({ owner: { kind: 'Job', name: 'j' } }).serving, []],
    ['of another owner serves', () => podOf({ owner: { kind: 'ReplicaSet', name: 'j' } }).serving.length, 1],
    ['is first served at', () => firstServing(podOf({ ready: false }, {}, { ready: false }, {}))?.at, 10],
    ['is placed once', () => podOf({}, { node: 'n' }, { node: 'm' }).placedAt, 10],
    ['stands where it was seen last', () => podOf({}, { node: 'n' }, { node: 'm' }).node, 'm'],
    [
      'waits from the first time on',
      () => podOf({ unschedulable: 'x' }, { unschedulable: 'y' }).waits,
      { at: 0, line: 1, why: 'x' },
    ],
    ['runs as its phase says', () => podOf({ ready: false, podPhase: 'Pending' }, { ready: false }).runsAt, 10],
    ['runs where it is Ready', () => podOf({ podPhase: 'Pending' }).runsAt, 0],
    ['never ran', () => podOf({ ready: false, podPhase: 'Pending' }).runsAt, undefined],
    ['is deleted once', () => podOf({}, { deleting: true }, { gone: true }).deletingAt, 10],
    ['is deleted as it is gone', () => podOf({}, { gone: true }).deletingAt, 10],
    [
      'has ended as its phase says',
      () => podOf({ deleting: true }, { deleting: true, podPhase: 'Succeeded' }, { gone: true }).endedAt,
      10,
    ],
    ['has ended by failing', () => podOf({ deleting: true }, { deleting: true, podPhase: 'Failed' }).endedAt, 10],
    ['has not ended before it was asked to', () => podOf({}, { podPhase: 'Failed' }).endedAt, undefined],
    ['has ended as it is gone', () => podOf({ deleting: true }, { gone: true }).endedAt, 10],
    ['is gone once', () => podOf({}, { gone: true }, { gone: true }).goneAt, 10],
    ['has failed', () => podOf({}, { podPhase: 'Failed' }).failed, true],
    ['failed before', () => podOf({ podPhase: 'Failed' }, {}).failed, false],
    [
      'has the grace that it was given first',
      () =>
        podOf({ graceMs: millis(30) }, { deleting: true, graceMs: millis(20) }, { graceMs: millis(0), gone: true })
          .graceMs,
      20,
    ],
    ['has no grace', () => podOf({}).graceMs, undefined],
    ['has the priority that it was born with', () => podOf({ priority: -1 }, { priority: 5 }).priority, -1],
    ['has a limit of memory', () => podOf({ memoryLimit: 5 }).memoryLimit, 5],
    ['was started again', () => podOf({ restarts: 1 }, { restarts: 3 }).restarts, [{ at: 10, line: 2, times: 2 }]],
    [
      'was started again after an end',
      () =>
        podOf({}, { restarts: 1, lastTermination: { container: 'c', reason: 'Error', exitCode: 1 } }).restarts[0]?.ended
          ?.reason,
      'Error',
    ],
    [
      'was counted anew',
      () => podOf({ restarts: 3 }, { restarts: 1 }, { restarts: 2 }).restarts.map(({ times }) => times),
      [1],
    ],
    [
      'got another image',
      () =>
        podOf({ images: image('a') }, { images: image('a') }, { images: image('b') }, {}).images.map(({ at }) => at),
      [0, 20],
    ],
  ])('%s', (_, is, expected) => expect(is()).toEqual(expected))

  it('serves at a moment', () => {
    const life = podOf({ ready: false }, {}, { ready: false })
    expect([0, 9, 10, 19, 20].map((at) => servesAt(life, at))).toEqual([false, false, true, true, false])
    expect([isServer({}), isServer({ owner: { kind: 'Job', name: 'j' } })]).toEqual([true, false])
  })

  it.each<[string, PodSeen['labels'], string]>([
    ['a Deployment', { 'pod-template-hash': 'a', 'rollouts-pod-template-hash': 'b' }, 'a'],
    ['a Rollout', { 'rollouts-pod-template-hash': 'b', 'controller-revision-hash': 'c' }, 'b'],
    ['a StatefulSet', { 'controller-revision-hash': 'c' }, 'c'],
    ['nobody', {}, ''],
  ])('has the template of %s', (_, labels, hash) => expect(templateOf(podOf({ labels }))).toBe(hash))

  it.each<[string, Parameters<typeof fits>[1], boolean]>([
    ['nothing', {}, true],
    ['its app', { app: 'a' }, true],
    ['another app', { app: 'b' }, false],
    ['its namespace', { namespace: 'casino' }, true],
    ['another namespace', { namespace: 'bank' }, false],
    ['its node', { nodes: new Set(['n']) }, true],
    ['another node', { nodes: new Set(['m']) }, false],
    ['its app in another namespace', { app: 'a', namespace: 'bank' }, false],
  ])('is found by %s', (_, filter, is) => expect(fits(podOf({ node: 'n' }), filter)).toBe(is))

  it('that has no node is on none', () => expect(fits(podOf({}), { nodes: new Set(['n']) })).toBe(false))

  it.each<[string, Partial<PodSeen>, Parameters<typeof isPodOf>[0], boolean]>([
    ['by its label', {}, { namespace: 'casino', name: 'a' }, true],
    ['not by the label of another', {}, { namespace: 'casino', name: 'b' }, false],
    ['not in another namespace', {}, { namespace: 'bank', name: 'a' }, false],
    [
      'by its owner',
      { owner: { kind: 'Deployment', name: 'x' } },
      { namespace: 'casino', name: 'x', kind: 'Deployment' },
      true,
    ],
    [
      'not by its label where it has an owner',
      { owner: { kind: 'Deployment', name: 'x' } },
      { namespace: 'casino', name: 'a' },
      false,
    ],
    [
      'not by an owner of another kind',
      { owner: { kind: 'StatefulSet', name: 'x' } },
      { namespace: 'casino', name: 'x', kind: 'Deployment' },
      false,
    ],
    [
      'by an owner of a kind that is not known',
      { owner: { kind: 'StatefulSet', name: 'x' } },
      { namespace: 'casino', name: 'x' },
      true,
    ],
    [
      'by an owner below a custom resource',
      { owner: { kind: 'StatefulSet', name: 'x' } },
      { namespace: 'casino', name: 'x', kind: 'Kafka' },
      true,
    ],
    [
      'not below a custom resource of another name',
      { owner: { kind: 'StatefulSet', name: 'y' } },
      { namespace: 'casino', name: 'x', kind: 'Kafka' },
      false,
    ],
  ])('belongs to a workload %s', (_, pod, workload, is) => expect(isPodOf(workload, podOf(pod))).toBe(is))

  it.each<[string, Partial<PodSeen>, number]>([
    ['of the platform', {}, 1],
    ['of another app', { app: 'b' }, 0],
    ['in a namespace that no source has', { namespace: 'bank' }, 0],
    ['in that of a source of its name', { app: 'psp-a', namespace: 'providers' }, 1],
    ['in that of a source that selects it', { app: 'named', namespace: 'other' }, 1],
  ])('%s counts for its app', (_, pod, n) => {
    const source = { namespace: 'other', selector: { app: 'named' }, port: 1, path: '/m', metrics: [] }
    const sources = { ...target.sources, x: source }
    const life = podOf(pod)
    expect(podsOfApp([life], { ...target, sources }, life.app === 'b' ? 'a' : life.app)).toHaveLength(n)
  })
})
