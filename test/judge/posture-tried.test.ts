/** Postures that are tried: dry runs of pods, and connections between them. */
import { describe, expect } from 'vitest'
import type { TriedPod } from '../../src/domain/effects.ts'
import { dial, dryRun } from '../support/evidence-posture.ts'
import { causesOf, sentenceOf } from '../support/judged.ts'
import { judged } from '../support/posture-run.ts'
import { it } from '../support/reviewed.ts'

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
