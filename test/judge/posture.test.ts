import { describe, expect } from 'vitest'
import type { TriedPod } from '../../src/domain/effects.ts'
import {
  type EgressRule,
  type PostureKind,
  type PostureObject,
  type PostureWant,
  postureWants,
} from '../../src/domain/posture.ts'
import type { Rehearsal } from '../../src/domain/rehearsal.ts'
import { instant } from '../../src/domain/units.ts'
import { evidence, rehearsal, together } from '../support/evidence.ts'
import {
  budgetFor,
  container,
  DAY_MS,
  dial,
  dryRun,
  listed,
  policy,
  scaler,
  secret,
  service,
  workload,
} from '../support/evidence-posture.ts'
import { START } from '../support/evidence-rehearsal.ts'
import { causesOf, sentenceOf } from '../support/judged.ts'
import { it, judge } from '../support/reviewed.ts'

const at = { file: 'a.rehearsal.yaml', line: 40, column: 1 }
const wanting = (...wants: readonly PostureWant[]): Rehearsal => {
  const [first = 'default-deny', ...more] = wants
  return {
    ...rehearsal,
    expectations: [...rehearsal.expectations, { kind: 'posture', namespaces: ['casino'], wants: [first, ...more], at }],
  }
}
type Changes = Partial<Record<PostureKind, readonly PostureObject[] | undefined>>
const judged = (wants: readonly PostureWant[], changes: Changes = {}) =>
  judge(together(evidence({ rehearsal: wanting(...wants) }), listed(changes)))
const secured = container().security
const policies = (...more: readonly PostureObject[]) => ({ NetworkPolicy: [policy('default-deny'), ...more] })
const { priorityClass: _, ...unranked } = workload('wallet')
const ofWallet = { matchLabels: { app: 'wallet' } }
const to = (cidr: string, ...except: readonly string[]) => ({ kind: 'block', cidr, except }) as const
const walletMayCall = (...egress: readonly EgressRule[]) =>
  policies(policy('out', { selector: ofWallet, governs: ['egress'], egress }))

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

describe('no breach is made of', () => {
  it.each<[string, PostureWant, Changes]>([
    [
      'two policies that together deny both directions',
      'default-deny',
      { NetworkPolicy: [policy('in', { governs: ['ingress'] }), policy('out', { governs: ['egress'] })] },
    ],
    ['resolvers anywhere', 'bounded-egress', walletMayCall({ to: [], ports: ['UDP/53', 'TCP/53'] })],
    [
      'the ranges of a company',
      'bounded-egress',
      walletMayCall({ to: [to('10.0.0.0/8'), to('192.168.0.0/16'), to('fd00::/16')], ports: [] }),
    ],
    [
      'a wide range whose exceptions leave little of it',
      'bounded-egress',
      walletMayCall({
        to: [
          to(
            '0.0.0.0/1',
            '0.0.0.0/2',
            '64.0.0.0/3',
            '96.0.0.0/4',
            '112.0.0.0/5',
            '120.0.0.0/6',
            '124.0.0.0/7',
            '126.0.0.0/8',
          ),
        ],
        ports: [],
      }),
    ],
    [
      'an open policy for pods that do not exist',
      'bounded-egress',
      policies(policy('old', { selector: { matchLabels: { app: 'gone' } }, egress: [{ to: [], ports: [] }] })),
    ],
    ['a secret on its last day', 'rotated-secrets', { Secret: [secret('psp', 89)] }],
    ['no secret at all', 'rotated-secrets', { Secret: [] }],
    [
      'a single pod without a Service',
      'redundancy',
      { Workload: [workload('operator', { replicas: 1 })], Service: [service('wallet')], PodDisruptionBudget: [] },
    ],
    [
      'a workload that is scaled to 0',
      'redundancy',
      { Workload: [workload('wallet', { replicas: 0 })], PodDisruptionBudget: [] },
    ],
    [
      'a single pod without spread rules',
      'spread',
      { Workload: [workload('wallet', { replicas: 1, spreadOver: [] })] },
    ],
    [
      'an init container without limits',
      'resource-limits',
      {
        Workload: [
          workload('wallet', { containers: [container({ init: true, requests: [], limits: [] }), container()] }),
        ],
      },
    ],
    [
      'pods without a Service and without a readiness probe',
      'probes',
      { Workload: [workload('worker', { containers: [container({ readiness: false })] })] },
    ],
    ['the HPA that KEDA made from an object with headroom', 'autoscaling', { HorizontalPodAutoscaler: [] }],
  ])('%s', (_, want, changes) => {
    const judgment = judged([want], changes)
    expect(judgment.findings).toEqual([])
    expect(judgment.posture).toMatchObject([{ want, held: true }])
  })

  it('one pod with a budget, which is only a warning', () => {
    const judgment = judged(['redundancy'], { Workload: [workload('wallet', { replicas: 1 })] })
    expect(causesOf(judgment, 'warning')).toEqual(['single-replica'])
    expect(judgment.verdict.kind).toBe('pass')
    expect(judgment.posture).toMatchObject([{ held: true }])
  })

  it('a single pod, unless a Service selects it, even by a label that pods get only when they run', () => {
    const primary = { ...service('wallet'), selector: { app: 'wallet', role: 'primary' } }
    const judgment = judged(['redundancy'], {
      Workload: [workload('wallet', { replicas: 1 })],
      Service: [primary],
      PodDisruptionBudget: [],
    })
    expect(causesOf(judgment)).toEqual(['single-replica'])
  })
})

