import { describe, expect, it } from 'vitest'
import { judge } from '../../src/judge/judge.ts'
import { historyPage, type PastRun, sparkline, trendsOf } from '../../src/report/history.ts'
import { evidence, toBad } from '../support/evidence.ts'

const past = (day: number, bad: number): PastRun => ({
  startedAt: Date.UTC(2026, 10, day),
  folder: `reports/<run-${day}>`,
  judgment: judge(evidence({ load: (second, load) => second === 20 && toBad(load.login, bad, 'http-502') })),
})

describe('the history of a rehearsal', () => {
  const runs = [past(1, 0), past(2, 12)]

  it('has the value of each objective in each run, in order of time', () => {
    const login = trendsOf(runs).find(({ sli, unit }) => sli === 'login' && unit === 'share')
    const [before, after] = login?.points.map(({ value }) => value) ?? []
    expect(before).toBe(1)
    expect(after).toBeLessThan(1)
    expect(trendsOf(runs).some(({ unit, points }) => unit === 'ms' && (points[0]?.value ?? 0) > 0)).toBe(true)
    expect(trendsOf([])).toEqual([])
  })

  it('escapes names on its page', () => {
    const page = historyPage('psp-<b>down', runs)
    expect(page).not.toMatch(/<b>down|<run-/)
    expect(page.match(/<polyline/g)).toHaveLength(trendsOf(runs).length)
  })

  it('is drawn in characters for a terminal', () => {
    expect(sparkline([1, 2, undefined, 8])).toBe('▁▂ █')
    expect(sparkline([5, 5])).toBe('▁▁')
  })
})
