import { describe, expect } from 'vitest'
import type { Evidence } from '../../src/domain/evidence.ts'
import { instant, millis, ratio } from '../../src/domain/units.ts'
import type { Judgment } from '../../src/domain/verdict.ts'
import { createJudging } from '../../src/judge/judge.ts'
import { evidence, type Story, secondAt, toBad, without } from '../support/evidence.ts'
import { causesOf, told } from '../support/judged.ts'
import { it, judge } from '../support/reviewed.ts'

describe('a run that did not go as planned', () => {
  const stopped = (by: 'operator' | 'guardrail' | 'failure', changes: Partial<Story> = {}): Judgment =>
    told({ lasts: 60, outcome: 'stopped', stop: { by, reason: 'the operator asked to stop' }, ...changes })

  it('is aborted when the operator stops it, and missing parts are gaps', () => {
    const judgment = stopped('operator')
    expect(judgment.verdict).toMatchObject({ kind: 'aborted', by: 'operator', at: secondAt(59.9) })
    expect(judgment.exitCode).toBe(4)
    expect(judgment.summary).toBe('Stopped by the operator.')
    expect(causesOf(judgment, 'breach')).toEqual([])
    expect(causesOf(judgment)).toContain('fault-unproven')
  })

  it('is aborted when a guardrail trips', () => {
    const trip: Evidence = {
      kind: 'guardrail-tripped',
      at: secondAt(59),
      id: 'deposit-90',
      sli: 'deposit',
      measured: ratio(0.8),
      below: ratio(0.9),
      forMs: millis(10_000),
    }
    const records = evidence({
      lasts: 60,
      outcome: 'stopped',
      stop: { by: 'guardrail', reason: 'guardrail deposit-90: deposit at 80 %' },
    })
    expect(judge([...records, trip])).toMatchObject({
      verdict: { kind: 'aborted', by: 'deposit-90' },
      summary: 'Stopped by guardrail deposit-90: deposit at 80 %.',
    })
  })

  it('by a guardrail on a starved machine has one finding: the machine', () => {
    const story: Partial<Story> = {
      lasts: 60,
      outcome: 'stopped',
      stop: { by: 'guardrail', reason: 'guardrail deposit-90: deposit at 80 %' },
      steps: [],
    }
    const trip = { kind: 'guardrail-tripped', at: secondAt(59), id: 'deposit-90', sli: 'deposit' } as const
    const tripped: Evidence = { ...trip, measured: ratio(0.8), below: ratio(0.9), forMs: millis(10_000) }
    const roots = (changes: Partial<Story>) =>
      judge([...evidence({ ...story, ...changes }), tripped]).findings.filter(({ follows }) => follows === undefined)
    const busy = roots({ health: () => ({ cpuCores: 0.8, hostBusy: 0.99 }) })
    expect(busy.filter(({ cause }) => cause !== 'no-evidence').map(({ cause }) => cause)).toEqual(['generator-starved'])
    // On a machine with enough to give, what stopped the run comes first.
    const fault = roots({}).find(({ cause }) => cause === 'fault-unproven')
    expect(fault?.sentence).toMatch(/ never began: the run was stopped before\.$/)
    expect(fault?.next).toBe('Fix what stopped the run, then run it again.')
  })

  it('fails only when an objective was already missed beyond doubt', () => {
    const bad = (each: number): Partial<Story> => ({
      load: (second, load) => second >= 50 && toBad(load.deposit, each),
    })
    // 0.15 % of 6,683 planned deposits are 10.
    expect(causesOf(stopped('guardrail', bad(2)), 'breach')).toEqual(['slo-missed'])
    expect(stopped('guardrail', bad(2)).verdict.kind).toBe('fail')
    expect(stopped('guardrail', bad(1)).verdict.kind).toBe('aborted')
    expect(causesOf(stopped('guardrail', bad(1)))).toContain('slo-unproven')
  })

  it('is inconclusive when a failure stopped it', () => {
    const judgment = stopped('failure')
    expect(judgment.verdict.kind).toBe('inconclusive')
    expect(causesOf(judgment)[0]).toBe('run-stopped')
  })

  it('is inconclusive when k6 crashed, and says that money is unknown', () => {
    const judgment = told({ lasts: 100, outcome: 'crashed' })
    expect(judgment.verdict.kind).toBe('inconclusive')
    expect(causesOf(judgment)).toEqual(['load-crashed', 'ledger-unproven', 'ledger-unproven'])
  })

  it('is inconclusive when the load never started', () => {
    const records = without(
      evidence(),
      'load-started',
      'load-ended',
      'load-frame',
      'generator-health',
      'fault-step',
      'sample',
    )
    const judgment = judge(records)
    expect(judgment.verdict.kind).toBe('inconclusive')
    expect(causesOf(judgment)[0]).toBe('load-missing')
  })

  it('is incomplete when its journal ends early', () => {
    const records = evidence()
    const judgment = judge(records.slice(0, 700))
    expect(judgment.verdict.kind).toBe('inconclusive')
    expect(causesOf(judgment)).toContain('run-incomplete')
  })

  it('ends with exit code 6 when something was not undone, whatever the verdict', () => {
    const left = { what: 'NetworkChaos psp-down', where: 'casino', next: 'matchday heal' }
    const judgment = told({ residue: [left], healed: false })
    expect(judgment).toMatchObject({ healed: false, exitCode: 6, verdict: { kind: 'inconclusive' } })
    expect(told({ residue: [left], load: (_, load) => toBad(load.login, 3) })).toMatchObject({
      exitCode: 6,
      verdict: { kind: 'fail' },
    })
    expect(judge(without(evidence(), 'undo-done'))).toMatchObject({ healed: false, exitCode: 6 })
  })

  it('counts as healed when a later heal undid what a killed run left', () => {
    const killed = evidence().filter((record) => record.at < secondAt(80))
    expect(judge(killed)).toMatchObject({ healed: false, exitCode: 6 })
    const done: Evidence = {
      kind: 'undo-done',
      at: secondAt(200),
      id: 'psp-down-at-peak-1/psp-down',
      by: 'heal',
      outcome: 'undone',
    }
    expect(judge([...killed, done])).toMatchObject({ healed: true, exitCode: 3 })
  })

  it.each<[string, Evidence[], string]>([
    [
      'lost evidence',
      [...evidence(), { kind: 'evidence-lost', at: instant(0), about: 'watch of pods', problem: 'broke' }],
      'evidence-lost',
    ],
    ['a missing audit', without(evidence(), 'residue'), 'no-evidence'],
    [
      'a hole of 8 s in the frames',
      evidence().filter((r) => r.kind !== 'load-frame' || r.at < secondAt(100) || r.at > secondAt(108)),
      'evidence-lost',
    ],
  ])('is inconclusive by %s', (_, records, cause) => {
    expect(causesOf(judge(records))).toEqual([cause])
  })

  it('tolerates one lost frame, because counts are cumulative', () => {
    const records = evidence().filter((r) => r.kind !== 'load-frame' || r.at < secondAt(100) || r.at > secondAt(101))
    expect(judge(records).verdict.kind).toBe('pass')
  })

  it('cannot be judged without its first record', () => {
    expect(() => judge(evidence().slice(1))).toThrow('run-started')
    expect(() => createJudging().result()).toThrow('run-started')
  })
})
