/** Postures by their effects and by their age: connections, dry runs and secrets; and what pods may be made of, word by word. */
import { describe, expect } from 'vitest'
import type { HpaSeen } from '../../src/domain/cluster.ts'
import { type DialSeen, type DryRunSeen, dialsOutside, triedPods } from '../../src/domain/effects.ts'
import { instant, millis } from '../../src/domain/units.ts'
import { dialsUnknown, networkAmiss } from '../../src/judge/posture/dials.ts'
import { dryRunsUnknown, policyNotEnforced } from '../../src/judge/posture/dry-runs.ts'
import type { Flaw } from '../../src/judge/posture/flaw.ts'
import { limitsMissing, podPrivileged, priorityMissing, rootWritable } from '../../src/judge/posture/pods.ts'
import { probesAmiss } from '../../src/judge/posture/probes.ts'
import { scalersAmiss } from '../../src/judge/posture/scalers.ts'
import { secretUnrotated } from '../../src/judge/posture/secrets.ts'
import { serves } from '../../src/judge/posture/serving.ts'
import { container, DAY_MS, dial, dryRun, scaler, secret, service, workload } from '../support/evidence-posture.ts'
import { START } from '../support/evidence-rehearsal.ts'
import { it, noted } from '../support/reviewed.ts'

const told = (flaws: readonly Flaw[]) =>
  noted(flaws).map(({ weight, cause, subject }) => `${weight} ${cause} ${subject}`)
const works = { outcome: 'connected' } as const
const may = { allowed: true } as const
const untold = { outcome: 'undialled', said: 'no shell' } as const

describe('connections', () => {
  const unread = (name: string) => `warning posture-unread casino/${name}`
  const open = (address: string) => `breach network-not-enforced casino/${address}`
  const blocked = 'warning network-blocked casino/b:8080'
  it.each<[string, readonly DialSeen[], readonly string[]]>([
    ['that fail as they should', [dial('a', 'b')], []],
    ['that work as they should', [dial('a', 'b', { ...may, ...works })], []],
    ['that work although nothing allows them', [dial('a', 'b', works)], [open('b:8080')]],
    ['that two workloads can make', [dial('a', 'b', works), dial('c', 'b', works)], [open('b:8080')]],
    ['to two ports', [dial('a', 'b', works), dial('a', 'b', { ...works, port: 9 })], [open('b:8080'), open('b:9')]],
    ['to two workloads', [dial('a', 'b', works), dial('a', 'c', works)], [open('b:8080'), open('c:8080')]],
    ['to nobody', [dial('a', '192.0.2.1', { ...works, outside: 'nobody' })], [open('192.0.2.1:8080')]],
    ['that fail although they are allowed', [dial('a', 'b', may)], [blocked]],
    ['that nobody could try', [dial('a', 'b', untold)], []],
    ['that one workload could not try', [dial('a', 'b', untold), dial('c', 'b')], [unread('a')]],
    ['that one could not try twice', [dial('a', 'b', untold), dial('a', 'c', untold), dial('c', 'b')], [unread('a')]],
    ['whose target was not found', [dial('', 'b', untold)], [unread('b')]],
    [
      'whose target was not found, beside others',
      [dial('', 'b', untold), dial('a', 'c', untold), dial('d', 'c')],
      [unread('a'), unread('b')],
    ],
    [
      'whose target was not found, and none of the others tried',
      [dial('', 'b', untold), dial('a', 'c', untold)],
      [unread('b')],
    ],
  ])('%s', (_, dials, expected) => expect(told(networkAmiss('casino', dials))).toEqual(expected))

  it.each(dialsOutside)('that fail although they are allowed, to: %s', (outside) =>
    expect(told(networkAmiss('casino', [dial('a', 'b', { ...may, outside })]))).toEqual([blocked]),
  )

  const outside = { outside: 'endpoint' } as const
  it.each<[string, readonly DialSeen[], number]>([
    ['of which one is forbidden and fails', [dial('a', 'b')], 0],
    ['of which one is forbidden and works', [dial('a', 'b', works)], 0],
    ['of which none is forbidden', [dial('a', 'b', may)], 1],
    ['of which none could be tried', [dial('a', 'b', untold), dial('c', 'b', { ...untold, said: 'no pod' })], 1],
    ['of which three could not be tried', ['x', 'y', 'z'].map((said) => dial('a', 'b', { ...untold, said })), 1],
    ['of which one could be tried', [dial('a', 'b', untold), dial('c', 'b')], 0],
    ['whose target was not found', [dial('', 'b')], 1],
    ['to where perhaps nothing listens', [dial('a', 'b', outside)], 1],
    ['to nobody', [dial('a', 'b', { outside: 'nobody' })], 1],
    ['to the API server', [dial('a', 'b', { outside: 'api-server' })], 0],
    [
      'to where something answered another',
      [dial('a', 'b', outside), dial('c', 'b', { ...outside, ...may, ...works })],
      0,
    ],
    ['to where another failed', [dial('a', 'b', outside), dial('c', 'b', { ...outside, ...may })], 1],
    [
      'to where something answered at another port',
      [dial('a', 'b', outside), dial('c', 'b', { ...outside, ...may, ...works, port: 9 })],
      1,
    ],
    [
      'to where something else answered',
      [dial('a', 'b', outside), dial('c', 'd', { ...outside, ...may, ...works })],
      1,
    ],
  ])('prove something: %s', (_, dials, n) => expect(noted(dialsUnknown(dials))).toHaveLength(n))
})

