import { describe, expect, it } from 'vitest'
import { fromState, random } from '../../src/domain/random.ts'

describe('random', () => {
  it('gives the published sequence of xoshiro128** from the state 1, 2, 3, 4', () => {
    const { uint32 } = fromState([1, 2, 3, 4])
    expect([uint32(), uint32(), uint32(), uint32()]).toEqual([11520, 0, 5927040, 70819200])
  })
  it('repeats itself for the same seed and not for another, also beyond 32 bits', () => {
    const draw = (seed: number) => Array.from({ length: 4 }, random(seed).uint32)
    expect(draw(7)).toEqual(draw(7))
    expect(draw(7)).not.toEqual(draw(8))
    expect(draw(7)).not.toEqual(draw(7 + 2 ** 32))
    expect(draw(-1)).not.toEqual(draw(1))
  })
  it('fills the bins below a bound evenly', () => {
    const { below } = random(42)
    const bins = Array.from({ length: 10 }, () => 0)
    for (let n = 0; n < 10_000; n++) {
      const bin = below(10)
      bins[bin] = (bins[bin] ?? 0) + 1
    }
    // 1000 expected a bin, sigma 30: five sigma either way.
    for (const count of bins) expect(Math.abs(count - 1000)).toBeLessThan(150)
  })
  it('refuses a seed that is no safe integer and a state that never moves', () => {
    expect(() => random(0.5)).toThrow('safe integer')
    expect(() => fromState([0, 0, 0, 0])).toThrow('all zero')
  })
})
