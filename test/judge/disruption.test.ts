import { describe, expect } from 'vitest'
import { createBudgetLives } from '../../src/judge/seen/budget-lives.ts'
import type { Story } from '../support/evidence.ts'
import { causesOf, told } from '../support/judged.ts'
import { it } from '../support/reviewed.ts'

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

describe('a budget that grows while a pod is missing', () => {
  const life = (healthy: number) => {
    const lives = createBudgetLives()
    const counts = { resource: 'PodDisruptionBudget', namespace: 'casino', name: 'a', uid: 'u', allowed: 0 } as const
    lives.add({ ...counts, healthy: 2, wantedHealthy: 2, expected: 3 }, 1, 1)
    lives.add({ ...counts, healthy, wantedHealthy: 3, expected: 4 }, 2, 2)
    return lives.all.get('a')?.violation
  }

  it('is kept at what it wanted before, and violated below that', () => {
    expect([life(2), life(1)]).toEqual([undefined, { at: 2, line: 2, healthy: 1, wanted: 2 }])
  })
})
