import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { attemptsNeeded, chanceOfAtMost, lowerBound, quantileOf, regularisedBeta } from '../../src/domain/statistics.ts'

describe('proof by counts', () => {
  it.each([
    [0.999, 0, 2995],
    [0.999, 1, 4742],
    [0.999, 3, 7752],
    // ln 0.05 / ln 0.9985 = 1995.6; ln 0.05 / ln 0.95 = 58.4 (the textbook's "59 clean trials").
    [0.9985, 0, 1996],
    [0.95, 0, 59],
    [0.95, 1, 93],
  ])('%d with %i bad takes %i attempts', (objective, bad, attempts) => {
    expect(attemptsNeeded(objective, bad, 0.95)).toBe(attempts)
    expect(lowerBound(attempts - bad, attempts, 0.95)).toBeGreaterThanOrEqual(objective)
    expect(lowerBound(attempts - 1 - bad, attempts - 1, 0.95)).toBeLessThan(objective)
  })

  // Golden: two-sided 90 % Clopper–Pearson intervals as printed in tables; their lower end is the one-sided 95 % bound.
  it.each([
    [1, 10, 0.0051162],
    [5, 10, 0.2224411],
    [9, 10, 0.6058367],
    [10, 10, 0.7411344],
    [95, 100, 0.8977372],
  ])('%i good of %i have the lower bound %d', (good, attempts, bound) => {
    expect(lowerBound(good, attempts, 0.95)).toBeCloseTo(bound, 4)
  })

  it('claims nothing without attempts, and can never prove 100 %', () => {
    expect(lowerBound(0, 0)).toBe(0)
    expect(lowerBound(0, 50)).toBe(0)
    expect(attemptsNeeded(1, 0)).toBeUndefined()
    expect(lowerBound(1e7, 1e7)).toBeLessThan(1)
  })

  it('refuses counts that cannot be', () => {
    expect(() => lowerBound(3, 2)).toThrow(RangeError)
    expect(() => lowerBound(-1, 2)).toThrow(RangeError)
    expect(() => lowerBound(Number.NaN, 2)).toThrow(RangeError)
    expect(() => attemptsNeeded(1.2, 0)).toThrow(RangeError)
  })

  it('agrees with the exact sum of binomial terms', () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 1, max: 60 }),
        fc.nat(60),
        fc.double({ min: 0.001, max: 0.999, noNaN: true }),
        (n, k, p) => {
          const count = Math.min(k, n)
          expect(chanceOfAtMost(count, n, p)).toBeCloseTo(exactSum(count, n, p), 10)
        },
      ),
    )
  })

  it('falls with every bad attempt and rises with every good one', () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 200_000 }), fc.nat(300), (good, bad) => {
        const bound = lowerBound(good, good + bad)
        expect(lowerBound(good, good + bad + 1)).toBeLessThan(bound)
        expect(lowerBound(good + 1, good + bad + 1)).toBeGreaterThan(bound)
        expect(bound).toBeLessThan(good / (good + bad))
      }),
    )
  })

  it('stays exact for millions of attempts', () => {
    // With 100 bad among 10^7 the Poisson limit gives 118.0 expected bad at 5 %.
    expect((1 - lowerBound(1e7 - 100, 1e7)) * 1e7).toBeCloseTo(118.08, 1)
    expect(regularisedBeta(0.5, 1e6, 1e6)).toBeCloseTo(0.5, 6)
  })
})

describe('quantile of a sparse histogram', () => {
  it.each([
    ['nothing', [], 0.95, undefined],
    ['one bucket', [[10, 4]], 0.95, 10],
    [
      '19 of 20 below',
      [
        [10, 19],
        [300, 1],
      ],
      0.95,
      10,
    ],
    [
      '18 of 20 below',
      [
        [10, 18],
        [300, 2],
      ],
      0.95,
      300,
    ],
    [
      'the smallest',
      [
        [0, 0],
        [5, 1],
        [9, 1],
      ],
      0,
      5,
    ],
  ] as const)('%s', (_, histogram, quantile, expected) => {
    expect(quantileOf(histogram, quantile)).toBe(expected)
  })
})

function exactSum(count: number, n: number, p: number): number {
  let term = (1 - p) ** n
  let sum = term
  for (let i = 1; i <= count; i++) {
    term *= ((n - i + 1) / i) * (p / (1 - p))
    sum += term
  }
  return sum
}
