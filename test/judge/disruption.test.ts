import { describe, expect, it } from 'vitest'
import type { Story } from '../support/evidence.ts'
import { causesOf, told } from '../support/judged.ts'

describe('the disruption budget', () => {
  it.each<[string, Story['budget'], string[]]>([
    [
      'holds while the workload grows',
      (s) => ({ healthy: s < 40 ? 2 : 6, wanted: s < 32 ? 1 : 5, expected: s < 32 ? 2 : 6 }),
      [],
    ],
    ['holds exactly at its limit', () => ({ healthy: 5, wanted: 5, expected: 6 }), []],
    [
      'is violated by one pod too few',
      (s) => ({ healthy: s === 80 ? 4 : 6, wanted: 5, expected: 6 }),
      ['budget-violated'],
    ],
    [
      'is violated when pods drop while the workload grows',
      (s) => ({ healthy: s < 30 ? 3 : s < 35 ? 1 : 6, wanted: s < 30 ? 2 : 5, expected: 6 }),
      ['budget-violated'],
    ],
    ['was never met', () => ({ healthy: 1, wanted: 2, expected: 3 }), ['no-evidence']],
    ['was never seen', () => undefined, ['no-evidence']],
  ])('%s', (_, budget, causes) => {
    expect(causesOf(told({ budget }))).toEqual(causes)
  })
})
