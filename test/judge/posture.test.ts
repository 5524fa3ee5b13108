/** The checks of a posture: what each of them finds. */
import { describe, expect } from 'vitest'
import { type PostureObject, type PostureWant, postureWants } from '../../src/domain/posture.ts'
import { evidence, together } from '../support/evidence.ts'
import { budgetFor, container, dryRun, listed, policy, scaler, secret, workload } from '../support/evidence-posture.ts'
import { causesOf, sentenceOf } from '../support/judged.ts'
import { type Changes, judged, ofWallet, to, walletMayCall, wanting } from '../support/posture-run.ts'
import { it, judge } from '../support/reviewed.ts'

const secured = container().security
const { priorityClass: _, ...unranked } = workload('wallet')

describe('a namespace whose objects are in order', () => {
  it('holds every check without a finding', () => {
    const judgment = judged(postureWants)
    expect(judgment.findings).toEqual([])
    expect(judgment.verdict.kind).toBe('pass')
    expect(judgment.posture.map(({ want, held }) => [want, held])).toEqual(postureWants.map((want) => [want, true]))
  })

  it('is not judged by checks that are not listed', () => {
    const judgment = judge(together(evidence(), listed({ NetworkPolicy: [] })))
    expect(judgment.findings).toEqual([])
    expect(judgment.posture).toEqual([])
  })
})