describe('dry runs', () => {
  const all = triedPods.map((pod) => dryRun(pod))
  const instead = (...runs: readonly DryRunSeen[]) =>
    all.map((each) => runs.find(({ tried }) => tried === each.tried) ?? each)
  it.each<[string, readonly DryRunSeen[], readonly string[]]>([
    ['that are refused', all, []],
    [
      'of which one is accepted',
      instead(dryRun('latest-tag', 'accepted')),
      ['breach policy-not-enforced casino/latest-tag'],
    ],
    [
      'of which two are',
      instead(dryRun('privileged', 'accepted'), dryRun('without-limits', 'accepted')),
      ['breach policy-not-enforced casino/privileged', 'breach policy-not-enforced casino/without-limits'],
    ],
    ['of which one is corrected', instead(dryRun('privileged', 'corrected')), []],
  ])('%s', (_, runs, expected) => expect(told(policyNotEnforced('casino', runs))).toEqual(expected))

  const [inOrder = dryRun('in-order'), ...flawed] = all
  it.each<[string, readonly DryRunSeen[], number]>([
    ['of all pods', all, 0],
    ['of none', [], 3],
    ['of the pod that is in order', [inOrder], 3],
    ['of two pods', all.slice(0, 3), 1],
    ['without an answer', instead(dryRun('privileged', 'unanswered')), 1],
    ['without an answer about the pod that is in order', instead(dryRun('in-order', 'unanswered')), 1],
    ['without the pod that is in order', flawed, 1],
    ['that refuse the pod that is in order', instead(dryRun('in-order', 'refused')), 1],
    ['that correct it', instead(dryRun('in-order', 'corrected')), 1],
    [
      'that accept all but the pod that is in order',
      triedPods.map((pod) => dryRun(pod, pod === 'in-order' ? 'refused' : 'accepted')),
      0,
    ],
    [
      'of which one alone was refused',
      [dryRun('privileged'), dryRun('latest-tag', 'corrected'), dryRun('without-limits', 'corrected')],
      1,
    ],
  ])('prove something: %s', (_, runs, n) => expect(noted(dryRunsUnknown(runs))).toHaveLength(n))
})

describe('a secret', () => {
  const { changedAt: _, ...undated } = secret('psp', 1)
  const { rotateWithin: __, ...unlimited } = undated
  const env = (name: string, namespace = 'casino', ...secrets: readonly string[]) =>
    workload(name, { namespace, containers: [container(), container({ secretEnv: secrets })] })
  const amiss = (
    of: Parameters<typeof secretUnrotated>[0][number],
    workloads: Parameters<typeof secretUnrotated>[1] = [],
  ) => told(secretUnrotated([of], workloads, instant(START)))
  const old = ['breach secret-unrotated casino/psp']
  it.each<[string, () => readonly string[], readonly string[]]>([
    ['that is just young enough', () => amiss(secret('psp', 90)), []],
    ['that is a moment older', () => amiss({ ...secret('psp', 90), changedAt: instant(START - 90 * DAY_MS - 1) }), old],
    ['without a limit', () => amiss(secret('psp', 1, '')), old],
    ['without a limit and a date', () => amiss(unlimited), old],
    ['without a date', () => amiss(undated), []],
    ['whose limit nobody can read', () => amiss(secret('psp', 1, 'soon')), old],
    [
      'of less than a day',
      () =>
        amiss({
          ...secret('psp', 0),
          rotateWithin: { text: '1h', ms: millis(0) },
          changedAt: instant(START - DAY_MS + 1),
        }),
      old,
    ],
    [
      'that one workload gets',
      () => amiss(secret('psp', 91), [env('a', 'casino', 'psp'), env('b', 'casino', 'other')]),
      old,
    ],
    [
      'that two workloads get',
      () => amiss(secret('psp', 91), [env('a', 'casino', 'psp'), env('b', 'casino', 'x', 'psp')]),
      old,
    ],
    ['that a workload of another namespace gets', () => amiss(secret('psp', 91), [env('a', 'bank', 'psp')]), old],
  ])('%s', (_name, is, expected) => expect(is()).toEqual(expected))
})

