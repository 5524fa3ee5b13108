import { describe, expect, it } from 'vitest'
import { capacityAt, peakOf } from '../../../src/capacity/model/curve.ts'
import { type Fit, fitOf, type ReplicaCapacity } from '../../../src/capacity/model/fit.ts'
import { fisherAbove, tOf } from '../../../src/domain/student.ts'
import { raytracer, specsdm91 } from './golden.ts'

const pointsOf = (rows: readonly (readonly [number, number])[]): readonly ReplicaCapacity[] =>
  rows.map(([replicas, capacity]) => ({ replicas, capacity }))

const uslOf = (rows: readonly (readonly [number, number])[]): Fit => {
  const fit = fitOf('usl', pointsOf(rows), 'equal')
  if (fit === undefined) throw new Error('no fit')
  return fit
}

describe('the Universal Scalability Law fits as R’s package usl 3.0.3 does', () => {
  it('specsdm91', () => {
    const fit = uslOf(specsdm91)
    expect(fit.coefficients.alpha).toBeCloseTo(0.0277284, 6)
    expect(fit.coefficients.beta).toBeCloseTo(1.043657e-4, 9)
    expect(fit.coefficients.gamma).toBeCloseTo(89.99521, 3)
    const [gamma, alpha, beta] = fit.standardErrors ?? []
    expect(alpha).toBeCloseTo(9.1218e-3, 6)
    expect(beta?.toPrecision(4)).toBe('0.00001988')
    expect(gamma).toBeCloseTo(14.21352, 3)
    expect(fit.sigma).toBeCloseTo(82.8458, 3)
    expect(fit.df).toBe(4)
    const peak = peakOf(fit.coefficients) ?? 0
    expect(peak).toBeCloseTo(96.5194, 3)
    expect(capacityAt(fit.coefficients, peak)).toBeCloseTo(1883.9, 1)
    expect(fit.coefficients.gamma / fit.coefficients.alpha).toBeCloseTo(3245.59, 1)
  })

  it('raytracer, the first six', () => {
    const fit = uslOf(raytracer.slice(0, 6))
    expect(fit.coefficients.alpha).toBeCloseTo(0.024444, 6)
    expect(fit.coefficients.beta).toBeCloseTo(0.00162681, 7)
    expect(fit.coefficients.gamma).toBeCloseTo(20.85605, 4)
    const [gamma, alpha, beta] = fit.standardErrors ?? []
    expect([alpha, beta, gamma].map((error) => Number(error?.toPrecision(5)))).toEqual([0.0083907, 0.0002614, 0.78851])
    expect(fit.sigma).toBeCloseTo(1.83411, 4)
  })

  it('raytracer, all eleven: β ends at its bound', () => {
    const fit = uslOf(raytracer)
    expect(fit.coefficients.alpha).toBeCloseTo(0.0577708, 5)
    expect(fit.coefficients.beta).toBe(0)
    expect(fit.coefficients.gamma).toBeCloseTo(21.8488, 3)
    expect(fit.sigma).toBeCloseTo(9.33567, 4)
    expect(fit.atBound).toEqual(['beta'])
  })

  it('exact points give back the law that made them', () => {
    const fit = uslOf([1, 2, 4, 6, 8, 10].map((n) => [n, capacityAt({ gamma: 1, alpha: 0.02, beta: 0.02 }, n)]))
    expect(fit.coefficients.alpha).toBeCloseTo(0.02, 8)
    expect(fit.coefficients.beta).toBeCloseTo(0.02, 8)
    expect(fit.coefficients.gamma).toBeCloseTo(1, 8)
  })
})

describe('distributions', () => {
  // Printed tables: t for 95 % two-sided, F above with 5 %.
  it.each([
    [1, 12.706],
    [4, 2.776],
    [9, 2.262],
    [30, 2.042],
  ])('t with %i degrees of freedom is %d', (df, t) => expect(tOf(0.025, df)).toBeCloseTo(t, 3))
  it.each([
    [4.07, 3, 8],
    [5.32, 1, 8],
    [3.316, 2, 30],
  ])('F %d with %i and %i degrees of freedom is exceeded in 5 %%', (value, upper, lower) =>
    expect(fisherAbove(value, upper, lower)).toBeCloseTo(0.05, 3),
  )
})
