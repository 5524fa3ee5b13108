import { describe, expect } from 'vitest'
import type { ActiveAlert, AlertReaction, RuleHealth } from '../../src/domain/alert.ts'
import type { Evidence } from '../../src/domain/evidence.ts'
import type { Rehearsal } from '../../src/domain/rehearsal.ts'
import { millis, seconds } from '../../src/domain/units.ts'
import { evidence, rehearsal, secondAt, together } from '../support/evidence.ts'
import { causesOf, sentenceOf } from '../support/judged.ts'
import { it, judge } from '../support/reviewed.ts'

const at = { file: 'a.yaml', line: 9, column: 1 }
/** The stock fault is created at 65.1 s, injected at 65.4 s and healed at 90.3 s; the load ends at 160 s. */
const fires: AlertReaction = {
  kind: 'alerts',
  alert: 'PspDown',
  labels: { severity: 'page' },
  withinMs: seconds(20),
  at,
}
const resolves: AlertReaction = { ...fires, kind: 'resolves', withinMs: seconds(20) }

function withAlerts(expected: readonly AlertReaction[], others?: readonly string[]): Rehearsal {
  const [fault, ...rest] = rehearsal.faults
  if (fault === undefined) throw new Error('the stock run has a fault')
  const noOthers = others === undefined ? [] : [{ kind: 'no-other-alerts', allow: others, at } as const]
  return {
    ...rehearsal,
    faults: [{ ...fault, expect: [...fault.expect, ...expected] }, ...rest],
    expectations: [...rehearsal.expectations, ...noOthers],
  }
}

type Now = { readonly active?: readonly ActiveAlert[]; readonly rule?: Partial<RuleHealth> } | 'unreadable'
/** Alerts read every two seconds, from five seconds before the load. */
function reads(now: (second: number) => Now): Evidence[] {
  return Array.from({ length: 84 }, (_, index): Evidence => {
    const second = -5 + index * 2
    const shown = now(second)
    const head = { kind: 'alerts-read', at: secondAt(second) } as const
    if (shown === 'unreadable') return { ...head, ok: false, problem: 'answered 503' }
    const rule = { alert: 'PspDown', health: 'ok', evaluatedAt: secondAt(second - 1), ...shown.rule }
    return { ...head, ok: true, active: shown.active ?? [], rules: [rule] }
  })
}

const psp = (
  state: ActiveAlert['state'] = 'firing',
  labels = { severity: 'page', psp: 'a' },
  since = 66,
): ActiveAlert => ({
  alert: 'PspDown',
  labels,
  state,
  activeAt: secondAt(since),
})
const watchdog: ActiveAlert = { alert: 'Watchdog', labels: {}, state: 'firing', activeAt: secondAt(-900) }
/** What is read while it fires. */
const between = (from: number, to: number, active: ActiveAlert) => (second: number) =>
  second >= from && second < to ? { active: [active] } : {}

const judged = (expected: readonly AlertReaction[], now: (second: number) => Now, others?: readonly string[]) =>
  judge(together(evidence({ rehearsal: withAlerts(expected, others) }), reads(now)))

