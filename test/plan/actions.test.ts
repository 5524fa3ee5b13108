import { describe, expect, it } from 'vitest'
import type { Act, Rehearsal } from '../../src/domain/rehearsal.ts'
import { millis } from '../../src/domain/units.ts'
import { admitAction, admitTimeline } from '../../src/plan/blast-radius.ts'
import { describePlan } from '../../src/plan/describe.ts'
import type { Inventory, LivePod } from '../../src/plan/inventory.ts'
import { renderPlan } from '../../src/plan/render.ts'
import { planTimeline } from '../../src/plan/timeline.ts'
import { type LiveWorkload, unavailableMost } from '../../src/plan/workload.ts'
import { everythingPair } from '../files/stock.ts'
import { at, stock, within } from './plans.ts'

const NODES = ['zone-a-api', 'zone-b-api', 'zone-b-realtime', 'zone-c-batch']
const nodes = NODES.map((name) => ({
  metadata: {
    name,
    labels: { 'topology.kubernetes.io/zone': name.slice(0, 6), 'matchday.dev/pool': name.slice(7) },
  },
}))

const pod = (namespace: string, app: string, index: number, node: string, owner = 'ReplicaSet'): LivePod => ({
  metadata: { namespace, name: `${app}-${index}`, labels: { app }, ownerReferences: [{ kind: owner }] },
  spec: { nodeName: node },
  status: { phase: 'Running' },
})

const gateways = [0, 1, 2, 3].map((index) => pod('casino', 'gateway', index, index % 2 ? 'zone-a-api' : 'zone-b-api'))
const pods = [
  ...gateways,
  pod('casino', 'realtime', 0, 'zone-b-realtime'),
  pod('casino', 'agent', 0, 'zone-b-api', 'DaemonSet'),
  pod('providers', 'psp-a', 0, 'zone-c-batch'),
]
const gateway: LiveWorkload = {
  kind: 'Deployment',
  metadata: { namespace: 'casino', name: 'gateway' },
  spec: { replicas: 4, selector: { matchLabels: { app: 'gateway' } } },
}
const live: Inventory = { pods, nodes, workloads: [gateway] }

const doing = (act: Act, limits: Rehearsal = within(100, 3)): Rehearsal => ({
  ...limits,
  actions: [{ name: 'act', during: 'promo peak', atMs: millis(5000), act, expect: [], at }],
})

function admission(act: Act, limits?: Rehearsal, held: readonly string[] = []) {
  const rehearsal = doing(act, limits)
  const parsed = planTimeline(rehearsal, stock.target, { run: 'run-1', seed: 7 })
  const action = parsed.ok ? parsed.value.actions[0] : undefined
  if (action === undefined) throw new Error('no plan')
  return admitAction(action, rehearsal, stock.target, live, held)
}

const zoneB = { zone: 'zone-b' }
const workload = { kind: 'Deployment', name: 'gateway' } as const

