import { describe, expect, it } from 'vitest'
import type { AskedLoad, CapacitySession } from '../../src/domain/capacity.ts'
import type { Slo } from '../../src/domain/rehearsal.ts'
import { millis, ratio, seconds } from '../../src/domain/units.ts'
import { capacityIssues, planCapacityBlock } from '../../src/plan/capacity.ts'
import { at, stock } from './plans.ts'

const session: CapacitySession = {
  kind: 'capacity',
  search: {
    from: 1,
    max: 8,
    min: 0.5,
    growth: 1.5,
    resolution: ratio(0.1),
    measureMs: seconds(30),
    extensions: 2,
    repeats: 1,
    holdMs: seconds(60),
    holds: 1,
    odds: ratio(0.9),
    recovery: { at: 0.7, withinMs: seconds(20) },
    budgetMs: seconds(3600),
  },
  settleMs: seconds(10),
  restMs: seconds(5),
  resources: [],
}
const target = { ...stock.target, loadFactor: 1 }

describe('a load of a search for capacity', () => {
  const block = (asked: Partial<AskedLoad> = {}, from = session) =>
    planCapacityBlock(
      { rehearsal: stock.rehearsal, target },
      from,
      { run: 'run-1', seed: 7 },
      { step: 3, load: 2, purpose: 'bisect', ...asked },
      seconds(30),
      2,
    )
  const stages = (plan: ReturnType<typeof block>) =>
    plan.load.profiles.find(({ name }) => name === 'login')?.stages.map(({ durationMs, to }) => [durationMs, to])
  const rate = stock.rehearsal.load.arrivals.login ?? 0

  it('rises in 5 s, which are part of its settling', () => {
    const plan = block()
    expect(plan).toMatchObject({ block: 'step-3-part-2', of: 'bisect 2x', settleMs: 10_000, measuredMs: 30_000 })
    expect(stages(plan)).toEqual([
      [5000, 2 * rate],
      [35_000, 2 * rate],
    ])
    expect(stages(block({}, { ...session, settleMs: seconds(2) }))?.[0]).toEqual([2000, 2 * rate])
  })

  it('after an overload has the time of the recovery to settle', () => {
    const plan = block({ overload: 6 })
    expect(plan.settleMs).toBe(5000 + 30_000 + 20_000)
    expect(stages(plan)).toEqual([
      [5000, 6 * rate],
      [30_000, 6 * rate],
      [50_000, 2 * rate],
    ])
  })
})

describe('an objective that the search must prove', () => {
  /** 20 arrivals a second in two measurements of 30 s at half of the load: 600 answers. */
  const issues = (slo: Partial<Slo>, from = 0.5) => {
    const rehearsal = {
      ...stock.rehearsal,
      slis: {},
      slos: [{ kind: 'availability', sli: 'login', objective: ratio(0.99), at, ...slo } as Slo] as const,
      load: { ...stock.rehearsal.load, arrivals: { login: 20 as never } },
    }
    return capacityIssues(rehearsal, target, { ...session, search: { ...session.search, from } })
  }

  it('has enough answers', () => {
    // 99 % takes 299 good answers without a bad one: ln 0.05 / ln 0.99.
    expect(issues({})).toEqual([])
    expect(issues({}, 299 / 1200)).toEqual([])
  })

  it('has too few, and the issue says for how long to measure', () => {
    expect(issues({}, 298 / 1200)).toMatchObject([{ code: 'objective-unprovable', at }])
    expect(issues({ objective: ratio(0.999) })).toMatchObject([
      {
        problem: 'login needs 2995 good answers; at 0.5x there are 600 in 1m.',
        next: 'measure for 150s or longer, begin at a higher load, or ask for less.'.replace('150s', '2m30s'),
      },
    ])
  })

  it('is that of a quantile for times', () => {
    const times = { kind: 'latency', quantile: ratio(0.999), targetMs: millis(1), ceilingMs: millis(1) } as Partial<Slo>
    expect(issues(times)[0]?.problem).toContain('needs 2995 good answers')
  })

  it('is not judged where no arrivals feed it', () => expect(issues({ sli: 'ws-rtt' })).toEqual([]))
})