describe('an object kind that was not read', () => {
  it.each(postureWants.map((want) => [want] as const))('leaves the check %s unknown, never held', (want) => {
    const judgment = judge(evidence({ rehearsal: wanting(want) }))
    expect(causesOf(judgment)).toEqual(['posture-unread'])
    expect(judgment.verdict.kind).toBe('inconclusive')
    expect(judgment.posture).toMatchObject([{ want, held: false }])
  })

  it('leaves only the checks unknown that need it', () => {
    const judgment = judged(['default-deny', 'pinned-images'], { NetworkPolicy: undefined })
    expect(judgment.posture.map(({ want, held }) => [want, held])).toEqual([
      ['default-deny', false],
      ['pinned-images', true],
    ])
    expect(sentenceOf(judgment, 'posture-unread')).toBe(
      'Whether casino has default-deny is not known: NetworkPolicy was not read.',
    )
  })

  it('in another namespace does not affect this one', () => {
    const records = together(evidence({ rehearsal: wanting('default-deny') }), listed({}, 'providers'))
    expect(causesOf(judge(records))).toEqual(['posture-unread'])
  })
})

describe('an unrotated Secret', () => {
  const said = (changes: Changes) =>
    sentenceOf(judged(['rotated-secrets', 'pinned-images'], changes), 'secret-unrotated')

  it('has a limit that is no duration, or none', () => {
    expect(said({ Secret: [secret('psp', 1, 'now and then')] })).toBe(
      'Secret psp is to change within "now and then", which is no time such as 90d or 12h.',
    )
    expect(said({ Secret: [secret('psp', 1, '')] })).toBe(
      'Nothing says when secret psp must change; its data is 1 d old.',
    )
  })

  it('of unknown age is named only where it has no limit', () => {
    const { changedAt: _unknown, ...ageless } = secret('psp', 1)
    const { rotateWithin: _none, ...free } = ageless
    expect(judged(['rotated-secrets'], { Secret: [ageless] }).findings).toEqual([])
    expect(said({ Secret: [free] })).toBe('Nothing says when secret psp must change.')
  })

  it('may be exactly as old as its limit, and no millisecond older', () => {
    // The objects were listed half a second after the start.
    const aged = (ms: number) => ({ ...secret('psp', 90), changedAt: instant(START + 500 - 90 * DAY_MS - ms) })
    expect(judged(['rotated-secrets'], { Secret: [aged(0)] }).findings).toEqual([])
    expect(causesOf(judged(['rotated-secrets'], { Secret: [aged(1)] }))).toEqual(['secret-unrotated'])
  })

  it('is said to reach two workloads by their environment', () => {
    const user = (name: string) => workload(name, { containers: [container({ secretEnv: ['psp'] })] })
    expect(said({ Secret: [secret('psp', 91)], Workload: [user('wallet'), user('bets')] })).toMatch(
      /old\. wallet and bets get it by env, so running pods keep the old value until they restart\.$/,
    )
  })
})

