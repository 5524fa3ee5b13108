/** What becomes of a step of a canary, by what both releases counted in it. */
import { describe, expect } from 'vitest'
import type { CanarySide } from '../../src/domain/canary.ts'
import { decideStep, type StepView } from '../../src/judge/canary/decide.ts'
import type { ReleaseCounts } from '../../src/judge/seen/canary-counters.ts'
import { canaryAct } from '../support/canary.ts'
import { it, noted } from '../support/reviewed.ts'

type Rates = { readonly requests: number; readonly bad?: number; readonly ms?: number }

/** Requests of a stretch of 20 s, evenly over it. */
const counting =
  (stable: Rates, canary: Rates): StepView['counts'] =>
  (side: CanarySide, fromAt, toAt): ReleaseCounts => {
    const { requests, bad = 0, ms = 40 } = side === 'stable' ? stable : canary
    const part = (toAt - fromAt) / 20_000
    // Means that are a little uneven, as measured ones are.
    const uneven = 1 + 0.02 * Math.sin(fromAt / 1000 + (side === 'stable' ? 0 : 2))
    return {
      requests: Math.round(requests * part),
      bad: Math.round(bad * part),
      timed: requests * part,
      seconds: (requests * part * ms * uneven) / 1000,
    }
  }

const view = (stable: Rates, canary: Rates, changes: Partial<StepView> = {}): StepView => ({
  canary: canaryAct().canary,
  asked: 0.1,
  step: { fromAt: 0, toAt: 20_000 },
  earlier: [],
  counts: counting(stable, canary),
  slis: [],
  looks: 11,
  decisions: 5,
  isOver: true,
  mayHold: true,
  ...changes,
})

const told = (...args: Parameters<typeof view>) => {
  const { outcome, reason } = noted(decideStep(view(...args)))
  return reason === undefined ? outcome : `${outcome}: ${reason}`
}

describe('a step of a canary', () => {
  it.each<[string, Rates, Rates, string]>([
    ['with its share and without errors', { requests: 900 }, { requests: 100 }, 'promote'],
    [
      'where both releases answer a few errors alike',
      { requests: 9000, bad: 9 },
      { requests: 1000, bad: 1 },
      'promote',
    ],
    [
      'where both releases are bad alike',
      { requests: 9000, bad: 900 },
      { requests: 1000, bad: 100 },
      'roll-back: worse',
    ],
    ['where only the new one answers errors', { requests: 900 }, { requests: 100, bad: 5 }, 'roll-back: worse'],
    [
      'where the new one answers more errors than the old one, within what is allowed',
      { requests: 90_000, bad: 18 },
      { requests: 10_000, bad: 40 },
      'roll-back: worse',
    ],
    ['with one error of few requests', { requests: 900 }, { requests: 90, bad: 1 }, 'hold: undecided'],
    ['with too few requests', { requests: 100 }, { requests: 12 }, 'hold: undecided'],
    ['without any request', { requests: 0 }, { requests: 0 }, 'hold: undecided'],
    ['whose share is still that of before', { requests: 950 }, { requests: 50 }, 'hold: weight-not-served'],
    ['that got more than its share', { requests: 800 }, { requests: 200 }, 'hold: weight-not-served'],
    ['that is slower than is allowed', { requests: 9000 }, { requests: 1000, ms: 80 }, 'roll-back: worse'],
    ['that is slower within what is allowed', { requests: 9000 }, { requests: 1000, ms: 48 }, 'promote'],
    ['that is slow, before there are enough requests', { requests: 1620 }, { requests: 180, ms: 80 }, 'promote'],
  ])('%s: %s, %s gives %s', (_, stable, canary, expected) => {
    expect(told(stable, canary)).toBe(expected)
  })

  it('finds a canary that is 20 % slower, with a limit of 10 %', () => {
    const { canary } = canaryAct()
    const gate = { ...canary.gate, latency: { histogram: 'x', atMost: 0.1, from: 200 } }
    expect(told({ requests: 9000 }, { requests: 1000, ms: 48 }, { canary: { ...canary, gate } })).toBe(
      'roll-back: worse',
    )
  })

  it('is not promoted before its hold is over, but rolled back at once', () => {
    expect(told({ requests: 900 }, { requests: 100 }, { isOver: false })).toBe('hold: undecided')
    expect(told({ requests: 900 }, { requests: 100, bad: 5 }, { isOver: false })).toBe('roll-back: worse')
  })

  it('that is still open when no time is left is rolled back, and not called worse', () => {
    expect(told({ requests: 100 }, { requests: 12 }, { mayHold: false })).toBe('roll-back: undecided')
    expect(told({ requests: 950 }, { requests: 50 }, { mayHold: false })).toBe('roll-back: weight-not-served')
  })

  it('with all requests has nothing to compare with, and its errors are judged by the limit', () => {
    expect(told({ requests: 0 }, { requests: 1000 }, { asked: 1 })).toBe('promote')
    expect(told({ requests: 0 }, { requests: 1000, bad: 30 }, { asked: 1 })).toBe('roll-back: worse')
  })

  it('counts response times of the steps before, and not those before the canary', () => {
    const earlier = [
      { fromAt: -40_000, toAt: -20_000 },
      { fromAt: -20_000, toAt: 0 },
    ]
    expect(told({ requests: 1620 }, { requests: 180, ms: 80 }, { earlier })).toBe('roll-back: worse')
  })

  it.each([
    ['kept its objective', 1000, 1, 'promote'],
    ['is shown to have missed its objective', 1000, 40, 'roll-back: worse'],
  ])('with an indicator that %s: %i attempts, %i bad', (_, good, bad, expected) => {
    const slis = [{ sli: 'checkout', good, bad, objective: 0.99 }]
    expect(told({ requests: 900 }, { requests: 100 }, { slis })).toBe(expected)
  })

  it('says what was seen', () => {
    expect(noted(decideStep(view({ requests: 900 }, { requests: 100, bad: 5 }))).note).toBe(
      '5 of 100 answers of the new release were server errors, more than 1 %',
    )
    expect(noted(decideStep(view({ requests: 950 }, { requests: 50 }))).note).toBe(
      '50 of 1000 requests (5 %, between 3.3 % and 7 %) went to the new release, and 10 % were asked for',
    )
  })
})
