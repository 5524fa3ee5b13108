/** Accepted findings, words of findings, and the verdict. */
import { describe, expect } from 'vitest'
import type { Acceptance } from '../../src/domain/acceptance.ts'
import type { Cause } from '../../src/domain/causes.ts'
import type { Evidence } from '../../src/domain/evidence.ts'
import { ratio } from '../../src/domain/units.ts'
import type { Finding } from '../../src/domain/verdict.ts'
import { withAccepted } from '../../src/judge/findings/accepted.ts'
import { compare, finding } from '../../src/judge/findings/findings.ts'
import { listed, perSecondText } from '../../src/judge/findings/words.ts'
import { nothingJudged, summarise, verdictOf } from '../../src/judge/verdict/verdict.ts'
import { place as at } from '../support/evidence.ts'
import { it, noted } from '../support/reviewed.ts'
import { atMs, type SmallRun, seenIn } from '../support/small-run.ts'

const of = (weight: Finding['weight'], cause: Cause, subject = 'x'): Finding =>
  finding(weight, cause, subject, 'y', [1])
const run: SmallRun = { until: 60_000 }

describe('accepted findings', () => {
  const NOW = Date.parse('2026-11-30T12:00:00Z')
  const accept = (until: string, changes: Partial<Acceptance> = {}): Acceptance => ({
    cause: 'slo-missed',
    owner: 'Ana',
    reason: 'It is known.',
    until,
    at: { ...at, line: 7 },
    ...changes,
  })
  const told = (acceptances: readonly Acceptance[], findings = [of('breach', 'slo-missed')], complete = true) =>
    noted(withAccepted(findings, { acceptances, at: NOW, complete })).map(({ weight, cause }) => `${weight} ${cause}`)
  const unused = 'warning acceptance-unused'

  it.each<[string, () => readonly string[], readonly string[]]>([
    ['none', () => told([]), ['breach slo-missed']],
    ['on their last day', () => told([accept('2026-11-30')]), ['accepted slo-missed']],
    ['a day before it', () => told([accept('2026-12-01')]), ['accepted slo-missed']],
    ['two weeks before it', () => told([accept('2026-12-14')]), ['accepted slo-missed']],
    ['longer before it', () => told([accept('2026-12-15')]), ['accepted slo-missed']],
    ['a day later', () => told([accept('2026-11-29')]), ['breach slo-missed']],
    ['two days later', () => told([accept('2026-11-28')]), ['breach slo-missed']],
    [
      'by the one that holds longest',
      () => told([accept('2026-12-01'), accept('2026-12-30', { owner: 'Bob' }), accept('2026-12-02')]),
      ['accepted slo-missed'],
    ],
    ['at no date', () => told([accept('soon')]), ['breach slo-missed', unused]],
    ['of another cause', () => told([accept('2026-12-30', { cause: 'failover-late' })]), ['breach slo-missed', unused]],
    ['about their subject', () => told([accept('2026-12-30', { about: 'x' })]), ['accepted slo-missed']],
    ['about another subject', () => told([accept('2026-12-30', { about: 'y' })]), ['breach slo-missed', unused]],
    [
      'about a harm',
      () => told([accept('2026-12-30', { about: 'f' })], [of('breach', 'slo-missed', 'f: x')]),
      ['accepted slo-missed'],
    ],
    [
      'about a namespace',
      () => told([accept('2026-12-30', { about: 'n' })], [of('breach', 'slo-missed', 'n/x')]),
      ['accepted slo-missed'],
    ],
    ['that are gaps', () => told([accept('2026-12-30')], [of('gap', 'slo-missed')]), ['gap slo-missed']],
    [
      'that are about money',
      () => told([accept('2026-12-30', { cause: 'double-charge' })], [of('breach', 'double-charge')]),
      ['breach double-charge', unused],
    ],
    ['that did not occur', () => told([accept('2026-12-30')], []), [unused]],
    ['that did not occur in a run that was cut short', () => told([accept('2026-12-30')], [], false), []],
    [
      'that did not occur in a run with a gap',
      () => told([accept('2026-12-30')], [of('gap', 'unsettled')]),
      ['gap unsettled'],
    ],
    [
      'that did not occur: two of them',
      () =>
        told(
          [accept('2026-12-30', { about: 'y' }), accept('2026-12-30', { cause: 'failover-late', owner: 'Bob' })],
          [],
        ),
      [unused],
    ],
  ])('are %s', (_, is, expected) => expect(is()).toEqual(expected))
})

describe('words', () => {
  it.each([
    [() => listed(['a', 'b', 'c'], 2), 'a, b and 1 more'],
    [() => listed(['a', 'b'], 2), 'a and b'],
    [() => listed(['a'], 1), 'a'],
    [() => listed(['a', 'b'], 1), 'a and 1 more'],
    [() => perSecondText(1.25), '1.3/s'],
    [() => perSecondText(0), '0.0/s'],
  ])('%# are short', (is, expected) => expect(is()).toBe(expected))
  it('are compared by code units', () =>
    expect([compare('a', 'b'), compare('b', 'a'), compare('a', 'a')]).toEqual([-1, 1, 0]))
})

describe('a verdict', () => {
  const stop = (by: 'operator' | 'guardrail' | 'failure', reason = 'r'): Evidence => ({
    kind: 'stop-requested',
    at: atMs(5000),
    by,
    reason,
  })
  const trip = {
    kind: 'guardrail-tripped',
    at: atMs(4000),
    id: 'g',
    sli: 'x',
    measured: ratio(0),
    below: ratio(1),
    forMs: 1,
  } as never as Evidence
  const judged = (records: readonly Evidence[], ...findings: readonly Finding[]) => {
    const seen = seenIn(records, run)
    const verdict = noted(verdictOf(seen, findings))
    return noted(summarise(seen, verdict, [], []))
  }
  it.each<[string, () => string, string]>([
    ['of a guardrail', () => judged([trip, stop('guardrail')]), 'Stopped by guardrail g: r.'],
    ['of a guardrail that has no record', () => judged([stop('guardrail')]), 'Stopped by guardrail guardrail: r.'],
    [
      'of a guardrail that says so itself',
      () => judged([trip, stop('guardrail', 'guardrail g: 80 %')]),
      'Stopped by guardrail g: 80 %.',
    ],
    ['of a failure', () => judged([stop('failure')], of('gap', 'run-stopped')), 'y'],
    ['of an operator', () => judged([stop('operator')], of('gap', 'unsettled')), 'Stopped by the operator.'],
    ['of a breach in a run that was stopped', () => judged([stop('operator')], of('breach', 'slo-missed')), 'y'],
  ])('%s', (_, is, expected) => expect(is()).toBe(expected))
  it('of accepted findings names three of them', () => {
    const accepted = ['a', 'b', 'c', 'd'].map(
      (subject): Finding => ({
        ...of('accepted', 'slo-missed', subject),
        acceptance: { owner: 'Ana', reason: 'x', until: '2026-12-01', daysLeft: 1 },
      }),
    )
    expect(judged([], ...accepted)).toContain('4 accepted findings')
    expect(judged([], of('accepted', 'slo-missed'))).toContain('by somebody until some day')
  })
  it('is open where the rehearsal names no objective', () => {
    expect(noted(nothingJudged(seenIn([], { rehearsal: { slos: [] as never } })))).toHaveLength(1)
    expect(nothingJudged(seenIn([]))).toEqual([])
  })
})