describe('dry runs of pods', () => {
  const judgedRuns = (...runs: Parameters<typeof dryRun>[]) =>
    judged(['enforced-policies'], { DryRun: runs.map((run) => dryRun(...run)) })
  const rest: [TriedPod][] = [['latest-tag'], ['without-limits']]

  it('name each pod that was let in', () => {
    const judgment = judgedRuns(
      ['in-order'],
      ['privileged', 'accepted'],
      ['latest-tag', 'accepted'],
      ['without-limits'],
    )
    expect(judgment.findings.map(({ cause, subject }) => [cause, subject])).toEqual([
      ['policy-not-enforced', 'casino/latest-tag'],
      ['policy-not-enforced', 'casino/privileged'],
    ])
  })

  it('hold where admission corrects the pod', () => {
    expect(judgedRuns(['in-order'], ['privileged', 'corrected'], ...rest).verdict.kind).toBe('pass')
  })

  it.each([
    ['refused', 'words about in-order'],
    ['unanswered', 'words about in-order'],
  ] as const)('prove nothing where a pod that is in order is %s too', (outcome, said) => {
    const judgment = judgedRuns(['in-order', outcome], ['privileged'], ...rest)
    expect(judgment.verdict.kind).toBe('inconclusive')
    expect(sentenceOf(judgment, 'posture-unread')).toBe(
      `3 refusals prove nothing: the API server does not let in a pod that is in order either: ${said}`,
    )
    expect(judgment.posture).toMatchObject([{ held: false }])
  })

  it('prove nothing where no pod that is in order was tried', () => {
    expect(sentenceOf(judgedRuns(['privileged'], ...rest), 'posture-unread')).toBe(
      '3 refusals prove nothing: no pod that is in order was tried.',
    )
  })

  it('still name a pod that was let in where the one that is in order was refused', () => {
    const judgment = judgedRuns(
      ['in-order', 'refused'],
      ['privileged', 'accepted'],
      ['latest-tag', 'accepted'],
      ['without-limits', 'accepted'],
    )
    expect(new Set(causesOf(judgment))).toEqual(new Set(['policy-not-enforced']))
  })

  it('are unknown where one got no answer about the pod, or is missing', () => {
    const judgment = judgedRuns(['in-order'], ['privileged', 'unanswered'], ['without-limits'])
    expect(judgment.findings.map(({ sentence }) => sentence)).toEqual([
      'The dry run of a privileged pod got no answer about the pod: words about privileged',
      'The record has no dry run of a pod whose image has the tag latest.',
    ])
    expect(judgment.verdict.kind).toBe('inconclusive')
  })
})

