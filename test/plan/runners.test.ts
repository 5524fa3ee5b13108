import { describe, expect, it } from 'vitest'
import { wholeShares } from '../../src/domain/runners.ts'
import type { LoadPlan, Timeline } from '../../src/domain/timeline.ts'
import { millis } from '../../src/domain/units.ts'
import { describePlan } from '../../src/plan/describe.ts'
import { renderPlan } from '../../src/plan/render.ts'
import { runnersIssues, shared } from '../../src/plan/runners.ts'
import { planTimeline } from '../../src/plan/timeline.ts'
import { stock } from './plans.ts'

const at = { file: 'target.yaml', line: 9, column: 3 }
const load = { runners: 3, namespace: 'load', image: 'k6', relayImage: 'node', cpu: '1', memory: '1Gi', at }
const plan: LoadPlan = { run: 'r', seed: 1, entry: 'http://x', profiles: [], unions: {}, limits: {} }

describe('a load that runners share', () => {
  it.each([
    [1, 1, 1],
    [7, 1, 7],
    [7, 3, 9],
    [9, 3, 9],
  ])('%i VUs for %i runners become %i', (vus, runners, expected) => expect(wholeShares(vus, runners)).toBe(expected))

  it('is the same without runners', () => expect(shared(plan, undefined)).toBe(plan))

  it('enters where the runners enter, and the plan shows them', () => {
    const target = { ...stock.target, load: { ...load, entry: 'http://inside' } }
    const planned = planTimeline(stock.rehearsal, target, { run: 'run-1', seed: 7 })
    if (!planned.ok) throw new Error('no plan')
    expect(planned.value.load).toMatchObject({ runners: 3, entry: 'http://inside' })
    const shown = (timeline: Timeline) => renderPlan(describePlan({ ...stock, target, at: 0, timeline }))
    expect(shown(planned.value)).toContain(
      'Runners\n  3 pods with k6 in namespace load (k6, 1 CPU and 1Gi each) and a relay; they enter at http://inside\n',
    )
    const warning = 'handleSummary of the script is not called'
    expect(shown(planned.value)).not.toContain(warning)
    const summarised: Timeline = { ...planned.value, load: { ...planned.value.load, handlesSummary: true } }
    expect(shown(summarised)).toContain(warning)
  })

  it('rounds the VUs of arrivals up to whole shares, and leaves other executors alone', () => {
    const scenarios = {
      a: { executor: 'constant-arrival-rate', rate: 5, preAllocatedVUs: 4, maxVUs: 10 },
      b: { executor: 'ramping-vus', startVUs: 4 },
    }
    const outside = { scenarios, shown: [], endsMs: millis(1000), drainMs: millis(0) }
    expect(shared({ ...plan, outside }, load)).toMatchObject({
      runners: 3,
      outside: { scenarios: { a: { rate: 5, preAllocatedVUs: 6, maxVUs: 12 }, b: { startVUs: 4 } } },
    })
  })

  it('is refused for a script with thresholds, at the line of the target file', () => {
    const facts = {
      functions: [],
      usesLibrary: false,
      scenarios: {},
      bundled: false,
      thresholds: [{ metric: 'checks', expression: 'rate>0.9', abortOnFail: false }],
    }
    const target = { load } as unknown as Parameters<typeof runnersIssues>[0]
    expect(runnersIssues(target, facts)).toMatchObject([{ at, code: 'runners-thresholds' }])
    expect(runnersIssues(target, { ...facts, thresholds: [] })).toEqual([])
  })
})
