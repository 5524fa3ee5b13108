import { describe, expect, it } from 'vitest'
import { formatIssue } from '../../src/domain/issue.ts'
import type { FaultSpec, Rehearsal } from '../../src/domain/rehearsal.ts'
import type { PlannedFault } from '../../src/domain/timeline.ts'
import { millis } from '../../src/domain/units.ts'
import { admitFault, admitTimeline } from '../../src/plan/blast-radius.ts'
import type { Inventory } from '../../src/plan/inventory.ts'
import { planTimeline } from '../../src/plan/timeline.ts'
import type { SelectablePod } from '../../src/protocols/chaos-mesh/selector.ts'
import { at, stock, stockFault, within } from './plans.ts'

const RUN = { run: 'run-1', seed: 7 }

function pod(namespace: string, app: string, index: number, zone: string, podPhase = 'Running'): SelectablePod {
  return {
    metadata: { namespace, name: `${app}-${index}`, labels: { 'app.kubernetes.io/name': app } },
    spec: { nodeName: `node-${zone}` },
    status: { phase: podPhase, podIP: `10.244.0.${index}` },
  }
}

const zones = ['a', 'b', 'c']
const spread = (namespace: string, app: string, count: number): SelectablePod[] =>
  Array.from({ length: count }, (_, index) => pod(namespace, app, index, zones[index % 3] ?? 'a'))
const nodes = zones.map((zone) => ({
  metadata: { name: `node-${zone}`, labels: { 'topology.kubernetes.io/zone': `zone-${zone}` } },
}))
const cluster = (...pods: readonly SelectablePod[]): Inventory => ({ pods, nodes })

const normal = cluster(
  ...spread('casino', 'payments-api', 6),
  ...spread('casino', 'gateway', 9),
  pod('providers', 'psp-a', 0, 'c'),
  pod('providers', 'psp-b', 0, 'c'),
)

function faultOf(rehearsal: Rehearsal, change: Record<string, unknown> = {}): PlannedFault {
  const changed = {
    ...rehearsal,
    faults: rehearsal.faults.map((fault) => ({
      ...fault,
      object: { ...fault.object, spec: { ...fault.object.spec, ...change } },
    })),
  }
  const parsed = planTimeline(changed, stock.target, RUN)
  if (!parsed.ok || parsed.value.faults[0] === undefined) throw new Error('no plan')
  return parsed.value.faults[0]
}

const half = within({ share: 0.5 })

describe('admission', () => {
  it('counts both sides of a partition and names the pods', () => {
    const admission = admitFault(faultOf(half), half, normal, [])
    expect(admission).toMatchObject({ ok: true, candidates: 17, limit: 8, problems: [] })
    expect(admission.note).toBe('7 of 17 pods in casino, providers, limit 8')
    expect(admission.pods).toEqual([
      ...Array.from({ length: 6 }, (_, i) => `casino/payments-api-${i}`),
      'providers/psp-a-0',
    ])
  })

  it('refuses one pod too many, and names the file and line of the limit', () => {
    const six = within(6)
    const { ok, problems } = admitFault(faultOf(six), six, normal, [])
    expect(ok).toBe(false)
    expect(problems.map(formatIssue)).toEqual([
      'scenarios/psp-down-at-peak.rehearsal.yaml:23 blast-radius-exceeded\n' +
        '  "psp-a down" (chaos/psp-down.yaml) would harm 7 of 17 pods; this rehearsal allows 6.\n' +
        '  Next: select fewer (mode: fixed with a value), or raise blastRadius.pods in scenarios/psp-down-at-peak.rehearsal.yaml:17.',
    ])
    expect(admitFault(faultOf(six), within(7), normal, []).ok).toBe(true)
  })

  it('does not count finished pods in the share', () => {
    const jobs = Array.from({ length: 30 }, (_, index) => pod('casino', 'job', index, 'a', 'Succeeded'))
    expect(admitFault(faultOf(half), half, cluster(...normal.pods, ...jobs), []).candidates).toBe(17)
  })

  it('counts pods of other faults, each pod once', () => {
    const eight = within(8)
    expect(admitFault(faultOf(eight), eight, normal, ['casino/gateway-0']).ok).toBe(true)
    expect(admitFault(faultOf(eight), eight, normal, ['casino/payments-api-0', 'casino/gateway-0']).ok).toBe(true)
    const full = admitFault(faultOf(eight), eight, normal, ['casino/gateway-0', 'casino/gateway-1'])
    expect(full.problems[0]?.problem).toContain(
      'would harm 9 of 17 pods, 2 of them held by what else runs at that time',
    )
  })

  it('counts the worst choice of a mode that chooses at random', () => {
    const three = within(3)
    const two = admitFault(faultOf(three, { mode: 'fixed', value: '2' }), three, normal, [])
    expect(two).toMatchObject({ ok: true, note: '3 of 17 pods in casino, providers (drawn from 7), limit 3' })
    expect(admitFault(faultOf(three, { mode: 'fixed-percent', value: '50' }), three, normal, []).ok).toBe(false)
  })

  it.each([
    [
      'the faulted pods',
      { selector: { namespaces: ['casino'], labelSelectors: { app: 'nobody' } } },
      'spec.selector matches no live pod',
    ],
    [
      'their peers',
      { target: { mode: 'all', selector: { namespaces: ['providers'], labelSelectors: { app: 'nobody' } } } },
      'spec.target.selector matches no live pod',
    ],
    [
      'nodes that do not exist',
      { selector: { namespaces: ['casino'], nodes: ['node-z'] } },
      'nodes "node-z" not found',
    ],
  ])('refuses a fault whose selector matches nothing: %s', (_, change, words) => {
    const { ok, problems } = admitFault(faultOf(half, change), half, normal, [])
    expect(ok).toBe(false)
    expect(problems.map(({ code }) => code)).toContain('fault-selects-nothing')
    expect(problems.map(({ problem }) => problem).join()).toContain(words)
  })

  it('counts zones in which every pod would be harmed', () => {
    const zone = (letters: string[]) => ({
      selector: { namespaces: ['casino'], nodes: letters.map((letter) => `node-${letter}`) },
      target: undefined,
      externalTargets: ['192.0.2.1'],
    })
    const casino = cluster(...normal.pods.filter(({ metadata }) => metadata?.namespace === 'casino'))
    const wide = within({ share: 1 }, 1)
    expect(admitFault(faultOf(wide, zone(['a'])), wide, casino, []).note).toContain('1 zone lost')
    const two = admitFault(faultOf(wide, zone(['a', 'b'])), wide, casino, [])
    expect(two.problems[0]?.problem).toContain('harm every pod in 2 zones; this rehearsal allows 1')
    const held = casino.pods
      .filter(({ spec }) => spec?.nodeName === 'node-b')
      .map(({ metadata }) => `casino/${metadata?.name}`)
    expect(admitFault(faultOf(wide, zone(['a'])), wide, casino, held).ok).toBe(false)
  })
})

