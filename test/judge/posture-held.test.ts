/** What no check of a posture finds amiss, what it leaves open, and how old a Secret may be. */
import { describe, expect } from 'vitest'
import { type PostureWant, postureWants } from '../../src/domain/posture.ts'
import { instant } from '../../src/domain/units.ts'
import { evidence, together } from '../support/evidence.ts'
import { container, DAY_MS, listed, policy, secret, service, workload } from '../support/evidence-posture.ts'
import { START } from '../support/evidence-rehearsal.ts'
import { causesOf, sentenceOf } from '../support/judged.ts'
import { type Changes, judged, policies, to, walletMayCall, wanting } from '../support/posture-run.ts'
import { it, judge } from '../support/reviewed.ts'

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
      'It is not known whether casino has default-deny: NetworkPolicy was not read.',
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
