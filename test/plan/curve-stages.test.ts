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

  it('with large bursts of few arrivals has the same mean and that dispersion, second by second', () => {
    const stages = curveStages([phase(0, 4000, 1)], { ...curve([0, 2], [4000, 2]), dispersion: 8 }, 1, 7, 'deposit')
    expect(stages).toHaveLength(4000)
    expect(stages.every(({ durationMs, from, to }) => durationMs === 1000 && from === to)).toBe(true)
    const mean = stages.reduce((sum: number, { from }) => sum + from, 0) / 4000
    const variance = stages.reduce((sum, { from }) => sum + (from - mean) ** 2, 0) / 4000
    // Standard error of the mean: √(2 · 8 / 4000) = 0.06. Its tail is long, and so is that of the variance.
    expect(Math.abs(mean - 2)).toBeLessThan(0.19)
    expect(variance / mean / 8).toBeGreaterThan(0.8)
    expect(variance / mean / 8).toBeLessThan(1.2)
  })

  it('has a last stage that is as long as the rest, and no arrivals where the curve has none', () => {
    const stages = curveStages([phase(0, 2.5, 1)], { ...curve([0, 20], [3, 20]), dispersion: 1 }, 1, 7, 'deposit')
    expect(stages.map(({ durationMs }) => durationMs)).toEqual([1000, 1000, 500])
    const none = curveStages([phase(0, 2, 1)], { ...curve([0, 0], [3, 0]), dispersion: 3 }, 1, 7, 'deposit')
    expect(none.map(({ from }) => from)).toEqual([0, 0])
  })

  it('is cut where it bends within a phase, and at no other moment', () => {
    const bent = curve([0, 10], [10, 20], [30, 0], [40, 0])
    const stages = curveStages([phase(10, 20, 2)], bent, 1, 1, 'deposit')
    expect(stages).toEqual([
      { durationMs: 10_000, from: 0, to: 40 },
      { durationMs: 20_000, from: 40, to: 0 },
    ])
    expect(curveStages([phase(0, 20, 1)], bent, 1, 1, 'deposit').map(({ to }) => to)).toEqual([20, 10])
  })

  it('has the same bursts for the same seed, and others for another profile', () => {
    const bursty = { ...curve([0, 20], [60, 20]), dispersion: 3 }
    const drawn = (seed: number, profile: string) => curveStages([phase(0, 60, 1)], bursty, 1, seed, profile)
    expect(drawn(1, 'deposit')).toEqual(drawn(1, 'deposit'))
    expect(drawn(1, 'deposit')).not.toEqual(drawn(2, 'deposit'))
    expect(drawn(1, 'deposit')).not.toEqual(drawn(1, 'login'))
  })

  // The same seed must give the same load in later versions, or two runs of one rehearsal could not be compared.
  it('has the bursts of the golden file', async () => {
    const drawn = [1, 3, 8, 40].flatMap((dispersion) =>
      [2, 20, 200].map((rate) => {
        const bursty = { ...curve([0, 0], [2, 0], [3, rate], [30, rate]), dispersion }
        const counts = curveStages([phase(0, 24, 1)], bursty, 1, 7, 'deposit').map(({ from }) => from)
        return `burstiness ${dispersion}, ${rate}/s: ${counts.join(' ')}`
      }),
    )
    await expect(`${drawn.join('\n')}\n`).toMatchFileSnapshot('golden/drawn-bursts.txt')
  })

  it('has a mean over the timeline', () => {
    expect(curveMean(curve([0, 10], [50, 30], [100, 10]), 100_000)).toBeCloseTo(20, 9)
    expect(curveMean(curve([0, 10], [100, 30]), millis(50_000))).toBeCloseTo(15, 9)
  })
})
