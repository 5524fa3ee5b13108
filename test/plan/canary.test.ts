import { describe, expect, it } from 'vitest'
import type { CanaryRelease } from '../../src/domain/action.ts'
import { millis, ratio, seconds } from '../../src/domain/units.ts'
import { stepsOf, stepsSentence } from '../../src/plan/canary.ts'

const canary: CanaryRelease = {
  kind: 'release',
  shape: 'canary',
  workload: { kind: 'Deployment', name: 'gateway-canary' },
  images: { gateway: 'gateway:2' },
  annotations: {},
  withinMs: seconds(20),
  backWithinMs: seconds(15),
  canary: {
    replicas: 2,
    route: 'gateway',
    stable: 'gateway',
    canary: 'gateway-canary',
    steps: [ratio(0.05), ratio(1)],
    holdMs: seconds(30),
    extraMs: millis(0),
    gate: { stable: 'a', canary: 'b', where: [], errors: { atMost: ratio(0.01), from: 20 }, slis: [] },
  },
}
const planned = (act: CanaryRelease) => ({ name: 'gateway 2', fromMs: millis(60_000), act })
const sentence = (act: CanaryRelease) => stepsSentence(planned(act), stepsOf(planned(act)) ?? [])
const requests = [{ method: 'GET', path: '/' }] as never
const headers = { 'x-cohort': 'b' }

describe('the steps of a canary', () => {
  it('begin when its pods are Ready at the latest, a hold apart', () => {
    expect(stepsOf(planned(canary))).toEqual([
      { share: 0.05, byMs: 80_000 },
      { share: 1, byMs: 110_000 },
    ])
    expect(sentence(canary)).toBe('5% by 1:20, 100% by 1:50')
  })

  it('may come later where a hold is extended', () => {
    const extended = { ...canary, canary: { ...canary.canary, extraMs: seconds(10) } } as CanaryRelease
    expect(sentence(extended)).toBe('5% by 1:20, 100% by 1:50; up to 10s later where a hold is extended')
  })

  it('begin after the preview', () => {
    const preview = { headers, requests, times: 3 }
    expect(stepsOf(planned({ ...canary, shape: 'blue-green', preview } as CanaryRelease))?.[0]?.byMs).toBe(90_000)
  })

  it('of a cohort are one', () => {
    const cohorts = { headers, requests, visitors: 3, answeredBy: { header: 'x-pod', stable: 'a', canary: 'b' } }
    expect(sentence({ ...canary, shape: 'a-b', cohorts } as CanaryRelease)).toBe('the cohort gets it by 1:20')
  })

  it('are none of another action', () => {
    const act = { kind: 'drain', nodes: { zone: 'zone-b' } } as const
    expect(stepsOf({ name: 'drained', fromMs: millis(0), act })).toBeUndefined()
    expect(stepsSentence({ name: 'drained', fromMs: millis(0), act }, [])).toBe('')
  })
})
