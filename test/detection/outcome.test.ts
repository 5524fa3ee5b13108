import { describe, expect, it } from 'vitest'
import { rule, type Seeded, type Trial } from './outcome.ts'
import { detectionPage } from './page.ts'
import { isMeasured, isWanted, rowsOf, tasksOf } from './tasks.ts'

const seeded: Seeded = {
  defect: 'no-failover',
  trap: 'one provider',
  rehearsal: 'canary',
  platform: [],
  causes: ['failover-missing'],
}
const trial = (verdict: Trial['verdict'], found: readonly string[], of?: Seeded): Trial => ({
  rehearsal: 'canary',
  run: 'reports/x',
  exitCode: 1,
  verdict,
  found,
  ...(of ? { seeded: of } : {}),
})
const breach = (cause: 'root-writable' | 'failover-missing' | 'degrading', subject: string) =>
  ({ cause, subject, weight: 'breach' }) as const
const warning = { cause: 'degrading', subject: 'memory of gateway-6b-x2', weight: 'warning' } as const

describe('the rules of the matrix', () => {
  const posture: Seeded = { ...seeded, causes: ['root-writable'], about: 'promo' }
  const leak: Seeded = { ...seeded, causes: ['degrading'], about: 'gateway', warns: true }
  it.each<[string, Trial, string]>([
    ['a defect under its own cause is caught', trial('fail', ['slo-missed', 'failover-missing'], seeded), 'caught'],
    ['a defect that only misses an objective is not named', trial('fail', ['slo-missed'], seeded), 'unnamed'],
    ['a defect that passes is missed', trial('pass', [], seeded), 'missed'],
    ['a defect whose run gave no verdict is missed', trial('no verdict', [], seeded), 'missed'],
    [
      'a cause beside the expected one is a false cause',
      trial('fail', ['failover-missing', 'split-brain'], seeded),
      'false cause',
    ],
    [
      'a cause that follows from the defect is no false cause',
      trial('fail', ['failover-missing', 'recovery-late'], { ...seeded, also: ['recovery-late'] }),
      'caught',
    ],
    [
      'what a run says of itself is no false cause',
      trial('fail', ['failover-missing', 'slo-unproven', 'no-evidence'], seeded),
      'caught',
    ],
    [
      'a finding about its workload is its own',
      { ...trial('fail', ['root-writable'], posture), told: [breach('root-writable', 'casino/promo')] },
      'caught',
    ],
    [
      'a finding about another workload is not',
      { ...trial('fail', ['root-writable'], posture), told: [breach('root-writable', 'casino/profile')] },
      'unnamed',
    ],
    ['a warning catches a defect that only warns', { ...trial('pass', [], leak), told: [warning] }, 'caught'],
    [
      'a warning does not catch any other',
      { ...trial('pass', [], { ...leak, warns: false }), told: [warning] },
      'missed',
    ],
    ['a healthy run that passes is healthy', trial('pass', []), 'healthy'],
    ['a healthy run that fails is a false alarm', trial('fail', ['slo-missed']), 'false alarm'],
    [
      'a healthy run that names a cause is a false alarm even when inconclusive',
      trial('inconclusive', ['failover-missing']),
      'false alarm',
    ],
    [
      'lateness on a starved machine is no false alarm',
      trial('inconclusive', ['generator-starved', 'recovery-late']),
      'inconclusive',
    ],
    ['a healthy run on a starved machine proves nothing', trial('inconclusive', ['generator-starved']), 'inconclusive'],
    ['a healthy run without verdict proves nothing', trial('no verdict', []), 'inconclusive'],
  ])('%s', (_, given, ruling) => expect(rule(given)).toBe(ruling))
})

const second: Seeded = { ...seeded, defect: 'no-void', trap: 'a charge stays', together: 'a' }
const third: Seeded = { ...second, defect: 'hpa-on-cpu', trap: 'blind' }
const rows = rowsOf(
  [seeded, second, third, { ...seeded, defect: 'quota', rehearsal: 'other', meanwhile: 'quota' }],
  [{ name: 'stock', rehearsal: 'other', platform: ['x'] }],
  { times: 2 },
)

describe('the page', () => {
  const kept = {
    'no-failover': { ...trial('fail', ['failover-missing']), commit: 'abc', date: '2026-11-25', judgedAgainAt: 'def' },
    'no-void': { ...trial('pass', []), commit: 'abc', date: '2026-11-25' },
    'hpa-on-cpu': { ...trial('fail', ['failover-missing']), rehearsal: 'a former one' },
    'healthy: stock': { ...trial('pass', []), rehearsal: 'other', commit: 'def' },
  }
  const page = detectionPage(rows, kept)

  it('counts what was measured, and by which commit and on which day', () => {
    expect(page).toContain(
      '**2 of 4 seeded defects measured**: 1 caught under their own cause, 0 with a false cause, 0 not passed but named otherwise, 1 missed.',
    )
    expect(page).toContain('**1 of 2 healthy runs measured**: 1 passed, 0 inconclusive, 0 false alarms.')
    expect(page).toContain(
      '| caught | no-failover | one provider | canary | `failover-missing` | `failover-missing` | fail | abc, 2026-11-25, judged def |',
    )
  })

  it('claims nothing for rows that were not measured, or by another rehearsal', () => {
    expect(page).toContain('| not measured | hpa-on-cpu | blind | canary | `failover-missing` | - | - | - |')
    expect(page).toContain('| not measured | quota |')
    expect(page).toContain('| not measured | stock (2) | other |')
  })

  it('leaves out of a resumed run what was measured at a recent commit', () => {
    const left = (recent: string) =>
      rows.filter((row) => !isMeasured(row, kept, { isRecent: (commit) => commit === recent })).map(({ id }) => id)
    expect(left('abc')).toEqual(['hpa-on-cpu', 'quota', 'healthy: stock', 'healthy: stock (2)'])
    expect(left('def')).toEqual(['no-failover', 'no-void', 'hpa-on-cpu', 'quota', 'healthy: stock (2)'])
  })
})

describe('runs', () => {
  it('are shared by rows that are seeded together, and ordered by platform and rehearsal', () => {
    expect(tasksOf(rows).map(({ rows: those, overlays }) => [those.map(({ id }) => id), overlays])).toEqual([
      [['no-failover'], ['test/canary/defects/no-failover']],
      [
        ['no-void', 'hpa-on-cpu'],
        ['test/canary/defects/no-void', 'test/canary/defects/hpa-on-cpu'],
      ],
      [['quota'], []],
      [['healthy: stock'], ['x']],
      [['healthy: stock (2)'], ['x']],
    ])
  })

  it.each<[string, readonly string[]]>([
    ['quota', ['quota']],
    ['other', ['quota', 'healthy: stock', 'healthy: stock (2)']],
    ['healthy', ['healthy: stock', 'healthy: stock (2)']],
    ['defects', ['no-failover', 'no-void', 'hpa-on-cpu', 'quota']],
  ])('are chosen by "%s"', (word, ids) =>
    expect(rows.filter((row) => isWanted(row, [word])).map(({ id }) => id)).toEqual(ids),
  )
})
