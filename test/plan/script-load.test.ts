import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { arrivalsBy } from '../../src/domain/arrivals.ts'
import type { Phase, Rehearsal } from '../../src/domain/rehearsal.ts'
import type { K6Scenario, ScriptFacts } from '../../src/domain/script.ts'
import type { LoadStage } from '../../src/domain/timeline.ts'
import { perSecond, seconds } from '../../src/domain/units.ts'
import { scriptLoad } from '../../src/plan/script-load.ts'
import { at, stock } from './plans.ts'

const phase = (forS: number, factor = 1, rampS = 0): Phase => ({
  name: 'x',
  rampMs: seconds(rampS),
  forMs: seconds(forS),
  factor,
  at,
})
type Phases = Rehearsal['phases']

/** What the scenarios of a script come to in these phases. */
function own(scenarios: Readonly<Record<string, K6Scenario>>, phases: Phases, loadFactor = 1) {
  const facts: ScriptFacts = { usesLibrary: false, functions: [], scenarios, thresholds: [], bundled: false }
  const rehearsal = { ...stock.rehearsal, phases, load: { ...stock.rehearsal.load, own: true as const } }
  return scriptLoad(rehearsal, { ...stock.target, loadFactor }, { seed: 1 }, facts)
}

const only = (scenario: K6Scenario, phases: Phases, loadFactor = 1) => {
  const { profiles, outside } = own({ it: scenario }, phases, loadFactor)
  const { it: made } = outside.scenarios
  if (made === undefined) throw new Error('the scenario is gone')
  return { profile: profiles[0]?.stages, made, outside, sentence: outside.shown[0]?.sentence }
}

const stage = (s: number, from: number, to = from): LoadStage => ({
  durationMs: seconds(s),
  from: perSecond(from),
  to: perSecond(to),
})

const constant = { executor: 'constant-arrival-rate', rate: 20, timeUnit: '1s', duration: '10s', preAllocatedVUs: 5 }
const ramping = {
  executor: 'ramping-arrival-rate',
  startRate: 60,
  timeUnit: '1m',
  stages: [
    { duration: '10s', target: 600 },
    { duration: '20s', target: 0 },
  ],
  preAllocatedVUs: 5,
  maxVUs: 50,
}

