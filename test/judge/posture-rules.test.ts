import { describe, expect } from 'vitest'
import type { BudgetSeen, HpaSeen, ScaledObjectSeen } from '../../src/domain/cluster.ts'
import type { EgressPeer } from '../../src/domain/posture.ts'
import { millis, seconds } from '../../src/domain/units.ts'
import { addresses } from '../../src/judge/posture/addresses.ts'
import type { Flaw } from '../../src/judge/posture/flaw.ts'
import { egressUnbounded, ingressUnbounded, policyMissing } from '../../src/judge/posture/network.ts'
import { imageUnpinned, limitsMissing, podPrivileged } from '../../src/judge/posture/pods.ts'
import { probesAmiss } from '../../src/judge/posture/probes.ts'
import { rolloutsAmiss } from '../../src/judge/posture/rollouts.ts'
import { scalersAmiss } from '../../src/judge/posture/scalers.ts'
import { redundancyAmiss, spreadMissing } from '../../src/judge/posture/standing.ts'
import { budgetFor, container, policy, probe, scaler, service, workload } from '../support/evidence-posture.ts'
import { it, noted } from '../support/reviewed.ts'

const told = (flaws: readonly Flaw[]) => flaws.map(({ weight, cause }) => `${weight} ${cause}`)
const budget = (changes: Partial<BudgetSeen> = {}) => ({ ...(budgetFor('wallet') as BudgetSeen), ...changes })

describe('probes and grace', () => {
  const flaws = (changes: Parameters<typeof container>[0], of: Parameters<typeof workload>[1] = {}, called = true) =>
    noted(
      probesAmiss([workload('wallet', { ...of, containers: [container(changes)] })], called ? [service('wallet')] : []),
    )
  const asks = 'GET /other :8080'

  it.each<[string, () => readonly Flaw[], readonly string[]]>([
    ['readiness that notices within 59 s', () => flaws({ readinessProbe: probe(asks, 59, 1) }), []],
    ['readiness that takes 60 s', () => flaws({ readinessProbe: probe(asks, 20, 3) }), ['breach readiness-slow']],
    [
      'readiness that takes 60 s, of pods that nobody calls',
      () => flaws({ readinessProbe: probe(asks, 20, 3) }, {}, false),
      [],
    ],
    ['liveness that restarts after 10 s', () => flaws({ livenessProbe: probe(asks, 5, 2) }), []],
    ['liveness that restarts after 9 s', () => flaws({ livenessProbe: probe(asks, 9, 1) }), ['breach liveness-unsafe']],
    [
      'liveness that asks what readiness asks',
      () => flaws({ livenessProbe: probe('GET /healthz :8080', 10) }),
      ['warning probes-alike'],
    ],
    ['liveness without a startup probe', () => flaws({ startup: false }), ['warning probe-missing']],
    ['no liveness and no startup probe', () => flaws({ liveness: false, startup: false }), []],
    ['an init container without probes', () => flaws({ init: true, readiness: false }), ['breach probe-missing']],
    ['a grace of 5 s', () => flaws({}, { graceMs: seconds(5) }), []],
    ['a grace below 5 s', () => flaws({}, { graceMs: millis(4999) }), ['breach grace-too-short']],
    ['a grace below 5 s of pods that nobody calls', () => flaws({}, { graceMs: millis(4999) }, false), []],
    ['a grace just longer than the hook', () => flaws({ preStopMs: millis(29_999) }), []],
    ['a grace as long as the hook', () => flaws({ preStopMs: seconds(30) }), ['breach grace-too-short']],
    ['no grace and no hook, of pods that nobody calls', () => flaws({}, { graceMs: millis(0) }, false), []],
    [
      'no grace and a hook',
      () => flaws({ preStopMs: millis(1) }, { graceMs: millis(0) }, false),
      ['breach grace-too-short'],
    ],
  ])('%s', (_, is, expected) => expect(told(is())).toEqual(expected))

  it('are told with their arithmetic', () => {
    expect(flaws({ readinessProbe: probe(asks, 20, 3) })[0]?.sentence).toContain(
      'takes 60.0 s to notice a dead pod (every 20.0 s × 3 = 60.0 s)',
    )
  })

  it('count where only one of two containers has them', () => {
    const two = workload('wallet', { containers: [container({ readiness: false }), container()] })
    expect(told(noted(probesAmiss([two], [service('wallet')])))).toEqual([])
  })
})

