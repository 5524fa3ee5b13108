import { describe, expect, it } from 'vitest'
import type { Issue } from '../../src/domain/issue.ts'
import { millis } from '../../src/domain/units.ts'
import { checkFit } from '../../src/files/fit.ts'
import { codesOf, type Edit, parseStock, parseStockTarget, REHEARSAL } from './stock.ts'

const FAILOVER = '        - failover: {from: psp-a, to: psp-b, within: 10s}\n'
const expecting = (alert: string): Edit => [FAILOVER, `${FAILOVER}        - alert: ${alert}\n`]
const others = (value: string): Edit => [
  '    - ledger: reconciled',
  `    - ledger: reconciled\n    - noOtherAlerts: ${value}`,
]

const parsed = (...edits: readonly Edit[]) => parseStock({ [REHEARSAL]: edits })

function whole(...edits: readonly Edit[]) {
  const result = parsed(...edits)
  if (!result.ok) throw new Error(JSON.stringify(result.issues))
  return result.value
}

describe('what is expected of alerts', () => {
  it('is that one fires, and resolves', () => {
    const { faults, expectations } = whole(
      expecting('{name: PspDown, labels: {severity: page}, firesWithin: 15s, resolvesWithin: 30s}'),
      others('{allow: [Watchdog]}'),
    )
    const alert = { alert: 'PspDown', labels: { severity: 'page' } }
    expect(faults[0]?.expect).toMatchObject([
      { kind: 'failover' },
      { kind: 'alerts', ...alert, withinMs: 15_000, at: { line: 31 } },
      { kind: 'resolves', ...alert, withinMs: 30_000, at: { line: 31 } },
      { kind: 'recovers' },
    ])
    expect(expectations.at(-1)).toMatchObject({ kind: 'no-other-alerts', allow: ['Watchdog'] })
  })

  it('is that no other fires, with or without exceptions', () => {
    for (const value of ['true', '{}', '{allow: []}'])
      expect(whole(others(value)).expectations.at(-1)).toMatchObject({ kind: 'no-other-alerts', allow: [] })
    expect(codesOf(parsed(others('false')))).toEqual(['wrong-type:36'])
  })

  it.each([
    ['a name', '{firesWithin: 15s}', 'missing-key:31'],
    ['a time', '{name: PspDown}', 'missing-key:31'],
    ['time in the run to fire', '{name: PspDown, firesWithin: 10m}', 'expectation-unobservable:31'],
    [
      'time in the run to resolve',
      '{name: PspDown, firesWithin: 15s, resolvesWithin: 10m}',
      'expectation-unobservable:31',
    ],
  ])('needs %s', (_, alert, code) => {
    expect(codesOf(parsed(expecting(alert)))).toEqual([code])
  })

  it('needs a Prometheus', () => {
    const target = parseStockTarget()
    if (!target.ok) throw new Error('the stock target is good')
    const lacking = (issues: readonly Issue[]) => issues.map(({ code, at }) => `${code}:${at.line}`)
    const rehearsal = whole(expecting('{name: PspDown, firesWithin: 15s}'))
    expect(lacking(checkFit(rehearsal, target.value))).toEqual(['no-prometheus:31'])
    expect(lacking(checkFit(whole(others('true')), target.value))).toEqual(['no-prometheus:36'])
    const server = { kind: 'url', url: 'http://prometheus' } as const
    const prometheus = { server, scrapeMs: millis(15_000), sources: {} }
    expect(checkFit(rehearsal, { ...target.value, prometheus })).toEqual([])
  })
})