describe('an alert that a fault must cause', () => {
  it('holds when it fires and resolves in time', () => {
    const judgment = judged([fires, resolves], between(75, 97, psp()))
    expect(judgment.verdict.kind).toBe('pass')
    expect(judgment.faults[0]?.reactions.map(({ sentence }) => sentence)).toEqual([
      expect.stringMatching(/^PspDown fired 9\.6 s after .* \(20\.0 s were allowed\)\.$/),
      expect.stringMatching(/^PspDown resolved 6\.7 s after .* was healed \(20\.0 s were allowed\)\.$/),
    ])
    expect(judgment.alerts?.fired).toMatchObject([
      { alert: 'PspDown', is: 'expected', firedAt: secondAt(75), resolvedAt: secondAt(97) },
    ])
  })

  it.each<[string, readonly AlertReaction[], (second: number) => Now, string, RegExp]>([
    ['that never fires is missing', [fires], () => ({}), 'alert-missing', /did not fire .* it was never active/],
    [
      'that stays pending is missing',
      [fires],
      between(70, 90, psp('pending')),
      'alert-missing',
      /it was pending when that was over/,
    ],
    [
      'with other labels is missing',
      [fires],
      between(70, 90, psp('firing', { severity: 'info', psp: 'a' })),
      'alert-missing',
      /did not fire/,
    ],
    ['that fires too late is late', [fires], between(95, 120, psp()), 'alert-late', /fired 29\.6 s after/],
    ['that goes on is not resolved', [resolves], between(75, 900, psp()), 'alert-unresolved', /still firing/],
    [
      'that resolves too late is not resolved',
      [resolves],
      between(75, 125, psp()),
      'alert-unresolved',
      /resolved 34\.7 s after/,
    ],
  ])('%s', (_, expected, now, cause, sentence) => {
    const judgment = judged(expected, now)
    expect(judgment.verdict.kind).toBe('fail')
    expect(causesOf(judgment)).toContain(cause)
    expect(judgment.findings.find((each) => each.cause === cause)?.sentence).toMatch(sentence)
  })

  const unreadable = (from: number, to: number, otherwise: (second: number) => Now) => (second: number) =>
    second >= from && second < to ? ('unreadable' as const) : otherwise(second)

  it.each<[string, readonly AlertReaction[], (second: number) => Now, RegExp]>([
    ['it was firing before', [fires], between(40, 90, psp()), /was already firing before .* proves nothing/],
    [
      'it was pending before',
      [fires],
      (second) => ({ active: second < 60 ? [] : [psp(second < 70 ? 'pending' : 'firing', undefined, 58)] }),
      /was already pending before/,
    ],
    [
      'nothing was read before',
      [fires],
      unreadable(-5, 70, () => ({})),
      /It is not known whether PspDown was firing before .*: answered 503/,
    ],
    [
      'nothing was read in its time',
      [fires],
      unreadable(66, 100, () => ({})),
      /It is not known whether PspDown fired: alerts could not be read all the time: answered 503/,
    ],
    [
      'it fired after a gap in which its time ended',
      [fires],
      unreadable(68, 100, between(100, 120, psp())),
      /It is not known when PspDown fired/,
    ],
    [
      'its rule could not be evaluated',
      [fires],
      () => ({ rule: { health: 'err', problem: 'no such label' } }),
      /its rule could not be evaluated \(no such label\)/,
    ],
    [
      'its rule was not evaluated',
      [fires],
      () => ({ rule: { evaluatedAt: secondAt(1) } }),
      /its rule was not evaluated in that time/,
    ],
    ['it never fired, and so did not resolve', [resolves], () => ({}), /was not seen firing after/],
    ['nothing was ever read', [fires, resolves], () => 'unreadable', /is not known/],
    [
      'the run ended before its time',
      [{ ...fires, withinMs: millis(300_000) }],
      () => ({}),
      /The run ended before PspDown had to fire/,
    ],
  ])('is inconclusive when %s', (_, expected, now, sentence) => {
    const judgment = judged(expected, now)
    expect(judgment.verdict.kind).toBe('inconclusive')
    expect(judgment.exitCode).toBe(3)
    expect(judgment.findings.filter(({ weight }) => weight === 'breach')).toEqual([])
    expect(judgment.findings.some((each) => sentence.test(each.sentence))).toBe(true)
  })

  it('still fires in time when one reading failed', () => {
    const now = unreadable(73, 75, between(75, 97, psp()))
    expect(judged([fires, resolves], now).verdict.kind).toBe('pass')
  })
})

describe('other alerts', () => {
  it('fail the run, each with its labels and its time', () => {
    const judgment = judged(
      [fires],
      (second) => ({
        active: [
          ...(second >= 75 && second < 97 ? [psp()] : []),
          ...(second >= 101 ? [{ ...watchdog, alert: 'DiskFull' }] : []),
        ],
      }),
      [],
    )
    expect(judgment.verdict.kind).toBe('fail')
    expect(sentenceOf(judgment, 'alert-unexpected')).toBe(
      'DiskFull fired 101.0 s after the load started, and nobody expected it.',
    )
    expect(judgment.alerts?.others?.held).toBe(false)
  })

  it.each<[string, readonly string[], (second: number) => Now]>([
    ['are expected of a fault', [], between(75, 97, psp())],
    [
      'are allowed',
      ['Watchdog'],
      (second) => (second > 20 ? { active: [watchdog, ...(second >= 75 && second < 97 ? [psp()] : [])] } : {}),
    ],
    [
      'were firing before the load',
      [],
      (second) => ({ active: [watchdog, ...(second >= 75 && second < 97 ? [psp()] : [])] }),
    ],
  ])('do not fail it when they %s', (_, allow, now) => {
    expect(judged([fires], now, allow).verdict.kind).toBe('pass')
  })

  it.each<[string, (second: number) => Now]>([
    ['before the load', (second) => (second <= 0 ? 'unreadable' : between(75, 97, psp())(second))],
    ['for a while', (second) => (second > 110 && second < 140 ? 'unreadable' : between(75, 97, psp())(second))],
  ])('are not known when nothing was read %s', (_, now) => {
    const judgment = judged([fires], now, [])
    expect(judgment.verdict.kind).toBe('inconclusive')
    expect(sentenceOf(judgment, 'no-evidence')).toMatch(/It is not known whether other alerts fired/)
  })

  it('are not looked for where nobody asks', () => {
    expect(judge(evidence()).alerts).toBeUndefined()
  })
})
