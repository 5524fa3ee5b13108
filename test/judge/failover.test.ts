import { describe, expect } from 'vitest'
import { evidence, healthySteps, type Story, toBad } from '../support/evidence.ts'
import { causesOf, told } from '../support/judged.ts'
import { it, judge } from '../support/reviewed.ts'

describe('failover', () => {
  const approvedB = (share: (second: number) => number): Partial<Story> => ({
    approved: (s) => (s > 65.4 && s <= 90 ? { a: 0, b: 55 * share(s) } : { a: s < 25 || s > 130 ? 22 : 55, b: 0 }),
  })

  it.each([
    ['at once', approvedB(() => 1), []],
    ['at 85 %', approvedB(() => 0.85), []],
    ['after 9 s', approvedB((s) => (s > 74 ? 1 : 0)), []],
    ['after 14 s is late', approvedB((s) => (s > 79 ? 1 : 0)), ['failover-late']],
    ['for a moment only is missing', approvedB((s) => (s > 70 && s < 71 ? 1 : 0.1)), ['failover-missing']],
    ['at 60 % is missing', approvedB(() => 0.6), ['failover-missing']],
    ['hardly ever is missing', approvedB(() => 0.1), ['failover-missing']],
  ] as const)('%s', (_, story, causes) => {
    const judgment = told(story)
    expect(causesOf(judgment)).toEqual(causes)
    expect(judgment.verdict.kind).toBe(causes.length === 0 ? 'pass' : 'fail')
  })

  it('cannot be seen without charges before the fault, or without scrapes', () => {
    expect(causesOf(told({ approved: (s) => (s < 60 ? { a: 0, b: 0 } : { a: 1, b: 0 }) }))).toContain(
      'failover-missing',
    )
    const blind = evidence().filter((record) => !(record.kind === 'sample' && record.source === 'payments-api'))
    expect(causesOf(judge(blind))).toEqual(['no-evidence'])
  })

  it('is not expected after a fault that took no effect', () => {
    expect(causesOf(told({ pspCalls: () => 30, approved: () => ({ a: 30, b: 0 }) }))).toEqual(['fault-unproven'])
  })
})

describe('recovery', () => {
  const badUntil = (last: number): Partial<Story> => ({
    load: (second, load) => (second === Math.floor(last) || second === 91) && toBad(load.deposit, 1),
  })

  it.each([
    ['within 10 s', badUntil(98), []],
    [
      'after 12 s of a bad one now and then',
      { load: (s: number, load: Parameters<Story['load']>[1]) => s >= 90 && s < 103 && toBad(load.deposit, 1) },
      ['recovery-late'],
    ],
  ] as const)('%s', (_, story, causes) => {
    expect(causesOf(told(story), 'breach').filter((cause) => cause !== 'slo-missed')).toEqual(causes)
  })

  it('needs 100 good attempts in a row, and is missed if the load ends before', () => {
    // 22 deposits a second: from 156 on there are only 88.
    const steps: Story['steps'] = [
      ...healthySteps.slice(0, -2),
      [154, { is: 'heal-requested' }],
      [156, { is: 'healed' }],
    ]
    const judgment = told({ steps, pspCalls: (s) => (s > 65.4 && s <= 156 ? 0 : 30) })
    expect(judgment.faults[0]?.recoveries).toEqual([{ sli: 'deposit', withinMs: 10_000, held: false }])
  })

  it('does not end with a single bad attempt after 100 good ones', () => {
    const judgment = told({ load: (second, load) => second === 110 && toBad(load.deposit, 1) })
    expect(judgment.faults[0]?.recoveries).toEqual([{ sli: 'deposit', withinMs: 10_000, tookMs: 0, held: true }])
  })
})