describe('the reach of an action', () => {
  it.each<[string, Act, readonly string[], readonly string[]]>([
    [
      'a drain: all but the pods of DaemonSets',
      { kind: 'drain', nodes: zoneB },
      ['Node/zone-b-api', 'Node/zone-b-realtime'],
      ['casino/gateway-0', 'casino/gateway-2', 'casino/realtime-0'],
    ],
    [
      'a power cut: every pod',
      { kind: 'power-off', nodes: { ...zoneB, pool: 'api' } },
      ['Node/zone-b-api'],
      ['casino/agent-0', 'casino/gateway-0', 'casino/gateway-2'],
    ],
    [
      'the first node by name',
      { kind: 'drain', nodes: { pool: 'api', atMost: 1 } },
      ['Node/zone-a-api'],
      ['casino/gateway-1', 'casino/gateway-3'],
    ],
    [
      'a taint that evicts',
      { kind: 'taint', nodes: { pool: 'realtime' }, key: 'k', effect: 'NoExecute' },
      ['Node/zone-b-realtime'],
      ['casino/realtime-0'],
    ],
    [
      'a NoSchedule taint',
      { kind: 'taint', nodes: zoneB, key: 'k', effect: 'NoSchedule' },
      ['Node/zone-b-api', 'Node/zone-b-realtime'],
      [],
    ],
    [
      'scaling down: the pods that go',
      { kind: 'scale', workload, replicas: 1 },
      ['Deployment/casino/gateway'],
      ['casino/gateway-0', 'casino/gateway-1', 'casino/gateway-2'],
    ],
    ['scaling up: no pods', { kind: 'scale', workload, replicas: 9 }, ['Deployment/casino/gateway'], []],
    [
      'a rollout: the pods that may be unavailable at one time',
      { kind: 'rollout', workload },
      ['Deployment/casino/gateway'],
      ['casino/gateway-0'],
    ],
    [
      'a release: the pods that may be unavailable at one time',
      {
        kind: 'release',
        shape: 'rolling',
        workload,
        images: { app: 'gateway:2' },
        annotations: {},
        withinMs: millis(1),
        backWithinMs: millis(1),
      },
      ['Deployment/casino/gateway'],
      ['casino/gateway-0'],
    ],
    ['a flag', { kind: 'flag', configMap: 'features', key: 'promo', value: 'off' }, ['ConfigMap/casino/features'], []],
    ['a promotion', { kind: 'promote', database: 'wallet-db', to: 'wallet-db-1' }, ['Database/wallet-db'], []],
  ])('is known: %s', (_, act, targets, harmed) => {
    expect(admission(act)).toMatchObject({ ok: true, targets, pods: harmed, problems: [] })
  })

  it.each<[string, Act, string]>([
    ['nodes that do not exist', { kind: 'drain', nodes: { zone: 'zone-z' } }, '"act": no node is of zone zone-z.'],
    [
      'a workload that does not exist',
      { kind: 'rollout', workload: { kind: 'Deployment', name: 'gate' } },
      '"act": there is no Deployment gate in the namespace casino.',
    ],
  ])('is refused when it is empty: %s', (_, act, problem) => {
    expect(admission(act)).toMatchObject({ ok: false, problems: [{ code: 'action-selects-nothing', problem }] })
  })

  it('is limited to the namespaces of the blast radius on shared nodes', () => {
    const casino = {
      ...within(100, 3),
      faults: [],
      blastRadius: { ...within(100, 3).blastRadius, namespaces: ['casino'] },
    }
    const { ok, problems } = admission({ kind: 'drain', nodes: { zone: 'zone-c' } }, casino)
    expect([ok, problems.map(({ code }) => code)]).toEqual([false, ['action-outside-blast-radius']])
  })

  it('of a workload is limited to them too, but only if a pod goes', () => {
    const elsewhere = {
      ...within(100, 3),
      faults: [],
      blastRadius: { ...within(100, 3).blastRadius, namespaces: ['x'] },
    }
    const scaled = (replicas: number) => admission({ kind: 'scale', workload, replicas }, elsewhere)
    expect(scaled(3).problems.map(({ code }) => code)).toEqual(['action-outside-blast-radius'])
    expect(scaled(4)).toMatchObject({ ok: true, pods: [] })
    expect(scaled(5)).toMatchObject({ ok: true, pods: [] })
  })

  it.each<[string, Act]>([
    ['pods on drained nodes', { kind: 'drain', nodes: { zone: 'zone-b' } }],
    ['pods that scaling removes', { kind: 'scale', workload, replicas: 1 }],
  ])('counts against the limit: %s', (_, act) => {
    expect(admission(act, within(3, 3)).ok).toBe(true)
    expect(admission(act, within(2, 3)).problems[0]?.code).toBe('blast-radius-exceeded')
    expect(admission(act, within(3, 3), ['providers/psp-a-0']).problems[0]?.problem).toContain(
      'would harm 4 of 6 pods, 1 of them held by what else runs at that time',
    )
  })

  it('counts the zones that lose all their pods', () => {
    const off: Act = { kind: 'power-off', nodes: zoneB }
    expect(admission(off, within(100, 1)).note).toBe('4 of 6 pods in casino, limit 100, 1 zone lost')
    expect(admission(off, within(100, 0)).problems[0]?.problem).toContain('harm every pod in 1 zones')
  })

  it('does not refuse an action that harms no pod, although other harms hold a whole zone', () => {
    const flag: Act = { kind: 'flag', configMap: 'features', key: 'promo', value: 'off' }
    const zone = ['casino/gateway-0', 'casino/gateway-2', 'casino/realtime-0', 'casino/agent-0']
    expect(admission(flag, within(9, 0), zone)).toMatchObject({ ok: true, problems: [] })
  })

  it.each([
    ['Deployment', 'gateway', []],
    ['Deployment', 'other', ['action-selects-nothing']],
    ['StatefulSet', 'gateway', ['action-selects-nothing']],
  ] as const)('of a canary needs its %s %s', (kind, name, problems) => {
    const canary = { route: 'shop', steps: [] } as never
    const act = {
      kind: 'release',
      shape: 'canary',
      workload: { kind, name },
      images: {},
      annotations: {},
      canary,
    } as unknown as Act
    const admitted = admission({ ...act, withinMs: millis(1), backWithinMs: millis(1) } as Act)
    expect(admitted.problems.map(({ code }) => code)).toEqual(problems)
    expect(admitted.targets).toEqual([`${kind}/casino/${name}`, 'HTTPRoute/casino/shop'])
  })

  it('does not refuse an action that harms no pod, whatever other harms hold', () => {
    const flag: Act = { kind: 'flag', configMap: 'features', key: 'promo', value: 'off' }
    expect(admission(flag, within(0, 0), ['casino/gateway-0'])).toMatchObject({ ok: true, note: 'harms no pod' })
  })
})

