import { describe, expect, it } from 'vitest'
import { countField, durationField, durationMs, stagesField } from '../../src/plan/script-fields.ts'

describe('fields of a k6 scenario', () => {
  it.each<[unknown, number | undefined]>([
    ['10s', 10_000],
    ['1m30s', 90_000],
    ['1.5h', 5_400_000],
    ['2d', 172_800_000],
    ['250ms', 250],
    ['500us', 0.5],
    ['500µs', 0.5],
    ['1000000ns', 1],
    // k6 takes a number, written as one or as a text, for milliseconds.
    [1500, 1500],
    ['1500', 1500],
    ['0.5', 0.5],
    ['', undefined],
    [undefined, undefined],
    [null, undefined],
    ['soon', 0],
  ])('a duration %j is %j ms', (value, ms) => {
    const read = durationMs(value)
    if (ms === undefined) expect(read).toBeUndefined()
    else expect(read).toBeCloseTo(ms, 9)
    expect(durationField({ executor: 'x', duration: value }, 'duration')).toBe(read)
  })

  it('counts are numbers and nothing else', () => {
    expect(countField({ executor: 'x', vus: 3 }, 'vus')).toBe(3)
    expect(countField({ executor: 'x', vus: '3' }, 'vus')).toBeUndefined()
    expect(countField({ executor: 'x' }, 'vus')).toBeUndefined()
  })

  it('stages without a length or a target count as 0', () => {
    const stages = [{ duration: '5s', target: 4 }, { target: 2 }, { duration: '1s' }, { duration: '1s', target: '9' }]
    expect(stagesField({ executor: 'x', stages })).toEqual([
      { durationMs: 5000, target: 4 },
      { durationMs: 0, target: 2 },
      { durationMs: 1000, target: 0 },
      { durationMs: 1000, target: 0 },
    ])
    expect(stagesField({ executor: 'x', stages: 'none' })).toEqual([])
    expect(stagesField({ executor: 'x' })).toEqual([])
  })
})
