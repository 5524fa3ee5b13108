/** Blue-green and A/B releases in a rehearsal file: their domain values, and what is refused. */
import { describe, expect, it } from 'vitest'
import { actSentence } from '../../src/domain/action.ts'
import { formatIssue } from '../../src/domain/issue.ts'
import { EVERYTHING, parseStock } from './stock.ts'

const ROLLING = `release: {deployment: wallet, within: 8s, rollBackWithin: 20s,
        image: {wallet: 'registry.example/wallet:2'}, annotations: {checksum/config: 3f1c}}`
const BLUE_GREEN = `release: {shape: blue-green, deployment: gateway-canary, image: {gateway: 'gateway:2'}, replicas: 2, route: gateway, stable: gateway, canary: gateway-canary,
        preview: {headers: {x-preview: next}, requests: [{path: /healthz}, {path: /login, body: '{}', status: 401}], times: 5},
        hold: 20s, extraHold: 10s, within: 20s, rollBackWithin: 15s,
        gate: {stable: wallet, canary: psp-a, errors: {atMost: 1%, from: 20}, slis: [deposit]}}`

const parsed = (...edits: readonly (readonly [string, string])[]) =>
  parseStock({
    [EVERYTHING]: [
      ['wallet 2, during: baseline, at: 5s, for: 10s', 'wallet 2, during: promo peak, at: 0s, for: 80s'],
      [ROLLING, BLUE_GREEN],
      ...edits,
    ],
  })

const issuesOf = (...edits: readonly (readonly [string, string])[]) => {
  const result = parsed(...edits)
  return result.ok ? [] : result.issues.map((each) => `${each.code}: ${each.problem}`)
}

function actOf() {
  const result = parsed()
  if (!result.ok) throw new Error(result.issues.map(formatIssue).join('\n'))
  const act = result.value.actions.find(({ name }) => name === 'wallet 2')?.act
  if (act?.kind !== 'release' || act.shape !== 'blue-green') throw new Error(`it is ${act?.kind}`)
  return act
}

describe('a blue-green release in a file', () => {
  it('is a canary of one step, with a preview before it', () => {
    expect(actOf()).toMatchObject({
      canary: { steps: [1], holdMs: 20_000, extraMs: 10_000, gate: { errors: { atMost: 0.01, from: 20 } } },
      preview: {
        headers: { 'x-preview': 'next' },
        requests: [
          { path: '/healthz', status: 200 },
          { path: '/login', body: '{}', status: 401 },
        ],
        times: 5,
      },
    })
  })

  it('is described in one sentence', () => {
    expect(actSentence(actOf())).toBe(
      'lets Deployment gateway-canary, which runs gateway = gateway:2, in at once: 2 pods within 20s, a preview (5 times GET /healthz and POST /login with x-preview: next), then all requests of gateway, watched for 20s and up to 10s more; rolled back within 15s',
    )
  })

  it.each([
    [
      'without a preview',
      [/preview: .*\n/.exec(BLUE_GREEN)?.[0] ?? '', '\n'],
      ['missing-key: spec.actions[6].release has no "preview".'],
    ],
    [
      'whose visits have no header',
      ['headers: {x-preview: next}', 'headers: {}'],
      ['missing-key: spec.actions[6].release.preview.headers is empty.'],
    ],
    [
      'that visits no path',
      ['{path: /healthz}', '{path: healthz}'],
      [
        'wrong-value: spec.actions[6].release.preview.requests[0].path must be a path that begins with /, found "healthz".',
      ],
    ],
    [
      'whose gate compares response times',
      ['slis: [deposit]', 'slis: [deposit], latency: {histogram: a, atMost: 15%, from: 1}'],
      ['unknown-key: spec.actions[6].release.gate has no key "latency".'],
    ],
    [
      'whose steps need more time than it lasts',
      ['hold: 20s', 'hold: 50s'],
      [
        'expectation-unobservable: The steps need up to 1m30s (20s until its pods are Ready, 10s for its preview, a hold of 50s, 10s more), and the action lasts 1m20s.',
      ],
    ],
  ] as const)('%s is refused', (_, edit, issues) => {
    expect(issuesOf(edit)).toEqual(issues)
  })
})

const A_B = `release: {shape: a-b, deployment: gateway-canary, image: {gateway: 'gateway:2'}, replicas: 2, route: gateway-b, stable: gateway, canary: gateway-canary,
        cohorts: {headers: {x-cohort: b}, answeredBy: {header: x-release, stable: old, canary: next}, requests: [{path: /lobby}]},
        hold: 20s, within: 20s, rollBackWithin: 15s,
        gate: {stable: wallet, canary: psp-a, errors: {atMost: 1%, from: 20}}}`

describe('an A/B release in a file', () => {
  it('is a canary of one step for one cohort', () => {
    const result = parsed([BLUE_GREEN, A_B])
    if (!result.ok) throw new Error(result.issues.map(formatIssue).join('\n'))
    const act = result.value.actions.find(({ name }) => name === 'wallet 2')?.act
    expect(act).toMatchObject({
      shape: 'a-b',
      canary: { route: 'gateway-b', steps: [1], extraMs: 0 },
      cohorts: {
        headers: { 'x-cohort': 'b' },
        answeredBy: { header: 'x-release', stable: 'old', canary: 'next' },
        visitors: 10,
        requests: [{ path: '/lobby', status: 200 }],
      },
    })
    expect(act && actSentence(act)).toBe(
      'lets Deployment gateway-canary, which runs gateway = gateway:2, in for one cohort: 2 pods within 20s, then all requests of gateway-b; requests with x-cohort: b get it and no others, as 10 visitors of each cohort see for 20s; rolled back within 15s',
    )
  })

  it('that cannot tell the releases apart is refused', () => {
    expect(issuesOf([BLUE_GREEN, A_B], ['stable: old, canary: next', 'stable: next, canary: next'])).toEqual([
      'wrong-value: Both releases answer with x-release: next, so they cannot be told apart.',
    ])
  })
})
