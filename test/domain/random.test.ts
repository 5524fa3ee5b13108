import { describe, expect, it } from 'vitest'
import { createRandom, seedFor } from '../../src/domain/random.ts'

const draw = (seed: number, purpose?: string) => {
  const { below } = createRandom(seed, purpose)
  return Array.from({ length: 4 }, () => below(2 ** 32))
}

describe('random', () => {
  it('keeps its sequence: a stored seed repeats a run with a later version too', () => {
    expect(draw(7)).toMatchInlineSnapshot(`
      [
        1678533978,
        710585345,
        399798335,
        2307686107,
      ]
    `)
    expect(seedFor(7, 'players')).toMatchInlineSnapshot(`1223638836`)
  })
  it('repeats itself for the same seed and not for another, also beyond 32 bits', () => {
    expect(draw(7)).toEqual(draw(7))
    expect(draw(7)).not.toEqual(draw(8))
    expect(draw(7)).not.toEqual(draw(7 + 2 ** 32))
    expect(draw(-1)).not.toEqual(draw(1))
  })
  it('has a sequence for each purpose', () => {
    expect(draw(7, 'players')).toEqual(draw(7, 'players'))
    expect(draw(7, 'players')).not.toEqual(draw(7, 'chaos'))
  })
  it('gives unrelated first draws for neighbouring seeds', () => {
    const first = Array.from({ length: 10_000 }, (_, seed) => createRandom(seed).below(10))
    expectEven(first)
  })
  it('fills the bins below a bound evenly', () => {
    const { below, fraction } = createRandom(42)
    expectEven(Array.from({ length: 10_000 }, () => below(10)))
    expectEven(Array.from({ length: 10_000 }, () => Math.floor(fraction() * 10)))
  })
  it('refuses a seed that is no safe integer', () => {
    expect(() => createRandom(0.5)).toThrow('safe integer')
  })
})

/** 10,000 draws from ten bins: 1,000 expected a bin, sigma 30; five sigma either way. */
function expectEven(draws: readonly number[]): void {
  for (let bin = 0; bin < 10; bin += 1) {
    const count = draws.filter((each) => each === bin).length
    expect(Math.abs(count - 1000)).toBeLessThan(150)
  }
}
