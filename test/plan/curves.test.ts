import { describe, expect, it } from 'vitest'
import { perSecond, seconds } from '../../src/domain/units.ts'
import { curveSentence, describeCurves, speedWarnings } from '../../src/plan/curves.ts'
import { planTimeline } from '../../src/plan/timeline.ts'
import { stock } from './plans.ts'

/** The stock rehearsal's deposits on a curve from 10/s at once to 30/s over its 120 s, played `speed` times as fast. */
function onCurve(speed = 1) {
  const points = [
    [seconds(0), perSecond(10)],
    [seconds(120), perSecond(30)],
  ] as const
  const curves = { deposit: { file: 'c.csv', speed, points } }
  const [first] = stock.rehearsal.phases
  const phases = [{ ...first, rampMs: seconds(0), forMs: seconds(120), factor: 1 }] as const
  const rehearsal = { ...stock.rehearsal, faults: [], phases, load: { ...stock.rehearsal.load, curves } }
  const planned = planTimeline(rehearsal, { ...stock.target, loadFactor: 1 }, { run: 'run-1', seed: 7 })
  if (!planned.ok) throw new Error(JSON.stringify(planned.issues))
  return { rehearsal, timeline: planned.value }
}

describe('a curve in a plan', () => {
  it('is described by arrivals, highest second, 95th percentile of the seconds, and a sparkline', () => {
    const { rehearsal, timeline } = onCurve()
    const [curve, ...others] = describeCurves(rehearsal, timeline)
    expect(others).toEqual([])
    // A line from 10 to 30: 2,400 in all; its last second has 30 − 1/12, and the 114th 29 − 1/12.
    expect(curve?.arrivals).toBeCloseTo(2400, 6)
    expect(curve?.peak).toBeCloseTo(30 - 1 / 12, 6)
    expect(curve?.p95).toBeCloseTo(10 + (113.5 * 20) / 120, 6)
    // From a third of the full height to all of it.
    expect(curve?.course).toBe('▃▃▃▃▃▃▄▄▄▄▄▄▄▅▅▅▅▅▅▅▅▆▆▆▆▆▆▆▇▇▇▇▇▇▇▇████')
    expect(curve?.course).toHaveLength(40)
    expect(curve && curveSentence(curve)).toMatch(
      /^deposit follows c\.csv: 2,400 arrivals, at most 30 in a second, 95% of seconds up to 29 {2}▃/,
    )
  })

  it('includes seconds in which a stage begins or ends', () => {
    const stages = [
      { durationMs: seconds(1.5), from: perSecond(4), to: perSecond(4) },
      { durationMs: seconds(1.5), from: perSecond(8), to: perSecond(8) },
    ]
    const { rehearsal, timeline } = onCurve()
    const load = { ...timeline.load, profiles: [{ name: 'deposit', stages: [stages[0], stages[1]] as never }] }
    expect(describeCurves(rehearsal, { ...timeline, load })).toMatchObject([{ arrivals: 18, peak: 8, course: '▄▆█' }])
  })

  it('is level where the load is, also where the parts of its course differ by a second', () => {
    const { rehearsal, timeline } = onCurve()
    const stages = [{ durationMs: seconds(50), from: perSecond(7), to: perSecond(7) }] as const
    const load = { ...timeline.load, profiles: [{ name: 'deposit', stages }] }
    expect(describeCurves(rehearsal, { ...timeline, load })[0]?.course).toBe('█'.repeat(40))
  })

  it('is left out where it has no arrivals', () => {
    const { rehearsal, timeline } = onCurve()
    expect(describeCurves(rehearsal, { ...timeline, load: { ...timeline.load, profiles: [] } })).toEqual([])
  })

  it('that is played faster than recorded gives a warning only where autoscalers are judged', () => {
    expect(speedWarnings(onCurve(1).rehearsal)).toEqual([])
    const { rehearsal } = onCurve(6)
    expect(speedWarnings(rehearsal)).toEqual([
      'deposit is played 6 times faster, but autoscalers are judged: their periods do not get shorter.',
    ])
    expect(speedWarnings({ ...rehearsal, expectations: [] })).toEqual([])
    const of = (...kinds: readonly string[]) => ({
      ...rehearsal,
      expectations: kinds.map((kind) => ({ kind })) as never,
    })
    expect(speedWarnings(of('ledger'))).toEqual([])
    expect(speedWarnings(of('ledger', 'autoscaler'))).toHaveLength(1)
    expect(speedWarnings(of('keda'))).toHaveLength(1)
  })
})
