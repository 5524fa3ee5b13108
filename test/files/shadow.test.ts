/** A shadow release in a rehearsal file: its domain values, and what is refused. */
import { describe, expect, it } from 'vitest'
import { actSentence } from '../../src/domain/action.ts'
import { formatIssue } from '../../src/domain/issue.ts'
import { EVERYTHING, parseStock } from './stock.ts'

const ROLLING = `release: {deployment: wallet, within: 8s, rollBackWithin: 20s,
        image: {wallet: 'registry.example/wallet:2'}, annotations: {checksum/config: 3f1c}}`
const SHADOW = `release: {shape: shadow, deployment: gateway-canary, image: {gateway: 'gateway:2'}, replicas: 2, route: gateway, stable: gateway, canary: gateway-canary,
        share: 20%, window: 10s, pairs: 3, latency: {sli: deposit, atMost: 15%},
        answers: {headers: {x-preview: next}, requests: [{path: /lobby}], ignore: [token, 'items[].at'], times: 5},
        within: 5s, rollBackWithin: 15s,
        gate: {stable: wallet, canary: psp-a, errors: {atMost: 1%, from: 20}}}`

const parsed = (...edits: readonly (readonly [string, string])[]) =>
  parseStock({
    [EVERYTHING]: [
      ['wallet 2, during: baseline, at: 5s, for: 10s', 'wallet 2, during: promo peak, at: 0s, for: 85s'],
      [ROLLING, SHADOW],
      ...edits,
    ],
  })

const issuesOf = (...edits: readonly (readonly [string, string])[]) => {
  const result = parsed(...edits)
  return result.ok ? [] : result.issues.map((each) => `${each.code}: ${each.problem}`)
}

describe('a shadow release in a file', () => {
  const actOf = (result: ReturnType<typeof parsed>) => {
    if (!result.ok) throw new Error(result.issues.map(formatIssue).join('\n'))
    return result.value.actions.find(({ name }) => name === 'wallet 2')?.act
  }

  it('is a canary of windows, with what is compared', () => {
    expect(actOf(parsed())).toMatchObject({
      shape: 'shadow',
      canary: { steps: [0.2, 0, 0, 0.2, 0.2, 0], holdMs: 10_000, extraMs: 0, gate: { slis: [] } },
      shadow: {
        share: 0.2,
        pairs: 3,
        latency: { sli: 'deposit', atMost: 0.15 },
        answers: {
          headers: { 'x-preview': 'next' },
          requests: [{ path: '/lobby', status: 200 }],
          ignore: ['token', 'items[].at'],
          times: 5,
        },
      },
    })
  })

  it('is described in one sentence', () => {
    const act = actOf(parsed())
    expect(act && actSentence(act)).toBe(
      'lets Deployment gateway-canary, which runs gateway = gateway:2, in as a shadow: 2 pods within 5s, then 20% of the requests of gateway are copied to it in 3 of 6 windows of 10s, after both releases were asked 5 times GET /lobby, the new one with x-preview: next; rolled back within 15s',
    )
  })

  it.each([
    [
      'that compares an indicator that nothing feeds',
      ['latency: {sli: deposit', 'latency: {sli: deposits'],
      ['unknown-sli: Nothing in the load feeds the indicator "deposits".'],
    ],
    [
      'whose gate compares response times',
      ['from: 20}}}', 'from: 20}, latency: {histogram: a, atMost: 15%, from: 1}}}'],
      ['unknown-key: spec.actions[6].release.gate has no key "latency".'],
    ],
    [
      'that ignores what is no field',
      ['ignore: [token,', "ignore: ['a b',"],
      ['wrong-value: spec.actions[6].release.answers.ignore[0] must be a field, found "a b".'],
    ],
    [
      'whose windows need more time than it lasts',
      ['window: 10s', 'window: 15s'],
      [
        'expectation-unobservable: The steps need up to 1m55s (5s until its pods are Ready, 20s for its answers, 6 windows of 15s), and the action lasts 1m25s.',
      ],
    ],
  ] as const)('%s is refused', (_, edit, issues) => {
    expect(issuesOf(edit)).toEqual(issues)
  })
})