describe('a rollout', () => {
  it.each<[string, LiveWorkload['spec'], number]>([
    ['without settings', { replicas: 6 }, 1],
    ['three pods by default, rounded down, with surge', { replicas: 3 }, 0],
    ['as a share', { replicas: 10, strategy: { rollingUpdate: { maxUnavailable: '50%' } } }, 5],
    ['as a number', { replicas: 6, strategy: { rollingUpdate: { maxUnavailable: 2 } } }, 2],
    ['without surge', { replicas: 6, strategy: { rollingUpdate: { maxUnavailable: 0, maxSurge: 0 } } }, 1],
    ['with the strategy Recreate', { replicas: 6, strategy: { type: 'Recreate' } }, 6],
  ])('limits how many pods may be unavailable: %s', (_, spec, most) => {
    expect(unavailableMost({ ...gateway, spec: spec ?? {} })).toBe(most)
  })

  it('of a StatefulSet replaces one pod at a time', () => {
    expect(unavailableMost({ kind: 'StatefulSet', spec: { replicas: 3 } })).toBe(1)
  })
})

describe('a plan with actions', () => {
  const { rehearsal, target } = everythingPair()
  const parsed = planTimeline(rehearsal, target, { run: 'run-1', seed: 7 })
  if (!parsed.ok) throw new Error('no plan')
  const timeline = parsed.value
  const named = (app: string, namespace = 'casino') => ({
    ...pod(namespace, app, 0, 'zone-a-api'),
    metadata: { namespace, name: `${app}-0`, labels: { 'app.kubernetes.io/name': app } },
  })
  const wallet = (kind: string, name: string): LiveWorkload => ({
    kind,
    metadata: { namespace: 'casino', name },
    spec: { replicas: 2, selector: { matchLabels: { 'app.kubernetes.io/name': 'wallet' } } },
  })
  const everyone: Inventory = {
    pods: [...pods, named('payments-api'), named('wallet'), named('psp-a', 'providers')],
    nodes,
    workloads: [gateway, wallet('Deployment', 'wallet'), wallet('StatefulSet', 'wallet-db')],
  }

  it('begins each action on time, and ends it on time if it has an end', () => {
    const drained = timeline.actions.find(({ name }) => name === 'api drained')
    expect(drained).toEqual({
      name: 'api drained',
      fromMs: 105_000,
      act: { kind: 'drain', nodes: { pool: 'api', atMost: 1 } },
    })
    const dark = timeline.actions.find(({ name }) => name === 'zone-c dark')
    expect([dark?.fromMs, dark?.toMs]).toEqual([40_000, 60_000])
  })

  it('adds up faults and actions that overlap', () => {
    const admissions = admitTimeline(timeline, rehearsal, target, everyone)
    expect([...admissions.keys()]).toEqual(
      [...timeline.faults, ...timeline.actions].sort((a, b) => a.fromMs - b.fromMs).map(({ name }) => name),
    )
    // What is drained is held until it is done, 30 s after 1:45; the rollout begins at 2:11, while the last pods go.
    expect(admissions.get('gateway released')?.problems[0]?.problem).toContain('5 of them held by what else runs')
    const sooner = rehearsal.actions.map((action) => ({
      ...action,
      expect: action.expect.map((each) => (each.kind === 'completes' ? { ...each, withinMs: millis(20_000) } : each)),
    }))
    const admitted = admitTimeline(timeline, { ...rehearsal, actions: sooner }, target, everyone)
    expect(admitted.get('gateway released')?.note).toBe('1 of 8 pods in casino, limit 4')
  })

  it('matches the golden file', async () => {
    const text = renderPlan(
      describePlan({
        at: 0,
        rehearsal,
        target,
        timeline,
        admissions: admitTimeline(timeline, rehearsal, target, everyone),
      }),
    )
    await expect(text).toMatchFileSnapshot('golden/actions-plan.txt')
  })
})
