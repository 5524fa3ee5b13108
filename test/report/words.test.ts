import { describe, expect, it } from 'vitest'
import { budgetShare, inPercent } from '../../src/report/words.ts'

describe('a share', () => {
  it.each<[number | undefined, number, string]>([
    [0.999996, 3, '99.999 %'],
    [0.994318, 3, '99.431 %'],
    [0.9985, 3, '99.85 %'],
    [1, 3, '100 %'],
    [0.996, 0, '99 %'],
    [0.29, 0, '29 %'],
    [undefined, 3, '–'],
  ])('of %s is written with %s digits as %s', (share, digits, text) => expect(inPercent(share, digits)).toBe(text))
})

describe('a share of the error budget', () => {
  it.each([
    [0.13, '13 %'],
    [1.5, '150 %'],
    [30.09, '30×'],
  ])('of %s is written as %s', (share, text) => expect(budgetShare(share)).toBe(text))
})
