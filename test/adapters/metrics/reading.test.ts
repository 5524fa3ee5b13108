import { describe, expect, it } from 'vitest'
import { readMetrics } from '../../../src/adapters/metrics/reading.ts'

const ok = (value: number) => ({ name: 'calls_total', labels: { to: 'a' }, value })

describe('one metrics answer of a pod', () => {
  it.each([
    ['keeps the series that are wanted', 'calls_total{to="a"} 3\nother 4', { ok: true, series: [ok(3)] }],
    [
      'tells a declared metric without series as empty',
      '# HELP calls_total Calls.\n# TYPE calls_total counter\n',
      { ok: true, series: [], empty: ['calls_total'] },
    ],
    [
      'declared by HELP alone is declared',
      '# HELP calls_total Calls.\n',
      { ok: true, series: [], empty: ['calls_total'] },
    ],
    [
      'knows that a counter of OpenMetrics declares its family without _total',
      '# TYPE calls counter\n# EOF\n',
      { ok: true, series: [], empty: ['calls_total'] },
    ],
    ['fails without the metric', 'other 4\n', { ok: false, problem: 'calls_total is not in the answer' }],
    [
      'fails with a login page',
      '<html>please log in</html>',
      { ok: false, problem: 'calls_total is not in the answer' },
    ],
    ['fails with an empty answer', '', { ok: false, problem: 'calls_total is not in the answer' }],
    ['fails with NaN', 'calls_total{to="a"} NaN', { ok: false, problem: 'calls_total has the value NaN' }],
    ['fails with infinity', 'calls_total{to="a"} +Inf', { ok: false, problem: 'calls_total has the value Infinity' }],
    [
      'fails with NaN in one of its series',
      'calls_total{to="a"} 3\ncalls_total{to="b"} NaN',
      { ok: false, problem: 'calls_total has the value NaN' },
    ],
    [
      'fails with a line that cannot be read',
      'calls_total{to="b"} 2\ncalls_total{to="a"} three',
      { ok: false, problem: 'calls_total cannot be read in line 2: "three" is no number' },
    ],
  ])('%s', (_, text, reading) => {
    expect(readMetrics(text, ['calls_total'])).toEqual(reading)
  })

  it('keeps the valid readings beside the failed ones', () => {
    expect(readMetrics('calls_total{to="a"} 3\nlag NaN\nother 1', ['calls_total', 'lag', 'gone'])).toEqual({
      ok: true,
      series: [ok(3)],
      unread: [
        { metric: 'lag', problem: 'has the value NaN' },
        { metric: 'gone', problem: 'is not in the answer' },
      ],
    })
  })
})