describe('autoscalers', () => {
  const hpa = (min: number, max: number, ...metrics: string[]): HpaSeen => ({
    ...(scaler(...(metrics.length > 0 ? metrics : ['Pods/rps'])) as HpaSeen),
    min,
    max,
  })
  const keda = (min: number, max: number): ScaledObjectSeen => ({
    resource: 'ScaledObject',
    namespace: 'casino',
    name: 'payouts',
    uid: 'u',
    of: 'payouts',
    ofKind: 'Deployment',
    min,
    max,
    pollingMs: seconds(5),
    cooldownMs: seconds(30),
    conditions: [],
    metrics: [],
    hpaName: 'payments-api',
  })

  it.each<[string, readonly HpaSeen[], readonly ScaledObjectSeen[], readonly string[]]>([
    ['from 2 to 3', [hpa(2, 3)], [], []],
    ['from 1 to 2', [hpa(1, 2)], [], ['breach autoscaler-to-one']],
    ['from 1 to 1', [hpa(1, 1)], [], ['breach autoscaler-pinned']],
    ['from 3 to 3', [hpa(3, 3)], [], ['breach autoscaler-pinned']],
    ['from 3 to 2', [hpa(3, 2)], [], ['breach autoscaler-pinned']],
    ['without a metric', [{ ...hpa(2, 3), metrics: [] }], [], []],
    ['on CPU alone', [hpa(2, 3, 'Resource/cpu')], [], ['breach autoscaler-on-cpu']],
    ['on CPU and something else', [hpa(2, 3, 'Resource/cpu', 'Pods/rps')], [], []],
    ['of KEDA, from 0', [hpa(1, 3)], [keda(0, 3)], []],
    ['of KEDA, pinned', [hpa(3, 3)], [keda(3, 3)], ['breach autoscaler-pinned']],
  ])('%s', (_, hpas, objects, expected) => expect(told(noted(scalersAmiss(hpas, objects)))).toEqual(expected))
})

describe('rollouts', () => {
  const rollout = (unavailable: number, replicas: number, budgets: readonly BudgetSeen[] = []) =>
    told(
      noted(
        rolloutsAmiss([workload('wallet', { replicas, rollout: { unavailable, surge: 1, written: '50%' } })], budgets),
      ),
    )

  it.each<[string, () => readonly string[], readonly string[]]>([
    ['half of the pods away at once', () => rollout(2, 4), []],
    ['more than half of them', () => rollout(3, 4), ['breach rollout-too-wide']],
    ['both of two pods', () => rollout(2, 2), ['breach rollout-too-wide']],
    ['the only pod', () => rollout(1, 1), []],
    ['as many left as the budget wants', () => rollout(1, 3, [budget({ wantedHealthy: 2 })]), []],
    [
      'one less than the budget wants',
      () => rollout(1, 3, [budget({ wantedHealthy: 3 })]),
      ['breach rollout-too-wide'],
    ],
    ['a budget for other pods', () => rollout(1, 3, [budget({ wantedHealthy: 3, selector: { app: 'bets' } })]), []],
  ])('%s', (_, is, expected) => expect(is()).toEqual(expected))

  it('of something that has no rollout', () => {
    const { rollout: _, ...without } = workload('wallet')
    expect(noted(rolloutsAmiss([without], []))).toEqual([])
  })
})

