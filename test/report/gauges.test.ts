import { describe, expect, it } from 'vitest'
import type { Point } from '../../src/report/chart.ts'
import { createLatest, createSumOfLatest, pushRound, rateOfLatest } from '../../src/report/lanes/gauges.ts'

describe('a gauge over several pods', () => {
  it('is their sum while each of them reports', () => {
    const sum = createSumOfLatest()
    expect([sum.set('a', 0, 4), sum.set('b', 0.1, 5), sum.set('a', 1, 6)]).toEqual([4, 9, 11])
    expect(sum.set('a', 4, 6)).toBe(6)
  })

  it('is the maximum if each pod reports the whole', () => {
    const most = createLatest('max')
    expect([most.set('a', 0, 4), most.set('b', 0.1, 5), most.set('a', 1, 3)]).toEqual([4, 5, 5])
    expect(most.set('a', 4, 3)).toBe(3)
  })

  it('keeps a pod that is scraped rarely', () => {
    const sum = createSumOfLatest()
    for (const at of [0, 5, 10]) sum.set('a', at, 4)
    for (const at of [1, 6]) sum.set('b', at, 5)
    expect(sum.set('b', 11, 5)).toBe(9)
    expect(sum.set('b', 23, 5)).toBe(5)
  })

  it('has no rate at the first scrape, nor after a restart of the counter', () => {
    const rate = rateOfLatest()
    expect(rate.add('a', 0, 100)).toBeUndefined()
    expect(rate.add('a', 2, 120)).toBe(10)
    expect(rate.add('a', 4, 3)).toBe(0)
    expect(rate.add('a', 6, 9)).toBe(3)
  })

  it('has one point per round of scrapes, the last one', () => {
    const points: Point[] = []
    for (const [at, value] of [
      [0, 1],
      [0.1, 2],
      [0.2, 3],
      [0.5, 4],
    ] as const)
      pushRound(points, at, value)
    expect(points).toEqual([
      [0, 3],
      [0.5, 4],
    ])
  })
})
