import { describe, expect, it } from 'vitest'
import type { Evidence } from '../../src/domain/evidence.ts'
import { judge } from '../../src/judge/judge.ts'
import { evidence, rehearsal } from '../support/evidence.ts'
import { told, withRehearsal } from '../support/judged.ts'

describe('a healthy run', () => {
  it('passes with every objective proven, the fault witnessed and the money reconciled', () => {
    const judgment = told()
    expect(judgment.findings).toEqual([])
    expect(judgment.verdict).toEqual({ kind: 'pass', warnings: [] })
    expect(judgment.exitCode).toBe(0)
    expect(judgment.slos.map((slo) => [slo.sli, slo.state])).toEqual([
      ['login', 'proven'],
      ['deposit', 'proven'],
      ['api', 'proven'],
      ['ws-rtt', 'proven'],
    ])
    expect(judgment.faults[0]).toMatchObject({
      state: 'proven',
      coverage: 1,
      failovers: [{ held: true }],
      recoveries: [{ held: true }],
    })
    expect(judgment.ledger).toMatchObject({ reconciled: true, settled: true })
    expect(judgment.generator).toMatchObject({ trusted: true, due: 18224, ran: 18226, dropped: 0, missing: 0 })
  })

  it('says in one sentence why', () => {
    const judgment = told()
    expect(judgment.summary).toBe(
      'Every objective is proven (login 100 %, deposit 100 %, api p95 41 ms and ws-rtt p95 41 ms), while psp-a down was proven to take effect.',
    )
  })

  it('says in one sentence that several faults were proven', () => {
    const faults = rehearsal.faults.flatMap((fault) => [fault, { ...fault, name: 'twin' }])
    const records = evidence({ rehearsal: withRehearsal({ faults }) })
    const twice = records.flatMap((each): readonly Evidence[] =>
      each.kind === 'fault-step' ? [each, { ...each, fault: 'twin' }] : [each],
    )
    expect(judge(twice).summary).toMatch(/while psp-a down and twin were proven to take effect\.$/)
  })

  it('splits counts by phase and by the real times of the fault, and the phases add up to the total', () => {
    const judgment = told()
    const deposit = judgment.slos.find((slo) => slo.sli === 'deposit')
    expect(deposit?.windows.map(({ name, kind, fromMs, toMs }) => [name, kind, fromMs, toMs])).toEqual([
      ['baseline', 'phase', 0, 25_000],
      ['promo peak', 'phase', 25_000, 125_000],
      ['recovery', 'phase', 125_000, 160_000],
      ['psp-a down', 'fault', 65_400, 90_300],
    ])
    const phases = deposit?.windows.filter((each) => each.kind === 'phase') ?? []
    expect(phases.reduce((sum, { counts }) => sum + counts.attempts, 0)).toBe(deposit?.whole.attempts)
  })

  it('shows the reaction of the autoscaler step by step', () => {
    const judgment = told()
    expect(judgment.autoscalers[0]?.steps.map(({ name, held }) => [name, held])).toEqual([
      ['over-target', true],
      ['decided', true],
      ['scheduled', true],
      ['ready', true],
    ])
    expect(judgment.autoscalers[0]).toMatchObject({ peakDesired: 6, peakReady: 6, held: true })
  })

  it('still passes with unknown operations if the books tell their outcome', () => {
    const unknown = { deposit: { asked: 4, committed: 3 }, bet: { asked: 2, committed: 0 } }
    const { verdict, ledger } = told({ unknown })
    expect(verdict.kind).toBe('pass')
    expect(ledger?.operations[1]).toMatchObject({
      operation: 'deposit',
      client: { unknown: 4 },
      books: [
        { book: 'wallet', unknownCommitted: 3, agrees: true },
        { book: 'psp-a', agrees: true },
        { book: 'psp-b' },
      ],
    })
  })
})
