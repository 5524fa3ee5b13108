/** Values that exist but are wrong: each is one finding with the arithmetic that makes it one, from objects as the API server sends them. */
import { describe, expect, it } from 'vitest'
import { networkPolicySeen, serviceSeen, workloadSeen } from '../../../src/adapters/kubernetes/posture.ts'
import { budgetSeen, hpaSeen } from '../../../src/adapters/kubernetes/snapshots.ts'
import type { PostureKind, PostureObject, PostureWant } from '../../../src/domain/posture.ts'
import { instant } from '../../../src/domain/units.ts'
import { judgeWant } from '../../../src/judge/posture/posture.ts'
import { createObjectsListed } from '../../../src/judge/seen/listed.ts'

const labels = { app: 'cart' }
const metadata = { name: 'cart', namespace: 'shop', uid: 'u-1', labels }
const readinessProbe = { httpGet: { path: '/healthz', port: 8080 }, periodSeconds: 5 }
const livenessProbe = { httpGet: { path: '/livez', port: 8080 }, periodSeconds: 10 }

const deployment = (container: object = {}, spec: object = {}, pod: object = {}) =>
  workloadSeen('Deployment', {
    metadata,
    spec: {
      replicas: 3,
      template: {
        metadata: { labels },
        spec: {
          containers: [{ name: 'main', readinessProbe, livenessProbe, startupProbe: {}, ...container }],
          ...pod,
        },
      },
      ...spec,
    },
  })
const budget = (spec: object, desiredHealthy: number) =>
  budgetSeen({
    metadata,
    spec: { selector: { matchLabels: labels }, ...spec },
    status: { currentHealthy: 3, desiredHealthy, expectedPods: 3, disruptionsAllowed: 3 - desiredHealthy },
  })
const autoscaler = (minReplicas: number) =>
  hpaSeen({
    metadata,
    spec: {
      scaleTargetRef: { kind: 'Deployment', name: 'cart' },
      minReplicas,
      maxReplicas: 9,
      metrics: [{ type: 'Pods', pods: { metric: { name: 'rps' }, target: { averageValue: '10' } } }],
    },
  })
const policy = (ingress: readonly object[]) =>
  networkPolicySeen({
    metadata,
    spec: { podSelector: { matchLabels: labels }, policyTypes: ['Ingress'], ingress },
  })
const service = serviceSeen({ metadata, spec: { selector: labels } })

const healthy: Readonly<Record<PostureKind, readonly PostureObject[]>> = {
  Workload: [deployment()],
  Service: [service],
  NetworkPolicy: [policy([{ from: [{ podSelector: { matchLabels: { app: 'gateway' } } }] }])],
  Secret: [],
  PodDisruptionBudget: [budget({ maxUnavailable: 1 }, 2)],
  HorizontalPodAutoscaler: [autoscaler(2)],
  ScaledObject: [],
  DryRun: [],
  Dial: [],
}

function findingsOf(want: PostureWant, changes: Partial<typeof healthy>) {
  const seen = createObjectsListed()
  for (const [resource, objects] of Object.entries({ ...healthy, ...changes }))
    seen.add(
      {
        kind: 'objects-listed',
        at: instant(0),
        namespace: 'shop',
        resource: resource as PostureKind,
        objects,
      },
      2,
    )
  return judgeWant('shop', want, seen.of('shop')).findings
}

