/** A curve with more points than k6 starts quickly with keeps those that its shape needs. */
import { describe, expect, it } from 'vitest'
import type { CurvePoint } from '../../src/domain/arrival-curve.ts'
import { createRandom } from '../../src/domain/random.ts'
import { readCurve } from '../../src/files/curve.ts'

/** Seconds 0, 1, 2, … with these rates. */
function read(rates: readonly number[]): readonly CurvePoint[] {
  const text = ['time,rate', ...rates.map((rate, second) => `${second},${rate.toFixed(4)}`)].join('\n')
  const points = readCurve(text, { file: 'x.csv', factor: 1, speed: 1 }, (at, _code, problem) => {
    throw new Error(`${at.line} ${problem}`)
  })
  if (points === undefined) throw new Error('no points')
  return points
}

/** The largest vertical distance between the rates and the curve that is kept. */
function distanceOf(rates: readonly number[], points: readonly CurvePoint[]): number {
  let [index, most] = [0, 0]
  for (const [second, rate] of rates.entries()) {
    while ((points[index + 1]?.[0] ?? Number.POSITIVE_INFINITY) < second * 1000) index++
    const [from, to] = [points[index], points[index + 1]]
    if (from === undefined || to === undefined) continue
    const line = from[1] + ((to[1] - from[1]) * (second * 1000 - from[0])) / (to[0] - from[0])
    most = Math.max(most, Math.abs(rate - line))
  }
  return most
}

const random = createRandom(7)
const waves = Array.from({ length: 3000 }, (_, second) => 100 + 90 * Math.sin(second / 50))
const noise = Array.from({ length: 3000 }, () => 100 + 90 * random.fraction())

describe('a long curve', () => {
  it('of up to 2000 points is kept as it is', () => {
    expect(read(waves.slice(0, 2000))).toHaveLength(2000)
    expect(read(noise.slice(0, 2000))).toHaveLength(2000)
  })

  it('of 2001 points is nowhere further away than a hundredth of its peak', () => {
    const rates = waves.slice(0, 2001)
    const points = read(rates)
    expect(distanceOf(rates, points)).toBeLessThanOrEqual(1.9 + 1e-3)
    expect(points).toHaveLength(92)
    expect(points[0]?.[0]).toBe(0)
    expect(points.at(-1)?.[0]).toBe(2_000_000)
  })

  it('that is a straight line keeps its ends', () => {
    expect(read(Array.from({ length: 2500 }, (_, second) => second))).toEqual([
      [0, 0],
      [2_499_000, 2499],
    ])
  })

  it('of noise is simplified further, until 2000 points are left', () => {
    const points = read(noise)
    expect(points).toHaveLength(1857)
    expect(distanceOf(noise, points)).toBeCloseTo(21.632, 3)
  })

  it('of small rates is simplified no further than one of large rates', () => {
    const small = noise.map((rate) => rate / 100)
    const points = read(small)
    expect(points.length).toBeGreaterThan(1800)
    expect(distanceOf(small, points)).toBeLessThan(0.22)
  })
})
