import { describe, expect, it } from 'vitest'
import { type ArrivalCurve, curveMean } from '../../src/domain/arrival-curve.ts'
import { arrivalsBetween, arrivalsBy } from '../../src/domain/arrivals.ts'
import type { Phase } from '../../src/domain/rehearsal.ts'
import { millis, perSecond, seconds } from '../../src/domain/units.ts'
import { curveStages } from '../../src/plan/curve-stages.ts'

const at = { file: 'x', line: 1, column: 1 }
const phase = (rampS: number, forS: number, factor: number): Phase => ({
  name: 'x',
  rampMs: seconds(rampS),
  forMs: seconds(forS),
  factor,
  at,
})
const curve = (...points: readonly (readonly [number, number])[]): ArrivalCurve => {
  const [first, ...rest] = points.map(([s, rate]) => [seconds(s), perSecond(rate)] as const)
  if (first === undefined) throw new Error('no points')
  return { file: 'c.csv', speed: 1, points: [first, ...rest] }
}
const TOTAL = Number.POSITIVE_INFINITY

describe('a curve through phases', () => {
  it('has as many arrivals as the area below it', () => {
    const stages = curveStages([phase(0, 100, 1)], curve([0, 10], [50, 30], [100, 10]), 1, 1, 'deposit')
    expect(arrivalsBy(stages, TOTAL)).toBeCloseTo(2000, 6)
    expect(arrivalsBetween(stages, 40_000, 60_000)).toBeCloseTo(20 * 28, 6)
  })

  it('is multiplied by the phase and by the load factor of the target', () => {
    const level = curve([0, 10], [100, 10])
    const stages = curveStages([phase(0, 50, 1), phase(0, 50, 2)], level, 3, 1, 'deposit')
    expect(arrivalsBy(stages, TOTAL)).toBeCloseTo((10 * 50 + 20 * 50) * 3, 6)
  })

  it('begins with the ramp of the first phase', () => {
    const stages = curveStages([phase(10, 90, 1)], curve([0, 10], [100, 10]), 1, 1, 'deposit')
    expect(stages[0]).toEqual({ durationMs: 10_000, from: 0, to: 10 })
  })

  it.each([1, 3, 8])('with burstiness %i has the same mean and that dispersion', (dispersion) => {
    const smooth = { ...curve([0, 20], [4000, 20]), dispersion }
    const counts = curveStages([phase(0, 4000, 1)], smooth, 1, 7, 'deposit').map(({ from }) => from)
    const mean = counts.reduce((sum: number, count) => sum + count, 0) / counts.length
    const variance = counts.reduce((sum, count) => sum + (count - mean) ** 2, 0) / counts.length
    // Standard error of the mean is √(20 · 8 / 4000) = 0.2; that of the dispersion is about 8 · √(2 / 4000) = 0.2 for a normal, more in the tail.
    expect(Math.abs(mean - 20)).toBeLessThan(0.6)
    expect(variance / mean / dispersion).toBeGreaterThan(0.88)
    expect(variance / mean / dispersion).toBeLessThan(1.12)
    expect(counts.every(Number.isInteger)).toBe(true)
  })

  it('has the same bursts for the same seed, and others for another profile', () => {
    const bursty = { ...curve([0, 20], [60, 20]), dispersion: 3 }
    const drawn = (seed: number, profile: string) => curveStages([phase(0, 60, 1)], bursty, 1, seed, profile)
    expect(drawn(1, 'deposit')).toEqual(drawn(1, 'deposit'))
    expect(drawn(1, 'deposit')).not.toEqual(drawn(2, 'deposit'))
    expect(drawn(1, 'deposit')).not.toEqual(drawn(1, 'login'))
  })

  it('has a mean over the timeline', () => {
    expect(curveMean(curve([0, 10], [50, 30], [100, 10]), 100_000)).toBeCloseTo(20, 9)
    expect(curveMean(curve([0, 10], [100, 30]), millis(50_000))).toBeCloseTo(15, 9)
  })
})