describe('a failed check', () => {
  it.each<[string, PostureWant, string, Changes]>([
    [
      'a privileged pod that would be let in',
      'enforced-policies',
      'policy-not-enforced',
      { DryRun: [dryRun('in-order'), dryRun('privileged', 'accepted')] },
    ],
    ['no policy at all', 'default-deny', 'policy-missing', { NetworkPolicy: [] }],
    [
      'policies that name each present pod and no future one',
      'default-deny',
      'policy-missing',
      {
        NetworkPolicy: [
          policy('a', { selector: ofWallet }),
          policy('b', { selector: { matchLabels: { app: 'payments-api' } } }),
        ],
      },
    ],
    [
      'a default that denies ingress only',
      'default-deny',
      'policy-missing',
      { NetworkPolicy: [policy('in', { governs: ['ingress'] })] },
    ],
    ['an egress rule without to', 'bounded-egress', 'egress-unbounded', walletMayCall({ to: [], ports: [] })],
    [
      'an egress rule to every address on the port of HTTPS',
      'bounded-egress',
      'egress-unbounded',
      walletMayCall({ to: [], ports: ['TCP/443'] }),
    ],
    ['all of IPv4', 'bounded-egress', 'egress-unbounded', walletMayCall({ to: [to('0.0.0.0/0')], ports: ['TCP/443'] })],
    ['all of IPv6', 'bounded-egress', 'egress-unbounded', walletMayCall({ to: [to('::/0')], ports: [] })],
    [
      'everything but the private ranges',
      'bounded-egress',
      'egress-unbounded',
      walletMayCall({ to: [to('0.0.0.0/0', '10.0.0.0/8')], ports: [] }),
    ],
    [
      'half of all addresses',
      'bounded-egress',
      'egress-unbounded',
      walletMayCall({ to: [to('128.0.0.0/1')], ports: [] }),
    ],
    [
      'no rule for egress',
      'bounded-egress',
      'egress-unbounded',
      { NetworkPolicy: [policy('in', { governs: ['ingress'] })] },
    ],
    ['a secret older than its limit', 'rotated-secrets', 'secret-unrotated', { Secret: [secret('psp', 91)] }],
    ['a secret without an age limit', 'rotated-secrets', 'secret-unrotated', { Secret: [secret('psp', 1, '')] }],
    [
      'a secret whose limit is unreadable',
      'rotated-secrets',
      'secret-unrotated',
      { Secret: [secret('psp', 1, 'now and then')] },
    ],
    [
      'an image pinned only by tag',
      'pinned-images',
      'image-unpinned',
      { Workload: [workload('wallet', { containers: [container({ image: 'casino/wallet:latest' })] })] },
    ],
    [
      'an init container pinned only by tag',
      'pinned-images',
      'image-unpinned',
      { Workload: [workload('wallet', { containers: [container({ init: true, image: 'busybox' }), container()] })] },
    ],
    [
      'a privileged container',
      'restricted-pods',
      'pod-privileged',
      { Workload: [workload('wallet', { containers: [container({ security: { ...secured, privileged: true } })] })] },
    ],
    [
      'a container that may run as root',
      'restricted-pods',
      'pod-privileged',
      { Workload: [workload('wallet', { containers: [container({ security: { ...secured, nonRoot: false } })] })] },
    ],
    [
      'the network of the host',
      'restricted-pods',
      'pod-privileged',
      { Workload: [workload('wallet', { hostNamespaces: ['hostNetwork'] })] },
    ],
    [
      'files of the host',
      'restricted-pods',
      'pod-privileged',
      { Workload: [workload('wallet', { volumes: ['hostPath'] })] },
    ],
    [
      'a writable root file system',
      'read-only-root',
      'root-writable',
      {
        Workload: [workload('wallet', { containers: [container({ security: { ...secured, readOnlyRoot: false } })] })],
      },
    ],
    [
      'a container without limits',
      'resource-limits',
      'limits-missing',
      { Workload: [workload('wallet', { containers: [container({ limits: ['cpu'] })] })] },
    ],
    ['pods without priority', 'priorities', 'priority-missing', { Workload: [unranked] }],
    [
      'a service whose pods have no readiness probe',
      'probes',
      'probe-missing',
      { Workload: [workload('wallet', { containers: [container({ readiness: false })] })] },
    ],
    [
      'a grace period that the preStop hook uses up',
      'probes',
      'grace-too-short',
      { Workload: [workload('wallet', { containers: [container({ preStopMs: workload('x').graceMs })] })] },
    ],
    [
      'a single pod behind a Service, without a budget',
      'redundancy',
      'single-replica',
      { Workload: [workload('wallet', { replicas: 1 })], PodDisruptionBudget: [] },
    ],
    ['pods without a budget', 'redundancy', 'budget-missing', { PodDisruptionBudget: [budgetFor('wallet')] }],
    [
      'a budget that allows no eviction',
      'redundancy',
      'budget-blocks',
      { PodDisruptionBudget: [{ ...budgetFor('wallet'), allowed: 0 } as PostureObject, budgetFor('payments-api')] },
    ],
    [
      'pods that may all be in one zone',
      'spread',
      'spread-missing',
      { Workload: [workload('wallet', { spreadOver: ['kubernetes.io/hostname'] })] },
    ],
    [
      'an autoscaler that uses only CPU and memory',
      'autoscaling',
      'autoscaler-on-cpu',
      { HorizontalPodAutoscaler: [scaler('Resource/cpu', 'ContainerResource/memory')] },
    ],
    [
      'an autoscaler whose minimum is its maximum',
      'autoscaling',
      'autoscaler-pinned',
      { HorizontalPodAutoscaler: [{ ...scaler('Pods/rps'), max: 3 } as PostureObject] },
    ],
  ])('%s: the check %s gives %s', (_, want, cause, changes) => {
    const judgment = judged([want], changes)
    expect(new Set(causesOf(judgment, 'breach'))).toEqual(new Set([cause]))
    expect(judgment.verdict.kind).toBe('fail')
    expect(judgment.posture).toMatchObject([{ want, held: false }])
    const line = [...evidence({ rehearsal: wanting(want) }).slice(0, 1), ...listed(changes)].length
    expect(judgment.findings[0]?.evidence.every((each) => each > 1 && each <= line + 1)).toBe(true)
    expect(judgment.findings[0]?.evidence.length).toBeGreaterThan(0)
  })

  it('names the open pods, and the rule', () => {
    expect(
      sentenceOf(judged(['default-deny'], { NetworkPolicy: [policy('a', { selector: ofWallet })] }), 'policy-missing'),
    ).toBe(
      'No NetworkPolicy selects every pod of casino for ingress and egress: payments-api can talk to anybody or be talked to.',
    )
    expect(
      sentenceOf(
        judged(['bounded-egress'], walletMayCall({ to: [to('0.0.0.0/0', '10.0.0.0/8')], ports: [] })),
        'egress-unbounded',
      ),
    ).toBe('wallet may call the whole world: policy out allows 0.0.0.0/0 except 10.0.0.0/8.')
    expect(sentenceOf(judged(['rotated-secrets'], { Secret: [secret('psp', 91)] }), 'secret-unrotated')).toBe(
      'Secret psp was to change within 90d; its data is 91 d old.',
    )
    expect(
      sentenceOf(
        judged(['rotated-secrets', 'pinned-images'], {
          Secret: [secret('psp', 91)],
          Workload: [
            workload('wallet', { containers: [container(), container({ secretEnv: ['psp'] })] }),
            workload('bets'),
          ],
        }),
        'secret-unrotated',
      ),
    ).toBe(
      'Secret psp was to change within 90d; its data is 91 d old. wallet gets it by env, so running pods keep the old value until they restart.',
    )
    expect(
      sentenceOf(
        judged(['restricted-pods'], {
          Workload: [
            workload('wallet', {
              containers: [
                container({
                  security: {
                    privileged: true,
                    mayEscalate: true,
                    nonRoot: false,
                    readOnlyRoot: true,
                    user: 0,
                    added: ['SYS_ADMIN'],
                    dropped: [],
                  },
                }),
              ],
            }),
          ],
        }),
        'pod-privileged',
      ),
    ).toBe(
      'wallet container main is privileged, container main runs as root, container main may gain privileges, container main keeps capabilities, container main adds SYS_ADMIN and 1 more.',
    )
  })
})
