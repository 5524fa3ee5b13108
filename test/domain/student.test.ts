import { describe, expect, it } from 'vitest'
import { interval, pAbove, paired, pairsNeeded, pBelow, smallestDetectable } from '../../src/domain/paired.ts'
import { normalAbove, tAbove, tOf, zOf } from '../../src/domain/student.ts'

describe("Student's t", () => {
  /** Closed forms: df 1 is Cauchy, df 2 is (1 − t/√(2+t²))/2; the rest from published tables. */
  it.each([
    [1, 1, 0.25],
    [Math.sqrt(2), 2, (1 - Math.sqrt(2) / 2) / 2],
    [0, 7, 0.5],
    [-1, 1, 0.75],
    [1.8945786, 7, 0.05],
    [2.998, 7, 0.01],
    [1.7530504, 15, 0.05],
    [3.2498355, 9, 0.005],
    [2.5758293, 1e7, 0.005],
  ])('lies above %f with df %i in a share of %f', (t, df, share) => {
    expect(tAbove(t, df)).toBeCloseTo(share, 5)
    if (share !== 0.5) expect(tOf(tAbove(t, df), df)).toBeCloseTo(t, 6)
  })

  it('refuses what is no distribution', () => {
    expect(() => tAbove(1, 0)).toThrow(RangeError)
    expect(() => tAbove(Number.NaN, 3)).toThrow(RangeError)
    expect(() => tOf(1, 3)).toThrow(RangeError)
  })
})

describe('the normal distribution', () => {
  it.each([
    [0, 0.5],
    [1, 0.15865525393],
    [1.6448536269514722, 0.05],
    [2.4999, 0.0062114184],
    [2.5001, 0.0062079127],
    [3, 0.0013498980316],
    [6, 9.865876e-10],
    [-2, 0.97724986805],
  ])('lies above %f in a share of %f', (z, share) => {
    expect(normalAbove(z) / share).toBeCloseTo(1, 6)
    expect(zOf(share)).toBeCloseTo(z, 5)
  })
})

describe('paired differences', () => {
  const seven = [0.1, 0.2, 0.15, 0.05, 0.25, 0.12, 0.18, 0.15]

  it('are tested by their own spread', () => {
    const test = paired(seven)
    expect(test).toMatchObject({ pairs: 8 })
    expect(test?.mean).toBeCloseTo(0.15, 12)
    expect(test?.sd).toBeCloseTo(0.06188, 5)
    if (test === undefined) return
    // t = 0.15 / (0.061875 / √8) = 6.857 with df 7.
    expect(pAbove(test, 0)).toBeCloseTo(tAbove(6.857, 7), 5)
    expect(pAbove(test, 0.15)).toBeCloseTo(0.5, 9)
    expect(pBelow(test, 0.15)).toBeCloseTo(0.5, 9)
    const [low, high] = interval(test)
    expect(high - 0.15).toBeCloseTo((1.8945786 * test.sd) / Math.sqrt(8), 6)
    expect(0.15 - low).toBeCloseTo(high - 0.15, 12)
  })

  it('need two pairs, and prove no more than a known spread allows', () => {
    expect(paired([0.3])).toBeUndefined()
    const equal = paired([0, 0, 0, 0], 0.01)
    expect(equal?.sd).toBe(0.01)
    expect(equal && pBelow(equal, 0.001)).toBeGreaterThan(0.4)
  })

  /** compare.md: N = (z_α + z_β)² · s² / (log 1.2)². */
  it('need the pairs that the formula gives', () => {
    const log = Math.log(1.2)
    expect(pairsNeeded(0.2, log, 0.05)).toBe(Math.ceil((1.6448536 + 0.8416212) ** 2 * (0.2 / log) ** 2))
    expect(pairsNeeded(0.01, log, 0.05)).toBe(2)
    expect(pairsNeeded(0.2, 0, 0.05)).toBe(Number.POSITIVE_INFINITY)
    const test = paired(seven)
    expect(test && smallestDetectable(test, 0.05)).toBeCloseTo(((1.8945786 + 0.8960296) * 0.061875) / Math.sqrt(8), 4)
  })
})
