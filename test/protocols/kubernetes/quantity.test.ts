import { describe, expect, it } from 'vitest'
import { quantity } from '../../../src/protocols/kubernetes/quantity.ts'

describe('quantity', () => {
  it.each([
    ['120', 120],
    ['250m', 0.25],
    ['1500m', 1.5],
    ['1Gi', 2 ** 30],
    ['2k', 2000],
    ['0.5', 0.5],
    ['1e3', 1000],
    [7, 7],
  ])('reads %s as %d', (text, number) => expect(quantity(text)).toBeCloseTo(number, 9))

  it.each([['12q'], [''], ['m'], [undefined], [{}], [Number.NaN]])('refuses %s', (text) =>
    expect(quantity(text)).toBeUndefined(),
  )
})
