import { describe, expect } from 'vitest'
import { daysLeft } from '../../src/domain/acceptance.ts'
import type { Evidence } from '../../src/domain/evidence.ts'
import { acceptance, accepting } from '../support/accepting.ts'
import { evidence, rehearsal, secondAt, toBad, together } from '../support/evidence.ts'
import { everything } from '../support/evidence-everything.ts'
import { listed, workload } from '../support/evidence-posture.ts'
import { causesOf } from '../support/judged.ts'
import { it, judge } from '../support/reviewed.ts'

/** The autoscaler never follows: one breach. */
const late = (): Evidence[] =>
  evidence({ hpa: () => ({ desired: 2, metrics: [{ metric: 'Pods/rps_per_pod', target: 12, value: 20 }] }) })
const [cause, subject] = ['autoscaler-late', 'payments-api'] as const
/** Judged by each test, and not when this file is loaded: tests are repeated for each mutant, and files are not (ADR 40). */
const all = () => judge(late()).findings.map((each) => acceptance(each.cause))
const judged = (...acceptances: Parameters<typeof accepting>[1][]) => judge(accepting(late(), ...acceptances))

describe('a run whose findings are all accepted', () => {
  it('passes, and names the accepted findings, who accepted them, and until when', () => {
    expect(judge(late()).findings).toMatchObject([{ weight: 'breach', cause, subject }])
    const judgment = judged(...all())
    expect(judgment.verdict.kind).toBe('pass')
    expect(judgment.exitCode).toBe(0)
    expect(judgment.summary).toMatch(/^Passes with \d accepted findings? \(.* by team-payments until 2026-12-30/)
    expect(judgment.summary).toContain('Every objective is proven')
  })

  it('keeps the findings, with the person, the reason and the end date', () => {
    const judgment = judged(...all())
    const [found] = judgment.findings.filter((each) => each.cause === cause)
    expect(found).toMatchObject({
      weight: 'accepted',
      subject,
      acceptance: { owner: 'team-payments', until: '2026-12-30', daysLeft: 100 },
    })
    expect(found?.sentence).toBe(
      `${judge(late()).findings[0]?.sentence} Accepted by team-payments until 2026-12-30: the new metric comes with PLAY-412.`,
    )
    expect(judgment.verdict).toMatchObject({ accepted: [expect.objectContaining({ cause })] })
  })

  it('shows a missed objective as not proven', () => {
    const slow = evidence({ load: (second, load) => second > 95 && second < 120 && toBad(load.login, 9) })
    const causes = judge(slow).findings.map((each) => acceptance(each.cause))
    expect(judge(accepting(slow, ...causes)).summary).toMatch(/\. 3 of 4 objectives are proven \(deposit/)
  })
})

describe('an acceptance', () => {
  it.each([
    ['the subject itself', subject, 'accepted'],
    ['another subject', 'wallet', 'breach'],
    ['a prefix of the name', subject.slice(0, 4), 'breach'],
    ['no subject, so every finding of the cause', undefined, 'accepted'],
  ])('about %s changes the finding only if it matches', (_, about, weight) => {
    const judgment = judged(acceptance(cause, about === undefined ? {} : { about }))
    expect(judgment.findings.find((each) => each.cause === cause)?.weight).toBe(weight)
  })

  it('about a namespace covers its objects', () => {
    const expectations = [
      ...rehearsal.expectations,
      { kind: 'posture', namespaces: ['casino'], wants: ['redundancy'], at: rehearsal.load.at } as const,
    ]
    const lonely = { Workload: [workload('wallet', { replicas: 1 })] }
    const records = together(evidence({ rehearsal: { ...rehearsal, expectations } }), listed(lonely))
    const found = judge(records).findings.filter((each) => each.cause === 'single-replica')
    expect(found.map((each) => each.subject)).toEqual(['casino/wallet'])
    const told = judge(accepting(records, acceptance('single-replica', { about: 'casino' }))).findings
    expect(told.find((each) => each.cause === 'single-replica')?.weight).toBe('accepted')
  })

  it('about a fault covers its reactions', () => {
    const found = judge(everything()).findings.find((each) => each.weight === 'breach' && each.subject.includes(': '))
    if (found === undefined) throw new Error('no finding about a reaction')
    const about = found.subject.split(': ')[0] ?? ''
    const told = judge(accepting(everything(), acceptance(found.cause, { about }))).findings
    expect(told.find((each) => each.subject === found.subject && each.cause === found.cause)?.weight).toBe('accepted')
  })

  it.each([
    ['on its last day', '2026-09-21', 'accepted', 'This ends on this day; then it fails the run again.'],
    ['a day before its end', '2026-09-22', 'accepted', 'This ends in 1 day; then'],
    ['two weeks before its end', '2026-10-05', 'accepted', 'This ends in 14 days; then'],
    [
      'a day after it',
      '2026-09-20',
      'breach',
      '(team-payments had accepted it until 2026-09-20; that expired 1 day before',
    ],
  ])('%s', (_, until, weight, words) => {
    const found = judged(acceptance(cause, { until })).findings.find((each) => each.cause === cause)
    expect(found?.weight).toBe(weight)
    expect(found?.sentence).toContain(words)
  })

  it('that ends in more than two weeks gives no warning', () => {
    const found = judged(acceptance(cause, { until: '2026-10-06' })).findings.find((each) => each.cause === cause)
    expect(found?.sentence).not.toContain('This ends')
  })

  it('that expired fails the run, and names who may accept the finding again', () => {
    const judgment = judged(...all().map((each) => ({ ...each, until: '2026-09-20' })))
    expect(judgment.verdict.kind).toBe('fail')
    expect(judgment.exitCode).toBe(1)
    expect(judgment.findings[0]?.next).toContain('Or let team-payments accept it again')
    expect(judgment.findings[0]?.acceptance?.daysLeft).toBe(-1)
  })

  it('that is valid outweighs one that expired', () => {
    const judgment = judged(acceptance(cause, { until: '2026-09-20' }), acceptance(cause, { about: subject }))
    expect(judgment.findings.find((each) => each.cause === cause)?.weight).toBe('accepted')
  })

  it('with an invalid date, as in an edited journal, accepts nothing', () => {
    expect(causesOf(judged(acceptance(cause, { until: 'never' })), 'breach')).toContain(cause)
  })
})

describe('what cannot be accepted', () => {
  it('is lost money', () => {
    const records = evidence({ books: (books) => void books['psp-b']?.deposit.push(1) })
    const plain = judge(records)
    const causes = plain.findings.map((each) => acceptance(each.cause))
    const judgment = judge(accepting(records, ...causes))
    expect(judgment.verdict.kind).toBe('fail')
    expect(causesOf(judgment, 'breach')).toEqual(causesOf(plain, 'breach'))
  })

  it('is harm that was not healed', () => {
    const records = evidence({ residue: [{ what: 'NetworkChaos', where: 'casino', next: '' }], healed: false })
    const judgment = judge(accepting(records, acceptance('not-healed')))
    expect(judgment.exitCode).toBe(6)
    expect(judgment.verdict.kind).toBe('inconclusive')
  })

  it('is missing evidence: the run stays inconclusive, and the finding says why', () => {
    // Starved, so that what a full machine can spoil is a gap.
    const records = evidence({
      hpa: () => ({ desired: 2, metrics: [{ metric: 'Pods/rps_per_pod', target: 12, value: 20 }] }),
      health: () => ({ cpuCores: 1.9, hostBusy: 1 }),
      lagMs: () => 900,
    })
    const plain = judge(records)
    expect(plain.verdict.kind).toBe('inconclusive')
    const judgment = judge(accepting(records, ...plain.findings.map((each) => acceptance(each.cause))))
    expect(judgment.verdict.kind).toBe('inconclusive')
    const gaps = judgment.findings.filter((each) => each.cause === cause)
    for (const gap of gaps) expect(gap.sentence).toContain('missing evidence cannot be')
    expect(gaps.length).toBeGreaterThan(0)
  })
})

describe('an acceptance that matched nothing', () => {
  const idle = acceptance('drain-missing', { about: 'wallet' })

  it('is listed in one warning with all others, by cause, subject, owner and line', () => {
    const judgment = judge(accepting(evidence(), idle, acceptance('retry-storm')))
    const found = judgment.findings.filter((each) => each.cause === 'acceptance-unused')
    expect(found.map(({ weight, sentence }) => [weight, sentence])).toEqual([
      [
        'warning',
        '2 accepted findings of targets/lab.yaml matched nothing in this run: drain-missing about wallet (team-payments, line 88) and retry-storm (team-payments, line 88).',
      ],
    ])
    expect(judgment.verdict.kind).toBe('pass')
  })

  it('is not reported for a run with gaps, because the finding may still exist', () => {
    const cut = evidence().slice(0, 800)
    expect(causesOf(judge(accepting(cut, idle)))).not.toContain('acceptance-unused')
  })

  it('is not reported for a run that was stopped', () => {
    const stop: Evidence = { kind: 'stop-requested', at: secondAt(160.1), by: 'operator', reason: 'Ctrl-C' }
    const judgment = judge(accepting(together(evidence(), [stop]), idle))
    expect(judgment.verdict).toMatchObject({ kind: 'aborted', gaps: [] })
    expect(causesOf(judgment)).not.toContain('acceptance-unused')
  })
})

describe('days left', () => {
  it.each([
    ['2026-09-21', '2026-09-21T00:00:00Z', 0],
    ['2026-09-21', '2026-09-21T23:59:59Z', 0],
    ['2026-09-21', '2026-09-22T00:00:00Z', -1],
    ['2026-09-22', '2026-09-21T23:59:59Z', 1],
    ['2028-03-01', '2028-02-28T12:00:00Z', 2],
  ])('until %s, at %s: %i', (until, at, days) => {
    expect(daysLeft(until, Date.parse(at))).toBe(days)
  })
})
