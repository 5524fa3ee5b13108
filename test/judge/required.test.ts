import { describe, expect } from 'vitest'
import type { Evidence } from '../../src/domain/evidence.ts'
import type { RequiredState } from '../../src/domain/required-state.ts'
import { perSecond } from '../../src/domain/units.ts'
import {
  place as at,
  evidence,
  healthy,
  rehearsal,
  type Story,
  scrapes,
  secondAt,
  together,
} from '../support/evidence.ts'
import { causesOf, sentenceOf } from '../support/judged.ts'
import { it, judge } from '../support/reviewed.ts'

const requiring = (...reaches: readonly RequiredState[]) => ({ ...rehearsal, reaches })
const queue: RequiredState = {
  kind: 'gauge',
  of: 'broker',
  metric: 'waiting',
  where: {},
  pods: 'max',
  atLeast: 100,
  at,
}
const inPeak = { ...queue, phase: 'promo peak' } as const
const waiting = (value: (second: number) => number, pod = 'broker-0') => scrapes('broker', pod, 'waiting', value)
const told = (state: RequiredState, more: readonly Evidence[], story: Partial<Story> = {}) =>
  judge(together(evidence({ ...story, rehearsal: requiring(state) }), more))
const failing =
  (from: number, to: number) =>
  (record: Evidence): Evidence =>
    record.kind === 'sample' && record.at >= secondAt(from) && record.at < secondAt(to)
      ? { kind: 'sample', at: record.at, source: record.source, pod: record.pod, ok: false, problem: 'time-out' }
      : record

describe('a gauge that must be reached', () => {
  it('passes the run when it was reached, and says when and with which value', () => {
    const judgment = told(
      queue,
      waiting((s) => (s >= 70 && s < 80 ? 130 : 20)),
    )
    expect(judgment.verdict.kind).toBe('pass')
    expect(judgment.reached).toEqual([
      {
        state: 'waiting of broker',
        goal: '100 or more',
        held: true,
        at: secondAt(70.2),
        afterMs: 70_200,
        shown: '130',
      },
    ])
  })

  it('makes the run inconclusive when it was not reached, because the run was too easy', () => {
    const judgment = told(
      queue,
      waiting((s) => (s === 70 ? 99 : 20)),
    )
    expect(judgment.verdict.kind).toBe('inconclusive')
    expect(judgment.exitCode).toBe(3)
    expect(causesOf(judgment)).toEqual(['state-not-reached'])
    expect(sentenceOf(judgment, 'state-not-reached')).toBe(
      'The rehearsal was too easy: waiting of broker never reached 100 or more. The nearest was 99, 70.2 s after the load started.',
    )
    expect(judgment.findings[0]?.next).toMatch(/^Raise the load/)
  })

  it.each<[string, RequiredState, readonly Evidence[]]>([
    ['it was not read', queue, []],
    ['many readings failed', queue, waiting(() => 20).map(failing(60, 90))],
    ['every reading of its phase failed', inPeak, waiting(() => 130).map(failing(25, 130))],
    ['no value was a number', queue, waiting(() => Number.NaN)],
  ])('is unknown where %s, so the run neither passes nor is called too easy', (_, state, more) => {
    const judgment = told(state, more)
    expect(judgment.verdict.kind).toBe('inconclusive')
    expect([...new Set(causesOf(judgment))]).toEqual(['no-evidence'])
    expect(judgment.reached?.[0]?.held).toBe(false)
  })

  it.each<[string, number, string[]]>([
    ['before the phase', 10, ['state-not-reached']],
    ['in the phase', 40, []],
    ['after the phase', 140, ['state-not-reached']],
  ])('in a phase is judged by the time when it is reached: %s', (_, second, causes) => {
    const judgment = told(
      inPeak,
      waiting((s) => (s >= second && s < second + 5 ? 130 : 20)),
    )
    expect(causesOf(judgment)).toEqual(causes)
  })

  it('counts as reached in a phase where it keeps the value that it had before', () => {
    const judgment = told(
      inPeak,
      waiting(() => 130),
    )
    expect(judgment.reached).toMatchObject([{ held: true, afterMs: 25_000 }])
  })

  it('does not make a stopped run too easy', () => {
    const stop = { lasts: 60, outcome: 'stopped', stop: { by: 'operator', reason: 'Ctrl-C' } } as const
    expect(causesOf(told(inPeak, waiting(() => 20).slice(0, 60), stop))).not.toContain('state-not-reached')
  })
})

describe('a rate that must be reached', () => {
  const rate: RequiredState = {
    kind: 'rate',
    of: 'broker',
    metric: 'taken_total',
    where: {},
    atLeast: perSecond(50),
    at,
  }
  const taken = (value: (second: number) => number) => scrapes('broker', 'broker-0', 'taken_total', value)

  it.each<[string, (second: number) => number, string[]]>([
    ['over five seconds is reached', (s) => (s < 70 ? 10 * s : s < 80 ? 700 + 60 * (s - 70) : 1300), []],
    ['for only one second is not reached', (s) => 10 * s + (s > 70 ? 100 : 0), ['state-not-reached']],
    ['by counts from before the run is not reached', (s) => 1_000_000 + s, ['state-not-reached']],
  ])('%s', (_, value, causes) => {
    expect(causesOf(told(rate, taken(value)))).toEqual(causes)
  })

  it('is not reached by what a pod had counted before its first reading', () => {
    const hidden = [...scrapes('broker', 'broker-0', 'taken_total', (s) => s)]
    const late = scrapes('broker', 'broker-1', 'taken_total', (s) => 5000 + s).slice(60)
    const judgment = told(rate, together(hidden, late))
    expect(judgment.verdict.kind).toBe('inconclusive')
    expect(judgment.reached?.[0]?.held).toBe(false)
  })
})

describe('an autoscaler that must reach its maximum', () => {
  const maximum: RequiredState = { kind: 'at-maximum', autoscaler: 'payments-api', at }
  const wanting = (desired: (second: number) => number): Partial<Story> => ({
    hpa: (s) => ({ desired: desired(s), metrics: healthy.hpa(s)?.metrics ?? [] }),
  })

  it('has reached it when it wants as many pods as it may have', () => {
    const judgment = told(
      maximum,
      [],
      wanting((s) => (s > 30 ? 6 : 2)),
    )
    expect(causesOf(judgment)).toEqual([])
    expect(judgment.reached).toMatchObject([{ state: 'autoscaler payments-api', held: true, shown: '6 of 6 pods' }])
  })

  it('has not reached it when it wants one pod less', () => {
    const judgment = told(
      maximum,
      [],
      wanting((s) => (s > 30 ? 5 : 2)),
    )
    expect(causesOf(judgment)).toEqual(['state-not-reached'])
    expect(sentenceOf(judgment, 'state-not-reached')).toMatch(/The nearest was 5 of 6 pods/)
  })

  it('is unknown when it was never seen', () => {
    expect(causesOf(told({ ...maximum, autoscaler: 'another' }, []))).toEqual(['no-evidence'])
  })
})

describe('a rehearsal that requires no state', () => {
  it('has no required states in its judgment', () => {
    expect(judge(evidence()).reached).toBeUndefined()
  })
})

describe('a load that crashed', () => {
  it('explains that a state was not reached', () => {
    const judgment = told(
      queue,
      waiting(() => 5),
      { outcome: 'crashed' },
    )
    const easy = judgment.findings.find(({ cause }) => cause === 'state-not-reached')
    expect(easy?.follows?.cause).toBe('load-crashed')
  })
})