describe('redundancy', () => {
  const flaws = (changes: Parameters<typeof workload>[1], budgets: readonly BudgetSeen[]) =>
    told(noted(redundancyAmiss([workload('wallet', changes)], [service('wallet')], budgets)))

  it.each<[string, () => readonly string[], readonly string[]]>([
    ['three pods and a budget', () => flaws({}, [budget()]), []],
    ['three pods without one', () => flaws({}, []), ['breach budget-missing']],
    ['two pods without one', () => flaws({ replicas: 2 }, []), ['breach budget-missing']],
    ['no pod', () => flaws({ replicas: 0 }, []), []],
    ['a DaemonSet', () => flaws({ workloadKind: 'DaemonSet' }, []), []],
    ['a budget that lets no healthy pod go', () => flaws({}, [budget({ allowed: 0 })]), ['breach budget-blocks']],
    [
      'a budget of one pod, which can let none go',
      () => flaws({}, [budget({ allowed: 0, expected: 1, healthy: 1 })]),
      [],
    ],
    [
      'a budget of two pods that lets none go',
      () => flaws({}, [budget({ allowed: 0, expected: 2, healthy: 2 })]),
      ['breach budget-blocks'],
    ],
    [
      'a budget that lets none go because one is not healthy',
      () => flaws({}, [budget({ allowed: 0, healthy: 2 })]),
      [],
    ],
    ['a budget that keeps one pod', () => flaws({}, [budget({ wantedHealthy: 1 })]), []],
    ['a budget that keeps none', () => flaws({}, [budget({ wantedHealthy: 0 })]), ['breach budget-ineffective']],
    [
      'a budget that keeps none of one pod',
      () => flaws({}, [budget({ wantedHealthy: 0, expected: 1 })]),
      ['breach budget-ineffective'],
    ],
    ['a budget that keeps none of none', () => flaws({}, [budget({ wantedHealthy: 0, expected: 0, healthy: 0 })]), []],
    ['one pod with a budget', () => flaws({ replicas: 1 }, [budget()]), ['warning single-replica']],
    ['one pod without one', () => flaws({ replicas: 1 }, []), ['breach single-replica']],
  ])('%s', (_, is, expected) => expect(is()).toEqual(expected))

  it('over zones counts from two pods on, and not for a pod on each node', () => {
    const over = (changes: Parameters<typeof workload>[1]) =>
      told(noted(spreadMissing([workload('wallet', { spreadOver: [], ...changes })])))
    expect(over({ replicas: 2 })).toEqual(['breach spread-missing'])
    expect(over({ replicas: 1 })).toEqual([])
    expect(over({ workloadKind: 'DaemonSet' })).toEqual([])
  })
})

