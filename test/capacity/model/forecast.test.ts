import { describe, expect, it } from 'vitest'
import { type Coefficients, capacityAt } from '../../../src/capacity/model/curve.ts'
import type { ReplicaCapacity } from '../../../src/capacity/model/fit.ts'
import { type Forecast, modelOf } from '../../../src/capacity/model/forecast.ts'
import { createRandom } from '../../../src/domain/random.ts'
import { raytracer } from './golden.ts'

const { fraction } = createRandom(20_260_901, 'forecast')
const normal = () => Math.sqrt(-2 * Math.log(1 - fraction())) * Math.cos(2 * Math.PI * fraction())

/** Replicas 1 to 4, three times each, with relative noise. */
const sweep = (truth: (n: number) => number, noise: number): readonly ReplicaCapacity[] =>
  [1, 2, 3, 4].flatMap((replicas) =>
    [1, 2, 3].map(() => ({ replicas, capacity: truth(replicas) * (1 + noise * normal()) })),
  )
const law = (by: Coefficients) => (n: number) => capacityAt(by, n)
const forecast = (
  points: readonly ReplicaCapacity[],
  n: number,
  ceilings: readonly { name: string; capacity: number }[] = [],
) => modelOf(points, ceilings, [n]).forecasts[0] as Forecast

describe('a forecast for six replicas from a sweep of one to four', () => {
  it.each([
    ['USL', law({ gamma: 100, alpha: 0.03, beta: 0.002 }), 0.02],
    ['USL, noisy', law({ gamma: 100, alpha: 0.03, beta: 0.002 }), 0.05],
    ['Amdahl', law({ gamma: 100, alpha: 0.05, beta: 0 }), 0.02],
    ['linear', law({ gamma: 100, alpha: 0, beta: 0 }), 0.02],
  ])('%s: the range contains the measured value in about 95 of 100 sweeps', (_, truth, noise) => {
    const hits = Array.from({ length: 150 }, () => {
      const range = forecast(sweep(truth, noise), 6)
      const measured = truth(6) * (1 + noise * normal())
      return range.kind === 'range' && range.low <= measured && measured <= range.high
    })
    // Two standard errors below 95 % at 150 sweeps are 91.4 %.
    expect(hits.filter(Boolean).length / hits.length).toBeGreaterThanOrEqual(0.914)
  })

  it('is narrow enough to be useful: within a third of the true value at 2 % noise', () => {
    const range = forecast(sweep(law({ gamma: 100, alpha: 0.03, beta: 0.002 }), 0.02), 6)
    if (range.kind !== 'range') throw new Error(range.kind)
    expect((range.high - range.low) / 2 / 510).toBeLessThan(1 / 3)
  })
})

describe('a forecast refuses', () => {
  const points = sweep(law({ gamma: 100, alpha: 0.02, beta: 0 }), 0.01)

  it('more than twice the largest measurement', () => {
    expect(forecast(points, 8).kind).toBe('range')
    expect(forecast(points, 9)).toMatchObject({ kind: 'refused', reason: expect.stringContaining('4') })
  })

  it('more than a known ceiling', () => {
    const ceilings = [
      { name: 'provider slots', capacity: 900 },
      { name: 'database pool', capacity: 450 },
    ]
    expect(forecast(points, 8, ceilings)).toMatchObject({ kind: 'ceiling', ceiling: { name: 'database pool' } })
    expect(forecast(points, 3, ceilings).kind).toBe('range')
  })

  it('a law that misses the points by more than their repeats differ', () => {
    const capped = sweep((n) => Math.min(100 * n, 205), 0.003)
    const { laws } = modelOf(capped, [], [6])
    expect(laws.find((each) => each.law === 'linear')?.refused).toMatch(/repeats differ/)
    expect(forecast(capped, 6)).toMatchObject({ kind: 'refused', next: expect.stringContaining('ceiling') })
  })

  it('points of two counts of replicas', () => {
    const two = [
      { replicas: 1, capacity: 10 },
      { replicas: 2, capacity: 20 },
    ]
    expect(forecast(two, 3).kind).toBe('range')
    expect(forecast([{ replicas: 1, capacity: 10 }], 2)).toMatchObject({ kind: 'refused' })
  })

  it('a jump for which the law alone was wrong: from 20 CPUs to 64', () => {
    const upTo20 = raytracer.slice(0, 6).map(([replicas, capacity]) => ({ replicas, capacity }))
    expect(forecast(upTo20, 64)).toMatchObject({ kind: 'refused' })
    // At 28 the band of the law with a peak ends below the 230 that were measured; the envelope of all three holds it.
    expect(forecast(upTo20, 28)).toMatchObject({ kind: 'range' })
    const at28 = forecast(upTo20, 28)
    expect(at28.kind === 'range' && at28.low <= 230 && at28.high >= 230).toBe(true)
  })
})
