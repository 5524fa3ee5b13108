import { describe, expect, it } from 'vitest'
import { loadCurve } from '../../src/report/draw/load-curve.ts'

describe('loads below a curve', () => {
  it('keep their distance, however close the measurements are', () => {
    const points = Array.from({ length: 30 }, (_, n) => ({
      load: Number((2 * 1.02 ** n).toFixed(2)),
      share: 1,
      outcome: 'held' as const,
    }))
    const svg = String(loadCurve({ points, objective: 0.99, promise: undefined, event: undefined }))
    const places = [...svg.matchAll(/<text x="([\d.]+)"[^>]*text-anchor="middle">[\d.]+x</g)].map((match) =>
      Number(match[1]),
    )
    expect(places.length).toBeGreaterThan(10)
    for (const [n, place] of places.entries()) if (n > 0) expect(place - (places[n - 1] ?? 0)).toBeGreaterThan(40)
  })
})
