/** A canary in a rehearsal file: what it becomes, and what is refused. */
import { describe, expect, it } from 'vitest'
import { formatIssue } from '../../src/domain/issue.ts'
import { checkFit } from '../../src/files/fit.ts'
import { EVERYTHING, everythingPair, parseStock } from './stock.ts'

const ROLLING = `release: {deployment: wallet, within: 8s, rollBackWithin: 20s,
        image: {wallet: 'registry.example/wallet:2'}, annotations: {checksum/config: 3f1c}}`
const CANARY = `release: {shape: canary, deployment: gateway-canary, image: {gateway: 'gateway:2'}, replicas: 2, route: gateway, stable: gateway, canary: gateway-canary, steps: [5%, 100%],
        hold: 20s, extraHold: 10s, within: 20s, rollBackWithin: 15s,
        gate: {stable: wallet, canary: psp-a, errors: {atMost: 1%, from: 20}, latency: {histogram: http_request_duration_seconds, atMost: 15%, from: 200}, slis: [deposit]}}`

const parsed = (...edits: readonly (readonly [string, string])[]) =>
  parseStock({
    [EVERYTHING]: [
      ['wallet 2, during: baseline, at: 5s, for: 10s', 'wallet 2, during: promo peak, at: 0s, for: 80s'],
      [ROLLING, CANARY],
      ...edits,
    ],
  })

const issuesOf = (...edits: readonly (readonly [string, string])[]) => {
  const result = parsed(...edits)
  return result.ok ? [] : result.issues.map((each) => `${each.code}: ${each.problem}`)
}

describe('a canary in a file', () => {
  it('is a release with its steps and its gate', () => {
    const result = parsed()
    if (!result.ok) throw new Error(result.issues.map(formatIssue).join('\n'))
    expect(result.value.actions.find(({ name }) => name === 'wallet 2')?.act).toEqual({
      kind: 'release',
      shape: 'canary',
      workload: { kind: 'Deployment', name: 'gateway-canary' },
      images: { gateway: 'gateway:2' },
      annotations: {},
      withinMs: 20_000,
      backWithinMs: 15_000,
      canary: {
        replicas: 2,
        route: 'gateway',
        stable: 'gateway',
        canary: 'gateway-canary',
        steps: [0.05, 1],
        holdMs: 20_000,
        extraMs: 10_000,
        gate: {
          stable: 'wallet',
          canary: 'psp-a',
          where: [],
          errors: { atMost: 0.01, from: 20 },
          latency: { histogram: 'http_request_duration_seconds', atMost: 0.15, from: 200 },
          slis: ['deposit'],
        },
      },
    })
  })

  it.each([
    ['without steps', ['steps: [5%, 100%],', ''], ['missing-key: spec.actions[6].release has no "steps".']],
    [
      'whose steps fall',
      ['[5%, 100%]', '[50%, 5%]'],
      ['wrong-value: The step to 5% is not larger than the step before it.'],
    ],
    [
      'whose steps stay',
      ['[5%, 100%]', '[5%, 5%]'],
      ['wrong-value: The step to 5% is not larger than the step before it.'],
    ],
    [
      'whose steps need more time than it has',
      ['hold: 20s', 'hold: 40s'],
      [
        'expectation-unobservable: The steps need up to 1m50s (20s until its pods are Ready, 2 steps of 40s, 10s more), and the action lasts 1m20s.',
      ],
    ],
    [
      'with one Service for both releases',
      ['stable: gateway, canary: gateway-canary', 'stable: gateway, canary: gateway'],
      [
        'wrong-value: The release "wallet 2" names gateway as the Service of both releases, so that all requests go to both.',
      ],
    ],
    [
      'that asks for an indicator without an objective',
      ['slis: [deposit]', 'slis: [bet]'],
      ['unknown-sli: The gate of "wallet 2" asks for bet, which has no objective of availability.'],
    ],
  ] as const)('%s is refused', (_, edit, issues) => {
    expect(issuesOf(edit)).toEqual(issues)
  })

  it('needs sources that count requests and response times', () => {
    const result = parsed()
    if (!result.ok) throw new Error(result.issues.map(formatIssue).join('\n'))
    const problems = checkFit(result.value, everythingPair().target).map(({ problem }) => problem)
    expect(problems).toContain(
      'scenarios/targets/lab.yaml does not list http_request_duration_seconds_count among the metrics of "wallet".',
    )
  })
})
