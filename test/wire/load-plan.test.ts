import { describe, expect, it } from 'vitest'
import type { LoadPlan } from '../../src/domain/timeline.ts'
import { millis, perSecond } from '../../src/domain/units.ts'
import { readLoadPlan, writeLoadPlan } from '../../src/wire/load-plan.ts'

const stages = [{ durationMs: millis(1000), from: perSecond(0), to: perSecond(22.5) }] as const
const plan: LoadPlan = {
  run: 'r-1',
  seed: 7,
  entry: 'http://127.0.0.1:1',
  profiles: [{ name: 'login', stages }],
  sockets: { lifetimeMs: millis(60_000), stages, sli: 'ws-rtt' },
  unions: { api: ['login', 'deposit'] },
  limits: { 'ws-rtt': { targetMs: millis(120), ceilingMs: millis(120) } },
}

/** The plan's text with one thing changed. */
const changed = (change: (plan: Record<string, unknown>) => void): string => {
  const copy: Record<string, unknown> = JSON.parse(writeLoadPlan(plan))
  change(copy)
  return JSON.stringify(copy)
}

describe('a load plan on its way to k6', () => {
  it('arrives as it was, with and without sockets', () => {
    expect(readLoadPlan(writeLoadPlan(plan))).toEqual(plan)
    const { sockets: _, ...without } = plan
    expect(readLoadPlan(writeLoadPlan(without))).toEqual(without)
  })

  it.each([
    ['another format', (p: Record<string, unknown>) => Object.assign(p, { format: 2 }), 'format is 2'],
    ['no run', (p: Record<string, unknown>) => delete p.run, 'run must be a text'],
    ['no profiles', (p: Record<string, unknown>) => delete p.profiles, 'profiles must be a list'],
    [
      'a profile without stages',
      (p: Record<string, unknown>) => Object.assign(p, { profiles: [{ name: 'x', stages: [] }] }),
      'profiles[0].stages is empty',
    ],
    [
      'a rate in words',
      (p: Record<string, unknown>) =>
        Object.assign(p, { profiles: [{ name: 'x', stages: [{ durationMs: 1, from: 'a' }] }] }),
      'profiles[0].stages[0].from must be a number, got "a"',
    ],
    [
      'limits that are no object',
      (p: Record<string, unknown>) => Object.assign(p, { limits: [] }),
      'limits must be an object',
    ],
  ])('with %s is refused by name', (_, change, problem) => {
    expect(() => readLoadPlan(changed(change))).toThrow(problem)
  })
})