describe('admission of a whole plan', () => {
  const gateways = { namespaces: ['casino'], labelSelectors: { 'app.kubernetes.io/name': 'gateway' } }
  const onGateways = (name: string, laterMs: number): FaultSpec => ({
    ...stockFault,
    name,
    atMs: millis(stockFault.atMs + laterMs),
    object: { ...stockFault.object, spec: { ...stockFault.object.spec, selector: gateways } },
  })

  it.each([
    ['with those that run when it begins', 5000, false],
    ['without those that are over', 40_000, true],
  ])('counts a fault %s', (_, laterMs, ok) => {
    // 7 pods are cut off psp-a; 9 gateways more make 16 while both run.
    const rehearsal = { ...within(15), faults: [stockFault, onGateways('second', laterMs)] }
    const parsed = planTimeline(rehearsal, stock.target, RUN)
    if (!parsed.ok) throw new Error('no plan')
    const admissions = admitTimeline(parsed.value, rehearsal, stock.target, normal)
    expect(admissions.get(stockFault.name)?.ok).toBe(true)
    expect(admissions.get('second')?.ok).toBe(ok)
  })

  it.each([
    ['is expected to complete', { kind: 'completes', withinMs: millis(5000), at }, true],
    ['has another reaction', { kind: 'recovers', sli: 'login', withinMs: millis(5000), at }, false],
  ] as const)('holds the pods of a rollout no longer only where it %s', (_, reaction, ok) => {
    const workload = { kind: 'Deployment', name: 'gateway' } as const
    const rollout = { name: 'restarted', act: { kind: 'rollout', workload }, expect: [reaction] } as const
    const begins = { during: stockFault.during, at }
    const after = { ...onGateways('after', 0), atMs: millis(stockFault.atMs + 5000) }
    const actions = [{ ...rollout, ...begins, atMs: stockFault.atMs }]
    const rehearsal = { ...within(10), actions, faults: [{ ...after, witness: stockFault.witness }] }
    const parsed = planTimeline(rehearsal, stock.target, RUN)
    if (!parsed.ok) throw new Error('no plan')
    const other = pod('casino', 'gateway-old', 0, 'a')
    const selector = { matchLabels: { app: 'old' } }
    const old = { ...other, metadata: { ...other.metadata, labels: { app: 'old' } } }
    const deployment = { kind: 'Deployment', metadata: { namespace: 'casino', name: 'gateway' } }
    const workloads = [{ ...deployment, spec: { replicas: 1, strategy: { type: 'Recreate' }, selector } }]
    const inventory = { ...cluster(...normal.pods, old), workloads }
    expect(admitTimeline(parsed.value, rehearsal, stock.target, inventory).get('after')?.ok).toBe(ok)
  })

  it('counts a pod that two faults hold only once', () => {
    const rehearsal = {
      ...within(7),
      faults: [stockFault, { ...stockFault, name: 'again', atMs: millis(stockFault.atMs + 5000) }],
    }
    const parsed = planTimeline(rehearsal, stock.target, RUN)
    if (!parsed.ok) throw new Error('no plan')
    const admissions = admitTimeline(parsed.value, rehearsal, stock.target, normal)
    expect(admissions.get('again')).toEqual(admissions.get(stockFault.name))
  })
})
