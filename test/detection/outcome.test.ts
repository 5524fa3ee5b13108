import { describe, expect, it } from 'vitest'
import { rule, type Seeded, type Trial } from './outcome.ts'
import { detectionPage } from './page.ts'

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

describe('the rules of the matrix', () => {
  it.each([
    ['a defect under its own cause is caught', trial('fail', ['slo-missed', 'failover-missing'], seeded), 'caught'],
    ['a defect that only misses an objective is not named', trial('fail', ['slo-missed'], seeded), 'unnamed'],
    ['a defect that passes is missed', trial('pass', [], seeded), 'missed'],
    ['a defect whose run gave no verdict is missed', trial('no verdict', [], seeded), 'missed'],
    ['a healthy run that passes is healthy', trial('pass', []), 'healthy'],
    ['a healthy run that fails is a false alarm', trial('fail', ['slo-missed']), 'false alarm'],
    [
      'a healthy run that names a cause is a false alarm even when inconclusive',
      trial('inconclusive', ['failover-missing']),
      'false alarm',
    ],
    [
      'what a starved machine makes late is no false alarm',
      trial('inconclusive', ['generator-starved', 'recovery-late']),
      'inconclusive',
    ],
    ['a healthy run on a starved machine proves nothing', trial('inconclusive', ['generator-starved']), 'inconclusive'],
    ['a healthy run without verdict proves nothing', trial('no verdict', []), 'inconclusive'],
  ])('%s', (_, given, ruling) => expect(rule(given)).toBe(ruling))
})

it('the page counts what is below it', () => {
  const page = detectionPage(
    [
      { ...trial('fail', ['failover-missing'], seeded), commit: 'abc', seconds: 70, judgedAgainAt: 'def' },
      { ...trial('pass', [], seeded), commit: 'abc', seconds: 110 },
      { ...trial('pass', []), commit: 'def', seconds: 60 },
    ],
    { date: '2026-11-25', cores: 2, missing: ['no-void'] },
  )
  expect(page).toContain('Not run: no-void.')
  expect(page).toContain('in 4 min; runs: 2 at abc, 1 at def; judged again from their evidence: 1 at def.')
  expect(page).toContain('**1 of 2 defects caught under their own cause**, 0 not passed but named otherwise, 1 missed;')
  expect(page).toContain('1 healthy runs: 1 passed, 0 inconclusive, 0 false alarms.')
  expect(page).toContain(
    '| caught | no-failover | one provider | canary | `failover-missing` | `failover-missing` | fail |',
  )
})
