import { describe, expect, it } from 'vitest'
import type { Rehearsal } from '../../src/domain/rehearsal.ts'
import type { ScriptFacts } from '../../src/domain/script.ts'
import { perSecond, seconds } from '../../src/domain/units.ts'
import { factorAt, factorBreaks, factorMax, isUnscaled } from '../../src/plan/factors.ts'
import { planLoad, rateIssues } from '../../src/plan/load.ts'
import { scriptIssues } from '../../src/plan/script-issues.ts'
import { at, stock } from './plans.ts'

const facts: ScriptFacts = { usesLibrary: true, functions: [], scenarios: {}, thresholds: [], bundled: false }
const identity = { run: 'run-1', seed: 7 }
const phase = (rampS: number, forS: number, factor: number) =>
  ({ name: 'x', rampMs: seconds(rampS), forMs: seconds(forS), factor, at }) as const
const curve = {
  file: 'c.csv',
  speed: 1,
  points: [
    [seconds(0), perSecond(10)],
    [seconds(120), perSecond(30)],
  ],
} as const

describe('the load of a plan', () => {
  const plan = (told: Partial<ScriptFacts> | undefined, rehearsal: Rehearsal = stock.rehearsal) =>
    planLoad(rehearsal, stock.target, identity, told && { ...facts, ...told })

  it('has what k6 says of the script only where there is something', () => {
    const { rehearsal } = stock
    const { slis: _, ...measureless } = rehearsal
    for (const told of [undefined, {}])
      for (const key of ['thresholds', 'bundled', 'handlesSummary', 'indicators', 'env'])
        expect(plan(told, { ...measureless, slis: {} })).not.toHaveProperty(key)
    const thresholds = [{ metric: 'checks', expression: 'rate>0.9', abortOnFail: false }]
    const login = { kind: 'http', where: {}, at } as const
    expect(
      plan({ thresholds, bundled: true, functions: ['handleSummary'] }, { ...rehearsal, slis: { login } }),
    ).toMatchObject({
      thresholds,
      bundled: true,
      handlesSummary: true,
      indicators: { login },
    })
  })

  it('has the entry in its environment without a slash at the end', () => {
    const load = { ...stock.rehearsal.load, env: { URL: '{entry}/shop', OTHER: 'x' } }
    const target = { ...stock.target, entry: 'http://a:1/' }
    expect(planLoad({ ...stock.rehearsal, load }, target, identity).env).toEqual({ URL: 'http://a:1/shop', OTHER: 'x' })
  })

  it('follows a curve for the profile that has one, in either kind of script', () => {
    const load = { ...stock.rehearsal.load, curves: { deposit: curve } }
    for (const usesLibrary of [true, false]) {
      const { profiles } = plan({ usesLibrary }, { ...stock.rehearsal, load })
      const peak = (name: string) =>
        Math.max(...(profiles.find((each) => each.name === name)?.stages ?? []).map(({ to }) => to))
      const factor = factorMax(stock.rehearsal) * stock.target.loadFactor
      expect(peak('deposit')).toBeGreaterThan(10 * factor)
      expect(peak('deposit')).not.toBeCloseTo((stock.rehearsal.load.arrivals.deposit ?? 0) * factor, 3)
      expect(peak('login')).toBeCloseTo((stock.rehearsal.load.arrivals.login ?? 0) * factor, 6)
    }
  })

  it('may reach 10,000,000 a second, also in a curve', () => {
    const at1x = (rate: number, curves = {}) =>
      rateIssues(
        {
          ...stock.rehearsal,
          phases: [phase(0, 10, 1)],
          load: { script: 'a.js', arrivals: { login: perSecond(rate) }, curves, at },
        },
        { ...stock.target, loadFactor: 1 },
      ).map(({ code }) => code)
    expect(at1x(1e7)).toEqual([])
    expect(at1x(1e7 + 1)).toEqual(['rate-too-high'])
    const points = [
      [seconds(0), perSecond(1)],
      [seconds(9), perSecond(1e7 + 1)],
    ]
    expect(at1x(1, { login: { ...curve, points } })).toEqual(['rate-too-high'])
  })
})