describe('networks', () => {
  const block = (cidr: string, ...except: readonly string[]): EgressPeer => ({ kind: 'block', cidr, except })

  it.each<[string, ReturnType<typeof addresses>]>([
    ['10.0.0.0/8', { count: 2 ** 24, bits: 32 }],
    ['10.0.0.1/32', { count: 1, bits: 32 }],
    ['10.0.0.0/33', undefined],
    ['fd00::/16', { count: 2 ** 112, bits: 128 }],
    ['::1/128', { count: 1, bits: 128 }],
    ['::/129', undefined],
    ['wallet', undefined],
  ])('%s holds so many addresses', (cidr, expected) => expect(addresses(cidr)).toEqual(expected))

  it.each<[string, EgressPeer, boolean]>([
    ['a /8', block('10.0.0.0/8'), false],
    ['a /7', block('10.0.0.0/7'), true],
    ['a /7 but for one of its halves', block('10.0.0.0/7', '10.0.0.0/8'), false],
    ['a /7 but for a little of it', block('10.0.0.0/7', '10.0.0.0/9'), true],
    ['a /7 but for something that is no block', block('10.0.0.0/7', 'wallet'), true],
    ['a /16 of IPv6', block('fd00::/16'), false],
    ['a /15 of IPv6', block('fd00::/15'), true],
    ['something that is no block', block('wallet'), false],
    ['pods', { kind: 'pods' }, false],
  ])('%s is the world, in both directions: %#', (_, peer, isWorld) => {
    const workloads = [workload('wallet')]
    const out = noted(egressUnbounded([policy('a', { egress: [{ to: [peer], ports: [] }] })], workloads))
    const into = noted(ingressUnbounded([policy('a', { ingress: [{ from: [peer], ports: [] }] })], workloads))
    expect([told(out), told(into)]).toEqual(
      isWorld ? [['breach egress-unbounded'], ['breach ingress-unbounded']] : [[], []],
    )
  })

  it.each([
    [['UDP/53'], []],
    [['TCP/53'], []],
    [['UDP/53', 'TCP/443'], ['breach egress-unbounded']],
    [[], ['breach egress-unbounded']],
  ])('a rule to everybody on the ports %j', (ports, expected) => {
    expect(told(noted(egressUnbounded([policy('a', { egress: [{ to: [], ports }] })], [workload('wallet')])))).toEqual(
      expected,
    )
  })

  it('an ingress rule without from lets everybody in, and an unread one is not judged', () => {
    const { ingress: _, ...unread } = policy('a')
    const open = policy('a', { ingress: [{ from: [], ports: [] }] })
    expect(noted(ingressUnbounded([open], [workload('wallet')]))[0]?.sentence).toBe(
      'Everybody may call wallet: policy a has an ingress rule without "from".',
    )
    expect(noted(ingressUnbounded([unread], [workload('wallet')]))).toEqual([])
    expect(told(noted(ingressUnbounded([policy('a', { governs: ['egress'] })], [workload('wallet')])))).toEqual([
      'breach ingress-unbounded',
    ])
  })

  it('are open to a later pod where each pod has a policy and none selects all', () => {
    const own = policy('a', { selector: { matchLabels: { app: 'wallet' } } })
    expect(noted(policyMissing('casino', [own], [workload('wallet')]))[0]?.sentence).toBe(
      'No NetworkPolicy selects every pod of casino for ingress and egress: a pod that no policy names will be open.',
    )
    const expression = policy('a', { selector: { matchExpressions: [{ key: 'app', operator: 'Exists' }] } })
    expect(told(noted(policyMissing('casino', [expression], [workload('wallet')])))).toEqual(['breach policy-missing'])
  })
})

describe('what pods are made of', () => {
  const { security } = container()
  const amiss = (changes: Partial<typeof security>, more: Parameters<typeof container>[0] = {}) =>
    noted(
      podPrivileged([
        workload('wallet', { containers: [container({ security: { ...security, ...changes }, ...more })] }),
      ]),
    )[0]?.sentence

  it.each<[() => string | undefined, string | undefined]>([
    [() => amiss({}), undefined],
    [() => amiss({ user: 1000 }), undefined],
    [() => amiss({ user: 0 }), 'wallet container main runs as root.'],
    [() => amiss({ nonRoot: false, user: 1000 }), 'wallet container main may run as root.'],
    [() => amiss({ mayEscalate: true }), 'wallet container main may gain privileges.'],
    [() => amiss({ dropped: ['NET_RAW'] }), 'wallet container main keeps capabilities.'],
    [() => amiss({ added: ['NET_BIND_SERVICE'] }), undefined],
    [() => amiss({ added: ['NET_BIND_SERVICE', 'SYS_TIME'] }), 'wallet container main adds SYS_TIME.'],
    [() => amiss({ seccomp: 'Localhost' }), undefined],
    [() => amiss({ seccomp: 'Unconfined' }), 'wallet container main has no seccomp profile.'],
    [() => amiss({}, { hostPorts: [80] }), 'wallet container main takes port 80 of the host.'],
  ])('%#', (sentence, expected) => expect(sentence()).toBe(expected))

  it('limits: what is missing is named', () => {
    const without = container({ requests: [], limits: ['cpu'] })
    expect(noted(limitsMissing([workload('wallet', { containers: [without] })]))[0]?.sentence).toBe(
      'wallet: container main has no request for cpu, request for memory and limit for memory.',
    )
  })

  it('images: a digest has 64 digits, and nothing behind it', () => {
    const digest = 'a1'.repeat(32)
    const pinned = (image: string) =>
      noted(imageUnpinned([workload('wallet', { containers: [container({ image })] })])).length === 0
    expect([digest, digest.slice(1), `${digest}a`].map((each) => pinned(`a@sha256:${each}`))).toEqual([
      true,
      false,
      false,
    ])
  })
})
