import { describe, expect, it } from 'vitest'
import { instant } from '../../src/domain/units.ts'
import { describePlan } from '../../src/plan/describe.ts'
import { renderPlan } from '../../src/plan/render.ts'
import { planTimeline } from '../../src/plan/timeline.ts'
import { type Edit, REHEARSAL, stockPair } from '../files/stock.ts'

function planned(...edits: readonly Edit[]) {
  const { rehearsal, target } = stockPair({ [REHEARSAL]: edits })
  const timeline = planTimeline(rehearsal, target, { run: 'run-1', seed: 7 })
  if (!timeline.ok) throw new Error(JSON.stringify(timeline.issues))
  return {
    timeline: timeline.value,
    text: renderPlan(describePlan({ rehearsal, target, timeline: timeline.value, at: instant(0) })),
  }
}

const waits: Edit = ['at: 30s', 'when: {autoscaler: payments-api, by: 30s}']

describe('a triggered fault in the plan', () => {
  // The phase promo peak begins at 25 s, and its ramp ends at 35 s.
  it('is armed when its phase begins, begins by its deadline and keeps its length', () => {
    const [fault] = planned(waits).timeline.faults
    expect(fault).toMatchObject({ fromMs: 25_000, toMs: 90_000, trigger: { byMs: 65_000, forMs: 25_000 } })
    // The cluster heals it ten seconds after it should have been healed.
    expect(fault?.object.spec.duration).toBe('35s')
  })

  it('is armed later with from', () => {
    const [fault] = planned(['at: 30s', 'when: {autoscaler: payments-api, from: 5s, by: 30s}']).timeline.faults
    expect(fault).toMatchObject({ fromMs: 40_000, toMs: 90_000 })
  })

  it('of an action without an end has a deadline, and no length', () => {
    const action: Edit = [
      '  expect:\n    - autoscaler',
      '  actions:\n    - {name: flagged, during: promo peak, when: {autoscaler: payments-api, by: 30s}, flag: {configMap: features, key: promo, value: off}}\n  expect:\n    - autoscaler',
    ]
    const [flagged] = planned(action).timeline.actions
    expect(flagged).toMatchObject({ fromMs: 25_000, trigger: { byMs: 65_000 } })
    expect(flagged?.trigger).not.toHaveProperty('forMs')
    expect(flagged).not.toHaveProperty('toMs')
  })

  it('is shown with both times and what it waits for', () => {
    const { text } = planned(waits)
    expect(text).toContain('begins between 0:25 and 1:05, when the autoscaler payments-api wants more pods')
    expect(text).toMatch(/0:25 +\? psp-a down armed +until 1:05/)
    expect(text).toMatch(/1:05 +! psp-a down at the latest +for 25s/)
    expect(text).toMatch(/1:30 +! psp-a down healed at the latest/)
  })

  it('overlaps with everything from the moment at which it is armed to its latest end', () => {
    const action: Edit = [
      '  expect:\n    - autoscaler',
      '  actions:\n    - {name: flagged, during: promo peak, at: 0s, for: 2s, flag: {configMap: features, key: promo, value: off}}\n  expect:\n    - autoscaler',
    ]
    expect(planned(waits, action).text).toContain('may run together with flagged')
  })
})