describe('the factor of the phases', () => {
  const phases = { phases: [phase(10, 10, 2), phase(0, 10, 4), phase(10, 10, 1)] } as const

  it('is a line in ramps, level after them, and has two values at a jump', () => {
    const both = (s: number) => [factorAt(phases, s * 1000, 'before'), factorAt(phases, s * 1000, 'after')]
    expect(both(5)).toEqual([1, 1])
    expect(both(10)).toEqual([2, 2])
    expect(both(20)).toEqual([2, 4])
    expect(both(35)).toEqual([2.5, 2.5])
    expect(both(45)).toEqual([1, 1])
    expect(factorAt(phases, 50_000, 'before')).toBe(1)
    expect(factorBreaks(phases)).toEqual([10_000, 20_000, 30_000, 40_000, 50_000])
    expect(factorMax(phases)).toBe(4)
  })

  it('is that of the first and last moment outside', () => {
    expect([factorAt(phases, 0, 'before'), factorAt(phases, 50_000, 'after')]).toEqual([0, 1])
    expect(factorAt({ phases: [phase(0, 10, 3)] }, 0, 'before')).toBe(3)
  })

  it.each([
    ['level at 1', [phase(0, 10, 1), phase(5, 10, 1)], 1, true],
    ['a ramp at the start', [phase(5, 10, 1)], 1, false],
    ['another factor', [phase(0, 10, 1), phase(0, 10, 2)], 1, false],
    ['a load factor', [phase(0, 10, 1)], 2, false],
  ])('leaves the load as it is: %s', (_, list, loadFactor, expected) => {
    expect(isUnscaled({ phases: list as unknown as Rehearsal['phases'] }, loadFactor)).toBe(expected)
  })
})

describe('a script and its rehearsal', () => {
  const codes = (
    told: Partial<ScriptFacts> | undefined,
    load: Partial<Rehearsal['load']>,
    more: Partial<Rehearsal> = {},
  ) => {
    const rehearsal = { ...stock.rehearsal, slis: {}, slos: [] as never, guardrails: [], ...more }
    const own = { script: 'a.js', arrivals: {}, at, ...load }
    return scriptIssues({ ...rehearsal, load: own }, told && { ...facts, ...told }).map(
      ({ code, next }) => `${code}: ${next}`,
    )
  }
  const { sockets } = stock.rehearsal.load
  if (sockets === undefined) throw new Error('the stock load has sockets')
  const slo = { kind: 'availability', sli: 'login', objective: 0.99 as never, at } as const

  it('have no issues where k6 was not asked', () => expect(codes(undefined, { own: true })).toEqual([]))

  it('of the library needs arrivals or sockets', () => {
    expect(codes({ functions: ['a', 'b'] }, { own: true })).toEqual([
      'load-empty: add arrivals to load, one for each of its functions (a, b).',
    ])
    expect(codes({}, { own: true })).toEqual(['load-empty: add arrivals to load, one for each of its functions.'])
    expect(codes({}, { own: true, sockets })).toEqual([])
    expect(codes({}, { arrivals: { login: perSecond(1) } })).toEqual([])
  })

  it('of the library measures no indicator that arrivals measure', () => {
    const login = { kind: 'http', where: {}, at } as const
    expect(codes({}, { arrivals: { login: perSecond(1) } }, { slis: { login } })).toEqual([
      'indicator-twice: give one of them another name.',
    ])
    expect(codes({}, { arrivals: { bet: perSecond(1) } }, { slis: { login } })).toEqual([])
  })

  it('that is plain holds no sockets, and measures only what is declared', () => {
    const plain = { usesLibrary: false }
    expect(codes(plain, {})).toEqual([])
    expect(codes(plain, { sockets })).toEqual([
      'load-unknown: remove sockets, or hold them with keepSockets of scenarios/lib/sockets.ts.',
    ])
    expect(codes(plain, {}, { slos: [slo] })).toEqual([
      expect.stringContaining('indicator-missing: declare it: slis: {login:'),
    ])
    const login = { kind: 'http', where: {}, at } as const
    expect(codes(plain, {}, { slos: [slo], slis: { login } })).toEqual([])
    expect(codes(plain, {}, { slos: [slo], slis: { login: { kind: 'union', of: ['a'] } } })).toEqual([])
  })
})
