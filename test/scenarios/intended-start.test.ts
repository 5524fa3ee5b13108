import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { dueMsOf, intendedStart, iterationDueMs, levelAt } from '../../scenarios/lib/intended-start.ts'
import { PLAYERS, playerOf } from '../../scenarios/lib/player-spread.ts'
import { runnableStages } from '../../src/domain/arrival-profile.ts'
import { millis, perSecond } from '../../src/domain/units.ts'

const stage = (durationMs: number, from: number, to: number) => ({
  durationMs: millis(durationMs),
  from: perSecond(from),
  to: perSecond(to),
})

describe('the intended start of an arrival', () => {
  it('is the time at which the integral of the rate reaches the number of the arrival, counted from one', () => {
    const stages = [stage(2000, 20, 20), stage(1000, 20, 40)]
    expect(iterationDueMs(stages, 0)).toBeCloseTo(50, 9)
    expect(iterationDueMs(stages, 39)).toBeCloseTo(2000, 9)
    expect(iterationDueMs(stages, 69)).toBeCloseTo(3000, 9)
  })

  it('is computed the same for one arrival and for many', () => {
    const stages = fc.array(
      fc.record({ durationMs: fc.integer({ min: 0, max: 5000 }), from: fc.nat(200), to: fc.nat(200) }),
      { minLength: 1, maxLength: 5 },
    )
    fc.assert(
      fc.property(stages, fc.array(fc.nat(3000), { minLength: 1, maxLength: 9 }), (all, arrivals) => {
        const plan = all.map(({ durationMs, from, to }) => stage(durationMs, from, to))
        const dueMs = dueMsOf(plan)
        for (const n of arrivals) expect(dueMs(n)).toBeCloseTo(iterationDueMs(plan, n), 6)
      }),
      { numRuns: 1000 },
    )
  })

  it('allows for the time in which k6 wakes its VUs, as measured by this VU, up to the limit', () => {
    const start = intendedStart([stage(10_000, 10, 10)], 40)
    expect(start(0, 1000, 1117)).toBe(1117)
    expect(start(1, 1000, 1215)).toBe(1215)
    // 380 ms late: that is the generator's own, but for the 15 ms.
    expect(start(2, 1000, 1680)).toBe(1315)
    expect(intendedStart([stage(10_000, 10, 10)], 40)(0, 1000, 1900)).toBe(1140)
  })

  it('is never later than the real start, except for the resolution of the clock', () => {
    const moments = fc.array(fc.tuple(fc.nat(500), fc.integer({ min: 0, max: 3000 })), { minLength: 1, maxLength: 30 })
    fc.assert(
      fc.property(moments, (all) => {
        const start = intendedStart([stage(60_000, 10, 10)], 30)
        for (const [n, late] of all) {
          const due = 1000 + iterationDueMs([stage(60_000, 10, 10)], n)
          const intended = start(n, 1000, due + late)
          expect(intended).toBeLessThanOrEqual(due + late)
          expect(intended).toBeGreaterThanOrEqual(due)
        }
      }),
    )
  })

  it('counts with the rates that k6 can run, which have three decimals', () => {
    expect(runnableStages([stage(1000, 0.12345, 7)])).toEqual([stage(1000, 0.123, 7)])
  })
})

describe('the number of open sockets', () => {
  it('follows the plan and is 0 after its end', () => {
    const stages = [stage(1000, 0, 100), stage(1000, 100, 100)]
    expect([0, 500, 1000, 1999, 2000].map((at) => levelAt(stages, at))).toEqual([0, 50, 100, 100, 0])
  })
})

describe('players', () => {
  it('are all used once before one is used again', () => {
    expect(new Set(Array.from({ length: PLAYERS }, (_, n) => playerOf(n))).size).toBe(PLAYERS)
    expect(playerOf(PLAYERS)).toBe(playerOf(0))
    expect(playerOf(1)).toMatch(/^player-\d{6}$/)
  })
})