describe('a Service', () => {
  const { selector: _, ...headless } = service('wallet')
  const labels = { app: 'wallet', tier: 'money' }
  const is = (selector: Readonly<Record<string, string>>) =>
    serves(workload('wallet', { labels }), [{ ...headless, selector }])
  it.each<[string, () => boolean, boolean]>([
    ['that selects one label', () => is({ app: 'wallet' }), true],
    ['that selects another', () => is({ app: 'bets' }), false],
    ['that selects both labels', () => is(labels), true],
    ['of which one label differs', () => is({ ...labels, tier: 'x' }), false],
    ['that selects a label which is set later', () => is({ app: 'wallet', role: 'primary' }), true],
    ['that selects nothing else', () => is({ role: 'primary' }), false],
    ['that selects all', () => is({}), false],
    ['without a selector', () => serves(workload('wallet', { labels }), [headless]), false],
    ['beside another', () => serves(workload('wallet', { labels }), [service('bets'), service('wallet')]), true],
  ])('%s', (_name, run, expected) => expect(run()).toBe(expected))
})

describe('pods', () => {
  const { security } = container()
  const privileged = (changes: Parameters<typeof workload>[1]) =>
    told(podPrivileged([workload('wallet', changes)])).length
  const of = (...all: readonly Parameters<typeof container>[0][]) => ({
    containers: all.map((each) => container(each)),
  })
  it.each<[string, () => number, number]>([
    ['with the network of the host', () => privileged({ hostNamespaces: ['hostNetwork'] }), 1],
    ['with a volume of the host', () => privileged({ volumes: ['configMap', 'hostPath'] }), 1],
    [
      'of which one container is privileged',
      () => privileged(of({}, { name: 'b', security: { ...security, privileged: true } })),
      1,
    ],
    [
      'of which both are',
      () =>
        privileged(
          of(
            { security: { ...security, privileged: true } },
            { name: 'b', security: { ...security, privileged: true } },
          ),
        ),
      1,
    ],
    ['that take two ports', () => privileged(of({ hostPorts: [80, 443] })), 1],
    [
      'that may write to their root',
      () => told(rootWritable([workload('wallet', of({}, { security: { ...security, readOnlyRoot: false } }))])).length,
      1,
    ],
    [
      'without limits',
      () => told(limitsMissing([workload('wallet', of({ requests: ['cpu'], limits: [] }))])).length,
      1,
    ],
    ['without requests', () => told(limitsMissing([workload('wallet', of({ requests: [] }))])).length, 1],
    [
      'of which an init container has no limits',
      () => told(limitsMissing([workload('wallet', of({ init: true, limits: [] }))])).length,
      0,
    ],
    ['with a priority', () => told(priorityMissing([workload('wallet')])).length, 0],
  ])('%s', (_, is, n) => expect(is()).toBe(n))

  it('may mount what the standard "restricted" allows, and nothing else', () => {
    const said = (volumes: string) =>
      podPrivileged([workload('wallet', { volumes: volumes.split(' ') })]).map(({ sentence }) => sentence)
    expect(said('configMap csi downwardAPI emptyDir ephemeral image persistentVolumeClaim projected secret')).toEqual(
      [],
    )
    expect(said('configMap hostPath secret nfs')).toEqual(['wallet mounts a hostPath and mounts a nfs.'])
  })

  it('whose readiness and liveness differ, or of which one has no probe, are fine', () => {
    const { readinessProbe: _, ...unready } = container()
    const { livenessProbe: __, ...unalive } = container()
    expect(
      [unready, unalive].map((each) =>
        told(probesAmiss([workload('wallet', { containers: [each] })], [service('wallet')])),
      ),
    ).toEqual([[], []])
  })
})

describe('autoscalers', () => {
  const of = (min: number, max: number, ...metrics: readonly string[]) =>
    told(scalersAmiss([{ ...(scaler(...metrics) as HpaSeen), min, max }], []))
  const only = 'breach autoscaler-on-cpu casino/payments-api'
  it.each<[string, () => readonly string[], readonly string[]]>([
    ['from 0', () => of(0, 3, 'Pods/rps'), ['breach autoscaler-to-one casino/payments-api']],
    ['from 1 to 1', () => of(1, 1, 'Pods/rps'), ['breach autoscaler-pinned casino/payments-api']],
    ['on CPU and memory', () => of(2, 3, 'Resource/cpu', 'Resource/memory'), [only]],
    ['on CPU of one container', () => of(2, 3, 'ContainerResource/cpu'), [only]],
    ['on something that is named like it', () => of(2, 3, 'Pods/Resource/cpu'), []],
  ])('%s', (_, is, expected) => expect(is()).toEqual(expected))
})
