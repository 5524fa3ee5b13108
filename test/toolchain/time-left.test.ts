import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { type BuildsSoFar, timeLeftMs } from '../../src/toolchain/time-left.ts'

const long = { ms: 200_000, packages: 1000 }
const short = { ms: 20_000, packages: 100 }

const expected = fc.record({ ms: fc.integer({ min: 0, max: 1_000_000 }), packages: fc.integer({ min: 0, max: 4000 }) })
const tookMs = fc.integer({ min: 0, max: 10_000_000 })
const soFar: fc.Arbitrary<BuildsSoFar> = fc.record(
  {
    built: fc.array(fc.record({ expected, tookMs })),
    now: fc.record({ expected, tookMs, packages: fc.integer({ min: 0, max: 5000 }) }),
    next: fc.array(expected),
  },
  { requiredKeys: ['built', 'next'] },
)

describe('the time left for builds', () => {
  it('is what was expected, before anything is known', () => {
    expect(timeLeftMs({ built: [], next: [long, short] })).toBe(220_000)
  })

  it('goes down with each package, to the linking of the last program', () => {
    const at = (packages: number) =>
      timeLeftMs({ built: [], now: { expected: long, packages, tookMs: packages * 180 }, next: [] }) ?? Number.NaN
    expect(at(500)).toBeCloseTo(110_000)
    expect(at(1000)).toBeCloseTo(20_000)
  })

  it.each([
    ['slower', 40_000, 1.75],
    ['faster', 0, 0.25],
  ])('follows a machine that is %s than expected', (_, took, factor) => {
    // 5 % of 220 s count as measured: (40 + 11) / (20 + 11) is 1.65, and 11 / 31 is 0.35.
    const left = timeLeftMs({ built: [{ expected: short, tookMs: took }], next: [long] }) ?? Number.NaN
    expect(Math.abs(left / 200_000 - factor)).toBeLessThan(0.15)
  })

  it.each<[string, BuildsSoFar]>([
    ['one of the builds is', { built: [], next: [short, { packages: 5 }] }],
    ['more packages follow than expected', { built: [], now: { expected: short, packages: 120, tookMs: 1 }, next: [] }],
    ['the machine does other things', { built: [{ expected: short, tookMs: 900_000 }], next: [long] }],
  ])('is unknown when %s', (_, state) => expect(timeLeftMs(state)).toBeUndefined())

  it('does not need the expected time of a program that is built', () => {
    expect(timeLeftMs({ built: [{ expected: { packages: 5 }, tookMs: 900_000 }], next: [short] })).toBe(20_000)
  })

  it('is never negative, and at most four times what was expected for the rest', () => {
    fc.assert(
      fc.property(soFar, (state) => {
        const left = timeLeftMs(state)
        if (left === undefined) return
        const rest = [...(state.now ? [state.now.expected] : []), ...state.next].reduce(
          (sum, { ms = 0 }) => sum + ms,
          0,
        )
        expect(left).toBeGreaterThanOrEqual(0)
        expect(left).toBeLessThanOrEqual(4 * rest)
      }),
    )
  })

  it('is 0 at the end', () => {
    fc.assert(fc.property(soFar, ({ built }) => void expect(timeLeftMs({ built, next: [] })).toBe(0)))
  })

  it('does not grow when go names another package', () => {
    fc.assert(
      fc.property(soFar, (state) => {
        if (!state.now) return
        const more = { ...state, now: { ...state.now, packages: state.now.packages + 1 } }
        const [before, after] = [timeLeftMs(state), timeLeftMs(more)]
        if (before !== undefined && after !== undefined) expect(after).toBeLessThanOrEqual(before + 1e-6)
      }),
    )
  })
})