describe('an open scenario of the script', () => {
  it('is unchanged when its time and load are those of the timeline', () => {
    const { profile, made, outside } = only({ ...constant, exec: 'visit' }, [phase(10)])
    expect(made).toEqual({ ...constant, exec: 'visit' })
    expect(profile).toEqual([stage(10, 20)])
    expect(outside).toMatchObject({ endsMs: 10_000, drainMs: 30_000 })
  })

  it('is extended to the end of a longer timeline, and says so', () => {
    const { profile, made, sentence } = only({ ...constant, exec: 'visit' }, [phase(25)])
    expect(arrivalsBy(profile ?? [], seconds(25))).toBeCloseTo(500, 6)
    expect(made).toMatchObject({
      executor: 'ramping-arrival-rate',
      exec: 'visit',
      startRate: 20_000,
      timeUnit: '1000s',
    })
    expect(made).not.toHaveProperty('rate')
    expect(made).not.toHaveProperty('duration')
    expect(sentence).toBe(
      'it: constant-arrival-rate, up to 20/s from 0s to 25s (the script says 10s; it goes on to the end of the timeline)',
    )
  })

  it('is cut off by a shorter timeline, and says so', () => {
    const { profile, sentence, outside } = only(constant, [phase(4)])
    expect(arrivalsBy(profile ?? [], seconds(100))).toBeCloseTo(80, 6)
    expect(outside.endsMs).toBe(4_000)
    expect(sentence).toMatch(/from 0s to 4s \(the script says 10s; the timeline ends before\)$/)
  })

  it('that ends before another one keeps its own end', () => {
    const { profiles, outside } = own({ short: constant, long: { ...constant, duration: '30s' } }, [phase(60)])
    const due = profiles.map(({ name, stages }) => [name, Math.round(arrivalsBy(stages, seconds(100)))])
    expect(due).toEqual([
      ['short', 200],
      ['long', 1200],
    ])
    expect(outside.endsMs).toBe(60_000)
  })

  it('is multiplied by phases and load factor, with enough VUs for the highest load', () => {
    const { profile, made } = only({ ...constant, maxVUs: 8 }, [phase(4), phase(6, 3)], 2)
    expect(profile).toEqual([stage(4, 40), stage(6, 120)])
    // Six times the load: 5 and 8 VUs of the script become 30 and 48.
    expect(made).toMatchObject({ preAllocatedVUs: 30, maxVUs: 48 })
  })

  it('keeps its VUs when the load is lower than its own', () => {
    expect(only(constant, [phase(10, 0.5)]).made).toMatchObject({ preAllocatedVUs: 5, maxVUs: 5 })
  })

  it('without a number of VUs gets one', () => {
    const { preAllocatedVUs: _, ...bare } = constant
    expect(only(bare, [phase(10, 0.5)]).made).toMatchObject({ preAllocatedVUs: 1, maxVUs: 1 })
  })

  it('follows the ramp of a phase in straight lines', () => {
    const { profile } = only(constant, [phase(5, 1, 5)])
    expect(profile).toEqual([stage(5, 0, 20), stage(5, 20)])
  })

  it('with stages ramps in its own time unit, from its own start', () => {
    const { profile, made, sentence } = only(ramping, [phase(30)])
    expect(profile).toEqual([stage(10, 1, 10), stage(20, 10, 0)])
    expect(made).toEqual(ramping)
    expect(sentence).toBe('it: ramping-arrival-rate, up to 10/s from 0s to 30s')
  })

  it('with stages changes its slope where a phase begins within a stage', () => {
    const { profile } = only(ramping, [phase(20), phase(10, 2)])
    expect(profile).toEqual([stage(10, 1, 10), stage(10, 10, 5), stage(10, 10, 0)])
  })

  it('with stages ends after the last one', () => {
    const { outside, profile } = only(ramping, [phase(90)])
    expect(outside.endsMs).toBe(30_000)
    expect(arrivalsBy(profile ?? [], seconds(100))).toBeCloseTo(155, 6)
  })

  it('with a stage of no length jumps at that moment', () => {
    const jumps = {
      ...ramping,
      timeUnit: '1s',
      startRate: 4,
      stages: [
        { duration: '10s', target: 4 },
        { duration: '0s', target: 8 },
        { duration: '10s', target: 8 },
      ],
    }
    const { profile } = only(jumps, [phase(15), phase(5, 2)])
    expect(profile).toEqual([stage(10, 4), stage(5, 8), stage(5, 16)])
  })

  it('that starts later is idle first', () => {
    const { profile, sentence, made } = only({ ...constant, startTime: '5s' }, [phase(20, 2)])
    expect(profile?.[0]).toEqual(stage(5, 0))
    expect(arrivalsBy(profile ?? [], seconds(5))).toBe(0)
    expect(arrivalsBy(profile ?? [], seconds(100))).toBeCloseTo(600, 6)
    expect(made).toMatchObject({ startTime: '5s' })
    expect(sentence).toMatch(/^it: constant-arrival-rate, up to 40\/s from 5s to 20s/)
  })

  it('that starts after the timeline has no arrivals', () => {
    const { profile, outside } = only({ ...constant, startTime: '30s' }, [phase(20, 2)])
    expect(arrivalsBy(profile ?? [], seconds(100))).toBe(0)
    expect(outside.endsMs).toBe(20_000)
  })

  it('may be none at all', () => {
    expect(own({}, [phase(20)])).toEqual({
      profiles: [],
      outside: { scenarios: {}, shown: [], endsMs: 0, drainMs: 0 },
    })
  })

  it('waits for its last iterations as long as the script says', () => {
    expect(only({ ...constant, gracefulStop: '3s' }, [phase(10)]).outside.drainMs).toBe(3_000)
  })
})

describe('a closed scenario of the script', () => {
  const vus = { executor: 'constant-vus', vus: 4, duration: '10s' }

  it('is unchanged when its time and load are those of the timeline, and has no due arrivals', () => {
    const { made, profile, sentence, outside } = only(vus, [phase(10)])
    expect(made).toEqual(vus)
    expect(profile).toBeUndefined()
    expect(sentence).toBe('it: constant-vus, up to 4 VUs from 0s to 10s')
    expect(outside.shown).toMatchObject([{ model: 'closed' }])
  })

  it('is scaled in whole VUs, with a jump where a phase jumps', () => {
    expect(only(vus, [phase(4), phase(6, 2.6)]).made).toEqual({
      executor: 'ramping-vus',
      startVUs: 4,
      stages: [
        { duration: '4000ms', target: 4 },
        { duration: '0s', target: 10 },
        { duration: '6000ms', target: 10 },
      ],
    })
  })

  it('with stages is scaled from its own start', () => {
    const ramp = { executor: 'ramping-vus', startVUs: 2, stages: [{ duration: '10s', target: 8 }] }
    const { made, sentence } = only(ramp, [phase(10, 2)])
    expect(made).toEqual({ executor: 'ramping-vus', startVUs: 4, stages: [{ duration: '10000ms', target: 16 }] })
    expect(sentence).toBe('it: ramping-vus, up to 16 VUs from 0s to 10s')
  })
})