const wrong: readonly [string, PostureWant, Partial<typeof healthy>, string, string][] = [
  [
    'a budget with maxUnavailable 100 %',
    'redundancy',
    { PodDisruptionBudget: [budget({ maxUnavailable: '100%' }, 0)] },
    'budget-ineffective',
    'Budget cart lets all 3 pods of cart go at once: it keeps 0 of 3.',
  ],
  [
    'a budget with minAvailable 0',
    'redundancy',
    { PodDisruptionBudget: [budget({ minAvailable: 0 }, 0)] },
    'budget-ineffective',
    'it keeps 0 of 3',
  ],
  [
    'liveness that asks what readiness asks, every second, once',
    'probes',
    { Workload: [deployment({ livenessProbe: { ...readinessProbe, periodSeconds: 1, failureThreshold: 1 } })] },
    'liveness-unsafe',
    'after 1.0 s without an answer (every 1.0 s × 1 = 1.0 s)',
  ],
  [
    'readiness every 60 s',
    'probes',
    { Workload: [deployment({ readinessProbe: { ...readinessProbe, periodSeconds: 60 } })] },
    'readiness-slow',
    'to notice a dead pod (every ',
  ],
  [
    'a rolling update with maxUnavailable 67 % and no surge',
    'rollouts',
    {
      Workload: [
        deployment({}, { strategy: { type: 'RollingUpdate', rollingUpdate: { maxUnavailable: '67%', maxSurge: 0 } } }),
      ],
    },
    'rollout-too-wide',
    'leaves 1 pods, and its disruption budget wants 2 healthy (maxUnavailable 67%, maxSurge 0 of 3 is 2 away at once)',
  ],
  [
    'a grace period of 1 s',
    'probes',
    { Workload: [deployment({}, {}, { terminationGracePeriodSeconds: 1 })] },
    'grace-too-short',
    'is killed 1.0 s after it is asked to stop',
  ],
  [
    'an autoscaler with minReplicas 1',
    'autoscaling',
    { HorizontalPodAutoscaler: [autoscaler(1)] },
    'autoscaler-to-one',
    'its minimum is 1, its maximum 9',
  ],
  [
    'an ingress policy without from',
    'bounded-ingress',
    { NetworkPolicy: [policy([{ from: [] }])] },
    'ingress-unbounded',
    'policy cart has an ingress rule without "from"',
  ],
  [
    'readiness on /livez',
    'probes',
    { Workload: [deployment({ readinessProbe: { ...livenessProbe, periodSeconds: 5 } })] },
    'probes-alike',
    'ask the same (GET /livez :8080; readiness every 5.0 s × 3 = 15.0 s, liveness every 10.0 s × 3 = 30.0 s)',
  ],
]

describe('values that exist but are wrong', () => {
  it.each(wrong)('%s (%s)', (_, want, changes, cause, arithmetic) => {
    const found = findingsOf(want, changes).filter((each) => each.cause === cause)
    expect(found).toHaveLength(1)
    expect(found[0]?.sentence).toContain(arithmetic)
  })

  it.each(wrong)('is not %s in a healthy namespace (%s)', (_, want) => {
    expect(findingsOf(want, {})).toEqual([])
  })
})

describe('numbers at the limit', () => {
  it.each([
    ['half of the pods', { maxUnavailable: 1, maxSurge: 1 }, 2, false],
    ['more than half', { maxUnavailable: 2, maxSurge: 1 }, 3, true],
    ['25 % of 3, which Kubernetes rounds down to none', { maxUnavailable: '25%', maxSurge: '25%' }, 3, false],
    ['34 % of 3, which is one', { maxUnavailable: '34%', maxSurge: 0 }, 3, false],
    ['nothing at all, which Kubernetes takes for one', { maxUnavailable: 0, maxSurge: 0 }, 3, false],
  ])('a rollout may take %s', (_, rollingUpdate, replicas, told) => {
    const Workload = [deployment({}, { replicas, strategy: { rollingUpdate } })]
    expect(findingsOf('rollouts', { Workload, PodDisruptionBudget: [] }).length > 0).toBe(told)
  })

  it('Recreate takes all pods away', () => {
    const Workload = [deployment({}, { strategy: { type: 'Recreate' } })]
    expect(findingsOf('rollouts', { Workload, PodDisruptionBudget: [] })[0]?.sentence).toContain('leaves 0 of 3 pods')
  })

  it.each([
    ['59 s', { periodSeconds: 59, failureThreshold: 1 }, false],
    ['60 s', { periodSeconds: 20, failureThreshold: 3 }, true],
  ])('readiness that notices after %s', (_, numbers, told) => {
    const Workload = [deployment({ readinessProbe: { ...readinessProbe, ...numbers } })]
    expect(findingsOf('probes', { Workload }).length > 0).toBe(told)
  })

  it.each([
    ['9 s', { periodSeconds: 3 }, true],
    ['10 s', { periodSeconds: 5, failureThreshold: 2 }, false],
  ])('liveness that restarts after %s', (_, numbers, told) => {
    const Workload = [deployment({ livenessProbe: { ...livenessProbe, ...numbers } })]
    expect(findingsOf('probes', { Workload }).length > 0).toBe(told)
  })
})
