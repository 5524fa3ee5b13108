import { describe, expect } from 'vitest'
import type { Evidence, FaultStepData } from '../../src/domain/evidence.ts'
import { evidence, rehearsal, secondAt, together, without } from '../support/evidence.ts'
import { causesOf, sentenceOf } from '../support/judged.ts'
import { it, judge } from '../support/reviewed.ts'

const fault = rehearsal.faults[0]?.name ?? ''
const step = (at: number, data: FaultStepData): Evidence => ({
  kind: 'fault-step',
  at: secondAt(at),
  fault,
  step: data,
})
/** The stock run with these steps of its fault and no other. */
const withSteps = (...steps: readonly Evidence[]) => judge(together(without(evidence(), 'fault-step'), steps))

describe('a fault with a gate', () => {
  it.each<[string, FaultStepData, string]>([
    ['no-go', { is: 'gate-closed', answer: 'no-go', who: 'Ana' }, `${fault} was not performed: Ana decided no-go.`],
    [
      'no answer',
      { is: 'gate-closed', answer: 'none' },
      `${fault} was not performed: nobody answered at its gate in time.`,
    ],
  ])('is not performed after %s, and the run is inconclusive for that reason', (_, closed, sentence) => {
    const judgment = withSteps(step(45, { is: 'gate-opened', by: 'owner' }), step(75, closed))
    expect(judgment.faults[0]?.state).toBe('not-performed')
    expect(judgment.verdict.kind).toBe('inconclusive')
    expect(judgment.exitCode).toBe(3)
    expect(causesOf(judgment)).toContain('fault-not-performed')
    expect(causesOf(judgment)).not.toContain('fault-unproven')
    expect(sentenceOf(judgment, 'fault-not-performed')).toBe(sentence)
  })

  it('was not reached when the run ended while its gate was open', () => {
    const judgment = withSteps(step(45, { is: 'gate-opened', by: 'owner' }))
    expect(judgment.faults[0]?.state).toBe('not-reached')
  })

  it('is judged like any other fault after a go', () => {
    const gate = [
      step(45, { is: 'gate-opened', by: 'owner' }),
      step(50, { is: 'gate-closed', answer: 'go', who: 'Ana' }),
    ]
    expect(judge(together(evidence(), gate)).verdict.kind).toBe(judge(evidence()).verdict.kind)
  })
})

describe('a fault with a trigger', () => {
  const armed = step(45, { is: 'armed', note: 'the autoscaler payments-api wants 2 pods' })

  it('is not performed when its trigger was missed, and the run is inconclusive for that reason', () => {
    const note = 'the autoscaler payments-api wants 2 pods'
    const judgment = withSteps(armed, step(75, { is: 'trigger-missed', note }))
    expect(judgment.faults[0]?.state).toBe('not-performed')
    expect(judgment.verdict.kind).toBe('inconclusive')
    expect(judgment.exitCode).toBe(3)
    expect(causesOf(judgment)).toContain('trigger-missed')
    expect(causesOf(judgment)).not.toContain('fault-unproven')
    expect(sentenceOf(judgment, 'trigger-missed')).toBe(
      `${fault} was not performed: its trigger did not fire before the deadline (the last reading: ${note}).`,
    )
  })

  it('was not reached when the run ended while it was armed', () => {
    expect(withSteps(armed).faults[0]?.state).toBe('not-reached')
  })

  it('is judged like any other fault after its trigger', () => {
    const fired = step(60, { is: 'triggered', note: 'more pods', readAt: secondAt(60) })
    expect(judge(together(evidence(), [armed, fired])).verdict.kind).toBe(judge(evidence()).verdict.kind)
  })
})