describe('a scenario with a number of iterations', () => {
  const shared = { executor: 'shared-iterations', vus: 3, iterations: 50 }

  it('ends with the timeline, whatever its maxDuration is', () => {
    const { made, sentence, outside } = only(shared, [phase(20)])
    expect(made).toEqual({ ...shared, maxDuration: '20000ms' })
    expect(outside.endsMs).toBe(20_000)
    expect(sentence).toBe('it: shared-iterations, 3 VUs, 50 iterations from 0s to 20s')
    expect(outside.shown[0]?.warnings).toEqual([])
  })

  it('ends earlier if its maxDuration is shorter', () => {
    const { made, outside } = only({ ...shared, maxDuration: '7s', startTime: '2s' }, [phase(20)])
    expect(made).toMatchObject({ maxDuration: '7000ms' })
    expect(outside.endsMs).toBe(9_000)
  })

  it('counts iterations per VU where the executor does, and one by default', () => {
    expect(only({ executor: 'per-vu-iterations' }, [phase(20)]).sentence).toBe(
      'it: per-vu-iterations, 1 VUs, 1 iterations each from 0s to 20s',
    )
  })

  it('lasts at least a second', () => {
    expect(only({ ...shared, startTime: '20s' }, [phase(20)]).made).toMatchObject({ maxDuration: '1000ms' })
  })

  it('is not scaled, and says so', () => {
    expect(only(shared, [phase(20, 2)]).outside.shown[0]?.warnings).toEqual([
      'it is not scaled by the phases: shared-iterations has a fixed number of iterations.',
    ])
  })
})

describe('arrivals of the rehearsal for a plain k6 script', () => {
  const facts: ScriptFacts = {
    usesLibrary: false,
    functions: ['buyNow'],
    scenarios: {},
    thresholds: [],
    bundled: false,
  }
  const rehearsal = {
    ...stock.rehearsal,
    phases: [phase(10), phase(10, 2)] as Phases,
    load: { ...stock.rehearsal.load, arrivals: { 'buy-now': perSecond(5) } },
  }

  it('call its exported functions, with preallocated VUs for iterations of 3 s and at most for 30 s', () => {
    const { profiles, outside } = scriptLoad(rehearsal, { ...stock.target, loadFactor: 2 }, { seed: 1 }, facts)
    expect(profiles).toEqual([{ name: 'buy-now', stages: [stage(10, 10), stage(10, 20)] }])
    expect(outside).toMatchObject({
      endsMs: 20_000,
      scenarios: {
        'buy-now': { executor: 'ramping-arrival-rate', exec: 'buyNow', preAllocatedVUs: 62, maxVUs: 602 },
      },
    })
  })
})

/** Without ramps of phases: where script and phase ramp at once, the plan replaces the parabola by a straight line. */
it('the plan is the product of the script’s levels and the phases’ factors, for any of them', () => {
  const someStage = fc.record({ s: fc.integer({ min: 0, max: 30 }), target: fc.integer({ min: 0, max: 50 }) })
  const somePhase = fc.record({
    forS: fc.integer({ min: 1, max: 40 }),
    factor: fc.integer({ min: 0, max: 4 }),
  })
  fc.assert(
    fc.property(
      fc.array(someStage, { minLength: 1, maxLength: 4 }),
      fc.array(somePhase, { minLength: 1, maxLength: 4 }),
      fc.integer({ min: 0, max: 20 }),
      (stages, phases, startS) => {
        const script = stages.map(({ s, target }) => ({ duration: `${s}s`, target }))
        const timeline = phases.map(({ forS, factor }) => phase(forS, factor)) as unknown as Phases
        const scenario = { executor: 'ramping-arrival-rate', startRate: 7, stages: script, startTime: `${startS}s` }
        const { profile } = only({ ...scenario, preAllocatedVUs: 1 }, timeline)
        const due = arrivalsBy(profile ?? [], seconds(10_000))
        expect(Math.abs(due - numeric(stages, phases, startS))).toBeLessThan(0.001 * due + 0.1)
      },
    ),
  )
})

/** The same area, second by second. */
function numeric(
  stages: readonly { readonly s: number; readonly target: number }[],
  phases: readonly { readonly forS: number; readonly factor: number }[],
  startS: number,
): number {
  const line = (points: readonly (readonly [number, number, number])[], t: number): number => {
    let begin = 0
    for (const [length, from, to] of points) {
      if (t < begin + length) return from + ((to - from) * (t - begin)) / length
      begin += length
    }
    return 0
  }
  const own = stages.map(({ s, target }, n) => [s, n === 0 ? 7 : (stages[n - 1]?.target ?? 0), target] as const)
  const factors = phases.map(({ forS, factor }) => [forS, factor, factor] as const)
  let sum = 0
  // All bends and jumps are at whole seconds, between which the product is a straight line: its middle is exact.
  for (let t = 0.5; t < 400; t += 1) if (t >= startS) sum += line(own, t - startS) * line(factors, t)
  return sum
}
