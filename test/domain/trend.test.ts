import { expect, it } from 'vitest'
import { trendOf } from '../../src/domain/trend.ts'

const points = (...values: number[]) => values.map((value, at) => ({ at, value }))

it.each<[string, number[], number, number]>([
  // S = 10, var = 5·4·15/18 = 16.67: z = 9 / 4.08. Kendall's table gives p = 0.008 one-sided for S = 10 and n = 5.
  ['grows', [1, 2, 3, 4, 5], 2.2, 1],
  ['falls', [5, 4, 3, 2, 1], -2.2, -1],
  ['stays', [3, 3, 3, 3, 3], 0, 0],
  ['grows but for one outlier', [1, 2, 90, 4, 5], 1.22, 1],
])('a series that %s', (_, values, z, slope) => {
  const trend = trendOf(points(...values))
  expect(trend?.z).toBeCloseTo(z, 1)
  expect(trend?.slope).toBeCloseTo(slope, 5)
})

it('one point has no trend', () => {
  expect(trendOf(points(1))).toBeUndefined()
})