describe('connections between pods', () => {
  const judgedDials = (...dials: ReturnType<typeof dial>[]) => judged(['enforced-network'], { Dial: dials })
  const blocked = dial('wallet', 'bets')

  it('that no policy allows, but that work, are named by their target', () => {
    const judgment = judgedDials(
      blocked,
      dial('wallet', 'orders', { outcome: 'connected' }),
      dial('bets', 'orders', { outcome: 'connected' }),
    )
    expect(judgment.findings.map(({ cause, subject }) => [cause, subject])).toEqual([
      ['network-not-enforced', 'casino/orders:8080'],
    ])
    expect(sentenceOf(judgment, 'network-not-enforced')).toBe(
      'Pods of wallet and bets can connect to orders:8080, which no NetworkPolicy allows.',
    )
    expect(judgment.verdict.kind).toBe('fail')
  })

  it('that the policies allow, but that fail, are a warning', () => {
    const judgment = judgedDials(blocked, dial('wallet', 'orders', { allowed: true }))
    expect(causesOf(judgment, 'warning')).toEqual(['network-blocked'])
    expect(judgment.verdict.kind).toBe('pass')
  })

  it('prove nothing where no forbidden one was tried', () => {
    const judgment = judgedDials(dial('wallet', 'orders', { allowed: true, outcome: 'connected' }))
    expect(sentenceOf(judgment, 'posture-unread')).toMatch(/^No NetworkPolicy forbids a connection that could be tried/)
    expect(judgment.verdict.kind).toBe('inconclusive')
  })

  it('prove nothing where no pod could dial, and the reason is told', () => {
    const judgment = judgedDials(
      dial('wallet', 'orders', { outcome: 'undialled', said: 'no shell' }),
      dial('wallet', 'bets', { outcome: 'undialled', said: 'no shell' }),
    )
    expect(judgment.findings.map(({ weight, sentence }) => [weight, sentence])).toEqual([
      ['gap', 'None of 2 forbidden connections could be tried: no shell.'],
    ])
    expect(judgment.posture).toMatchObject([{ held: false }])
  })

  it('beyond the namespace are named as targets, and say what is known of the other end', () => {
    const judgment = judgedDials(
      blocked,
      dial('wallet', 'providers/psp-b', { outside: 'namespace', outcome: 'connected' }),
      dial('wallet', '192.0.2.1', { outside: 'nobody', outcome: 'connected' }),
      dial('wallet', 'psp (203.0.113.7)', { outside: 'endpoint', allowed: true }),
      dial('wallet', 'kubernetes.default', { outside: 'api-server', allowed: true }),
      dial('', 'cluster DNS', { outside: 'dns', port: 0, outcome: 'undialled', said: 'it may not be read' }),
    )
    expect(judgment.findings.map(({ weight, sentence }) => `${weight}: ${sentence}`).sort()).toEqual([
      'breach: Pods of wallet can connect to 192.0.2.1:8080, which no NetworkPolicy allows. Nobody has the address 192.0.2.1: something answers for the whole world, such as a proxy.',
      'breach: Pods of wallet can connect to providers/psp-b:8080, which no NetworkPolicy allows.',
      'warning: Connections to cluster DNS were not tried: it may not be read.',
      'warning: Pods of wallet cannot connect to kubernetes.default:8080, although the NetworkPolicies allow it and it answers matchday.',
      'warning: Pods of wallet cannot connect to psp (203.0.113.7):8080, although the NetworkPolicies allow it. Perhaps nothing answers there.',
    ])
  })

  it('that fail where perhaps nothing listens prove nothing', () => {
    const [nobody, old] = [
      dial('wallet', '192.0.2.1', { outside: 'nobody' }),
      dial('wallet', 'old-psp (203.0.113.9)', { outside: 'endpoint' }),
    ]
    const missing = dial('', 'pods of bank', { outside: 'namespace', outcome: 'undialled', said: 'no permission' })
    expect(sentenceOf(judgedDials(nobody, old, missing), 'posture-unread')).toMatch(/^No NetworkPolicy forbids/)
    // Another workload may call it, and does: something listens there.
    const answered = dial('bets', 'old-psp (203.0.113.9)', { outside: 'endpoint', allowed: true, outcome: 'connected' })
    expect(judgedDials(nobody, old, answered).verdict.kind).toBe('pass')
  })

  it('that could not be tried from one workload are a warning where others were tried', () => {
    const judgment = judgedDials(blocked, dial('orders', 'wallet', { outcome: 'undialled', said: 'no shell' }))
    expect(judgment.findings.map(({ weight, subject, sentence }) => [weight, subject, sentence])).toEqual([
      ['warning', 'casino/orders', 'Nothing could be dialled from pods of orders: no shell.'],
    ])
    expect(judgment.posture).toMatchObject([{ held: true }])
  })
})
