import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { createRandom } from '../../../src/domain/random.ts'
import { createShare, createWeightedChoice } from '../../../src/lab/ingress/gateway-api/weights.ts'

const weights = fc.array(fc.integer({ min: 0, max: 100 }), { minLength: 1, maxLength: 5 })

describe('a weighted choice', () => {
  const countsAfterEach = (all: readonly number[], requests: number, seed: number): number[][] => {
    const { fraction } = createRandom(seed, 'weights')
    const choose = createWeightedChoice(
      all.map((weight, value) => ({ value, weight })),
      fraction,
    )
    const counts = all.map(() => 0)
    return Array.from({ length: requests }, () => {
      const chosen = choose()
      if (chosen !== undefined) counts[chosen] = (counts[chosen] ?? 0) + 1
      return [...counts]
    })
  }
  const deviation = (counts: readonly number[], all: readonly number[]): number => {
    const whole = all.reduce((sum, weight) => sum + weight, 0)
    const requests = counts.reduce((sum, count) => sum + count, 0)
    return Math.max(...counts.map((count, at) => Math.abs(count - (requests * (all[at] ?? 0)) / whole)))
  }
  const worst = (all: readonly number[], seed: number): number =>
    Math.max(...countsAfterEach(all, 300, seed).map((counts) => deviation(counts, all)))

  it('keeps the share of two backends within one request after every request', () => {
    fc.assert(
      fc.property(fc.tuple(fc.nat(1000), fc.integer({ min: 1, max: 1000 })), fc.nat(), (two, seed) => {
        expect(worst(two, seed)).toBeLessThan(1)
      }),
    )
  })

  it('keeps the shares of n backends within n - 1 requests', () => {
    fc.assert(
      fc.property(weights, fc.nat(), (all, seed) => {
        fc.pre(all.some((weight) => weight > 0))
        expect(worst(all, seed)).toBeLessThan(Math.max(1, all.length - 1))
      }),
    )
  })

  it('gives each single request the probability of the weight, also the first', () => {
    // 2,000 canaries of 7 % seen at each of the first 40 requests: the standard error is 0.6 points.
    const takes = Array.from({ length: 40 }, () => 0)
    for (let seed = 0; seed < 2_000; seed += 1) {
      const { fraction } = createRandom(seed, 'weights')
      const share = createShare(7, 100, fraction)
      for (const at of takes.keys()) if (share()) takes[at] = (takes[at] ?? 0) + 1
    }
    for (const count of takes) expect(count / 2_000).toBeCloseTo(0.07, 1.4)
  })

  it('has no pattern: of a client that alternates two requests, both releases get both kinds', () => {
    const { fraction } = createRandom(7, 'weights')
    const share = createShare(50, 100, fraction)
    const logins = Array.from({ length: 400 }, (_, at) => ({ isLogin: at % 2 === 0, takes: share() }))
    const loginsTaken = logins.filter(({ isLogin, takes: taken }) => isLogin && taken).length
    expect(loginsTaken).toBeGreaterThan(70)
    expect(loginsTaken).toBeLessThan(130)
  })

  it.each([
    ['a weight of 0 gets nothing', [0, 3], [0, 100]],
    ['one backend gets everything', [7], [100]],
    ['nothing is chosen when all weights are 0', [0, 0], [0, 0]],
  ])('%s', (_, all, counts) => {
    expect(countsAfterEach(all, 100, 1).at(-1)).toEqual(counts)
  })
})
