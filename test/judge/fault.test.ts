import { describe, expect } from 'vitest'
import { perSecond } from '../../src/domain/units.ts'
import { healthySteps, rehearsal, type Story } from '../support/evidence.ts'
import { causesOf, told, withRehearsal } from '../support/judged.ts'
import { it } from '../support/reviewed.ts'

describe('a fault', () => {
  const without90 = (is: string): Partial<Story> => ({
    steps: healthySteps.filter(([, step]) => step.is !== is),
  })

  it.each<[string, Partial<Story>, string[]]>([
    ['that never began', { steps: [] }, ['fault-unproven']],
    ['that was refused', { steps: [[65, { is: 'refused', problem: 'selects 9 of 9 pods' }]] }, ['fault-unproven']],
    ['that could not be injected', { steps: [[65, { is: 'failed', problem: 'webhook denied' }]] }, ['fault-unproven']],
    [
      'that selected nothing',
      {
        steps: [
          [65.4, { is: 'injected', pods: [] }],
          [90.3, { is: 'healed' }],
        ],
      },
      ['fault-unproven'],
    ],
    ['that took no effect', { pspCalls: () => 30 }, ['fault-unproven']],
    ['that took effect for half of its time', { pspCalls: (s) => (s > 65 && s < 80 ? 0 : 30) }, ['fault-unproven']],
    ['that took effect too late', { pspCalls: (s) => (s > 69 && s <= 90 ? 0 : 30) }, ['fault-unproven']],
    ['whose witness had no traffic before', { pspCalls: (s) => (s > 55 && s <= 90 ? 0 : 30) }, ['fault-unproven']],
    ['whose witness could not be scraped', { pspCalls: (s) => (s > 65 ? 'unanswered' : 30) }, ['fault-unproven']],
    ['that was never healed', without90('healed'), ['not-healed', 'fault-not-recovered', 'no-evidence']],
    ['whose witness did not come back afterwards', { pspCalls: (s) => (s > 65.4 ? 0 : 30) }, ['fault-not-recovered']],
  ])('%s makes the run inconclusive', (_, story, causes) => {
    const judgment = told(story)
    expect(judgment.verdict.kind).toBe('inconclusive')
    expect(causesOf(judgment)).toEqual(causes)
  })

  it.each<[string, Partial<Story>]>([
    ['that took effect within its two seconds', { pspCalls: (s) => (s > 67 && s <= 90 ? 0 : 30) }],
    [
      'whose witness has failed scrapes and counted nothing meanwhile',
      { pspCalls: (s) => (s > 70 && s < 74 ? 'unanswered' : s > 65.4 && s <= 90 ? 0 : 30) },
    ],
    ['whose witness restarted long before', { pspCalls: (s) => (s > 65.4 && s <= 90 ? 0 : s === 40 ? -5500 : 30) }],
  ])('%s is proven', (_, story) => {
    expect(told(story).verdict.kind).toBe('pass')
  })

  it.each<[string, Partial<Story>, string]>([
    ['while they started', { pspCalls: (s) => (s > 65.4 && s <= 90 && s !== 73 ? 0 : 30) }, 'proven'],
    ['long before that', { pspCalls: (s) => (s > 65.4 && s <= 90 && s !== 69 ? 0 : 30) }, 'unproven'],
    ['and after they were covered', { pspCalls: (s) => (s > 65.4 && s <= 90 && s < 73 ? 0 : 30) }, 'unproven'],
  ])('covers new pods, from which a witness saw traffic %s', (_, story, state) => {
    const look = (pods: number) => ({ is: 'coverage', covered: pods, matching: pods, escaped: [] }) as const
    const steps: Story['steps'] = [...healthySteps, [67, look(5)], [73, look(6)]]
    expect(told({ ...story, steps }).faults[0]?.state).toBe(state)
  })

  it('is in doubt when a pod that is never covered has traffic', () => {
    const look = (matching: number, escaped: readonly string[]) =>
      ({ is: 'coverage', covered: 5, matching, escaped }) as const
    const steps: Story['steps'] = [...healthySteps, [67, look(5, [])], [73, look(6, ['payments-api-6'])]]
    const pspCalls = (s: number) => (s > 65.4 && s <= 90 && s !== 73 ? 0 : 30)
    expect(told({ steps, pspCalls }).faults[0]?.state).toBe('unproven')
  })

  it('warns about pods that escaped', () => {
    const escaped = { is: 'coverage', covered: 5, matching: 6, escaped: ['payments-api-6'] } as const
    const judgment = told({ steps: [...healthySteps, [70, escaped]] })
    expect(judgment.verdict).toMatchObject({ kind: 'pass', warnings: [{ cause: 'fault-escaped' }] })
    expect(judgment.faults[0]?.coverage).toBeCloseTo(5 / 6)
  })

  it('is proven by a rate that only has to fall', () => {
    const fault = rehearsal.faults[0]
    if (!fault) throw new Error('the stock rehearsal has a fault')
    const faults = [{ ...fault, witness: { ...fault.witness, becomes: perSecond(6) } }]
    const falls = (rate: number) =>
      told({ rehearsal: withRehearsal({ faults }), pspCalls: (s) => (s > 65.4 && s <= 90 ? rate : 50) })
    expect(falls(4).faults[0]?.state).toBe('proven')
    expect(falls(8).faults[0]?.state).toBe('unproven')
  })
})
