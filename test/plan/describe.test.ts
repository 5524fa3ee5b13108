import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import type { Rehearsal, Slo } from '../../src/domain/rehearsal.ts'
import { lowerBound } from '../../src/domain/statistics.ts'
import type { Timeline } from '../../src/domain/timeline.ts'
import { millis, ratio } from '../../src/domain/units.ts'
import { admitTimeline } from '../../src/plan/blast-radius.ts'
import { describePlan } from '../../src/plan/describe.ts'
import { expectedSamples, provabilityOf } from '../../src/plan/provability.ts'
import { renderPlan } from '../../src/plan/render.ts'
import { planTimeline } from '../../src/plan/timeline.ts'
import { everythingPair } from '../files/stock.ts'
import { at, rehearsals, stock, stockFault } from './plans.ts'

function planned(rehearsal: Rehearsal): Timeline {
  const parsed = planTimeline(rehearsal, stock.target, { run: 'run-1', seed: 7 })
  if (!parsed.ok) throw new Error('no plan')
  return parsed.value
}

const availability = (objective: number): Slo => ({
  kind: 'availability',
  sli: 'login',
  objective: ratio(objective),
  at,
})

const NOW = Date.parse('2026-12-01T09:00:00Z')

describe('accepted findings', () => {
  const acceptance = { cause: 'autoscaler-late', owner: 'Ana', reason: 'a larger pool comes in January', at }
  const shown = (until: string, now = NOW) => {
    const target = { ...stock.target, acceptedFindings: [{ ...acceptance, about: 'payments-api', until }] }
    return renderPlan(describePlan({ ...stock, target, at: now, timeline: planned(stock.rehearsal) }))
  }
  const EXPIRED = 'autoscaler-late about payments-api was accepted by Ana until'

  it('are in the plan until the end of their last day, in UTC', () => {
    const lastDay = shown('2026-12-01', Date.parse('2026-12-01T23:59:59Z'))
    expect(lastDay).toContain(
      'Accepted findings\n  autoscaler-late about payments-api, until 2026-12-01 (Ana): a larger pool comes in January\n',
    )
    expect(lastDay).not.toContain(EXPIRED)
  })

  it('that have expired are warnings, which name the line to change', () => {
    const dayAfter = shown('2026-12-01', Date.parse('2026-12-02T00:00:00Z'))
    expect(dayAfter).not.toContain('Accepted findings')
    expect(dayAfter).toContain(
      `${EXPIRED} 2026-12-01. That has expired: the finding fails the run again. Remove it from ${at.file}:${at.line}, or let Ana accept it again.`,
    )
  })
})

describe('states that a run must reach', () => {
  it('are in the plan only if there are any', () => {
    const { rehearsal, target } = everythingPair()
    const timeline = planned(stock.rehearsal)
    const required = { ...stock.rehearsal, reaches: rehearsal.reaches ?? [] }
    expect(renderPlan(describePlan({ at: NOW, rehearsal: required, target, timeline }))).toContain(
      [
        'Required states',
        '  autoscaler payments-api in promo peak reaches its maximum',
        '  http_requests_total{code="503"} of wallet reaches 100 or more',
        '  rate of payments_charges_total of payments-api in promo peak reaches 50/s or more',
      ].join('\n'),
    )
    expect(renderPlan(describePlan({ at: NOW, rehearsal: stock.rehearsal, target, timeline }))).not.toContain(
      'Required states',
    )
  })
})

describe('provability', () => {
  it('of the stock rehearsal allows a few bad attempts in every objective', () => {
    const timeline = planned(stock.rehearsal)
    const found = stock.rehearsal.slos.map((slo) => provabilityOf(slo, timeline))
    expect(found).toMatchObject([
      { expected: 7290, needed: 2995, badAllowed: 2 },
      { expected: 6682, needed: 1996, badAllowed: 4 },
      { expected: 18_224, needed: 59, badAllowed: 862 },
      { needed: 59 },
    ])
    expect(found[3]).not.toHaveProperty('expected')
  })

  it('of an indicator of the script is unknown, because an iteration may make any number of requests', () => {
    const timeline = planned(stock.rehearsal)
    const login = { kind: 'http', where: {} } as const
    const counted = { ...timeline, load: { ...timeline.load, indicators: { login } as never } }
    expect(expectedSamples('login', timeline)).toBe(7290)
    expect(expectedSamples('login', counted)).toBeUndefined()
    expect(provabilityOf({ ...availability(0.999), sli: 'login' }, counted)).not.toHaveProperty('expected')
  })

  it('agrees with the bound of the judge: with one more bad attempt there is no proof', () => {
    fc.assert(
      fc.property(rehearsals, fc.double({ min: 0.5, max: 0.9999, noNaN: true }), (rehearsal, objective) => {
        const { expected, badAllowed } = provabilityOf(
          { ...availability(objective), sli: Object.keys(rehearsal.load.arrivals)[0] ?? '' },
          planned(rehearsal),
        )
        if (expected === undefined) throw new Error('not fed')
        const proves = (bad: number): boolean => bad <= expected && lowerBound(expected - bad, expected) >= objective
        if (badAllowed === undefined) expect(proves(0)).toBe(false)
        else expect([proves(badAllowed), proves(badAllowed + 1)]).toEqual([true, false])
      }),
    )
  })
})

describe('a described plan', () => {
  it('matches the golden file', async () => {
    const timeline = planned(stock.rehearsal)
    const pods = ['payments-api', 'payments-api', 'gateway', 'gateway', 'wallet', 'bets'].map((app, index) => ({
      metadata: { namespace: 'casino', name: `${app}-${index}`, labels: { 'app.kubernetes.io/name': app } },
      status: { phase: 'Running' },
    }))
    const psp = {
      metadata: { namespace: 'providers', name: 'psp-a-0', labels: { 'app.kubernetes.io/name': 'psp-a' } },
      status: { phase: 'Running' },
    }
    const admissions = admitTimeline(timeline, stock.rehearsal, stock.target, { pods: [...pods, psp], nodes: [] })
    await expect(renderPlan(describePlan({ at: NOW, ...stock, timeline, admissions }))).toMatchFileSnapshot(
      'golden/plan.txt',
    )
  })

  it('shows refusals, overlaps and objectives that cannot be proven', async () => {
    const rehearsal: Rehearsal = {
      ...stock.rehearsal,
      slos: [availability(0.99999)],
      faults: [stockFault, { ...stockFault, name: 'psp-b down', atMs: millis(stockFault.atMs + 10_000) }],
    }
    const timeline = planned(rehearsal)
    const admissions = admitTimeline(timeline, rehearsal, stock.target, { pods: [], nodes: [] })
    const slow = { ...stock.target, hpaSyncMs: millis(15_000) }
    await expect(
      renderPlan(describePlan({ at: NOW, rehearsal, target: slow, timeline, admissions })),
    ).toMatchFileSnapshot('golden/refused-plan.txt')
  })

  it('shows the gate of a fault, which opens at the start of the load at the earliest', () => {
    const opens = (opensMs: number) => {
      const gate = { by: 'owner', opensMs: millis(opensMs), at } as const
      const rehearsal = { ...stock.rehearsal, faults: [{ ...stockFault, gate }] }
      const timeline = planned(rehearsal)
      const text = renderPlan(describePlan({ ...stock, rehearsal, at: NOW, timeline }))
      return [
        timeline.faults[0]?.gate,
        text
          .split('\n')
          .find((line) => line.includes('gate of'))
          ?.trim(),
      ]
    }
    const [early, line] = opens(1e9)
    expect(early).toEqual({ by: 'owner', opensMs: 0 })
    expect(line).toMatch(/^0:00 +\? gate of psp-a down +owner answers$/)
    const fromMs = planned(stock.rehearsal).faults[0]?.fromMs ?? 0
    expect(opens(1000)[0]).toEqual({ by: 'owner', opensMs: fromMs - 1000 })
  })

  it('shows actions that wait for something, whether they are undone or not', () => {
    const trigger = { kind: 'autoscaler', autoscaler: 'orders', at } as const
    const lines = (changes: object) => {
      const timeline = planned(stock.rehearsal)
      const act = { kind: 'flag', configMap: 'features', key: 'promo', value: 'off' } as const
      const action = {
        name: 'promo off',
        fromMs: millis(10_000),
        act,
        trigger: { trigger, byMs: millis(40_000) },
        ...changes,
      }
      const spec = { name: 'promo off', during: 'promo peak', atMs: millis(0), act, expect: [], at }
      const rehearsal = { ...stock.rehearsal, actions: [spec] }
      const plan = describePlan({ ...stock, rehearsal, at: NOW, timeline: { ...timeline, actions: [action] } })
      expect(plan.actions[0]).not.toHaveProperty('admission')
      expect(plan.actions[0]).not.toHaveProperty('steps')
      return renderPlan(plan)
        .split('\n')
        .filter((line) => line.includes('promo off'))
        .map((line) => line.trim())
    }
    expect(lines({})).toEqual([
      expect.stringMatching(/^0:10 +\? promo off armed +until 0:40$/),
      expect.stringMatching(/^0:40 +> promo off at the latest$/),
      'runs together with promo off; the blast radius counts them as one',
      'promo off (promo peak)',
    ])
    expect(lines({ toMs: millis(60_000) })).toContainEqual(
      expect.stringMatching(/^1:00 +> promo off undone at the latest$/),
    )
  })

  it('has no admission where no cluster was asked, and shows a phase without a ramp as such', () => {
    const [first, ...others] = stock.rehearsal.phases
    const rehearsal = { ...stock.rehearsal, phases: [{ ...first, rampMs: millis(0) }, ...others] as const }
    const plan = describePlan({ ...stock, rehearsal, at: NOW, timeline: planned(rehearsal) })
    expect(plan.faults[0]).not.toHaveProperty('admission')
    const row = renderPlan(plan)
      .split('\n')
      .find((line) => line.includes(first.name))
    expect(row).not.toContain('ramp')
  })

  it('says on which metric an autoscaler scales', () => {
    const of = (scalesOn: object) => {
      const expectations = stock.rehearsal.expectations.map((each) =>
        each.kind === 'autoscaler' ? { ...each, scalesOn } : each,
      )
      const rehearsal = { ...stock.rehearsal, expectations: expectations as never }
      return describePlan({ ...stock, rehearsal, at: NOW, timeline: planned(rehearsal) }).expectations.find((each) =>
        each.startsWith('autoscaler'),
      )
    }
    const series = { of: 'broker', metric: 'waiting', where: {}, above: 5 }
    expect(of({ kind: 'gauge', pods: 'max', ...series })).toContain(' once waiting of broker is above 5: decides')
    expect(of({ kind: 'rate', ...series })).toContain(' once waiting of broker is above 5/s: decides')
  })

  it('refuses harms that the rehearsal does not have', () => {
    const timeline = planned(stock.rehearsal)
    const act = { kind: 'flag', configMap: 'features', key: 'promo', value: 'off' } as const
    const stray = { ...timeline, actions: [{ name: 'stray', fromMs: millis(0), act }] }
    const described = () => describePlan({ ...stock, at: NOW, timeline: stray })
    expect(described).toThrow('action stray is not of this rehearsal')
    expect(() => admitTimeline(stray, stock.rehearsal, stock.target, { pods: [], nodes: [] })).toThrow(
      'action stray is not of this rehearsal',
    )
    const [fault] = timeline.faults
    if (fault === undefined) throw new Error('no fault')
    const other = { ...timeline, faults: [{ ...fault, name: 'stray' }] }
    expect(() => describePlan({ ...stock, at: NOW, timeline: other })).toThrow('fault stray is not of this rehearsal')
  })

  it('warns of scripts that end early, and of closed models', () => {
    const timeline = planned(stock.rehearsal)
    const shown = [
      { name: 'visit', model: 'closed', sentence: 'visit: constant-vus', warnings: ['visit is not scaled'] },
    ] as const
    const warnings = (endsMs: number, closed = true) => {
      const outside = { scenarios: {}, shown: closed ? shown : [], endsMs: millis(endsMs), drainMs: millis(0) }
      return describePlan({ ...stock, at: NOW, timeline: { ...timeline, load: { ...timeline.load, outside } } })
        .warnings
    }
    expect(warnings(timeline.totalMs)).toEqual([expect.stringMatching(/^visit: a closed model/), 'visit is not scaled'])
    expect(warnings(timeline.totalMs, false)).toEqual([])
    expect(warnings(timeline.totalMs - 1000, false)).toEqual([
      expect.stringMatching(/^the load of the script ends at .*, 1s before/),
    ])
  })

  it('says by which series a Prometheus counts an indicator, if the target has one', () => {
    const timeline = planned(stock.rehearsal)
    const series = {
      kind: 'prometheus-ratio',
      of: 'shop',
      good: 'good',
      total: 'all',
      at,
      series: { good: 'ok{a="b"}' },
    } as const
    const slis = {
      login: series,
      failed: { kind: 'prometheus-failures', of: 'shop', bad: 'bad', total: 'all', at },
      times: { kind: 'prometheus-buckets', of: 'shop', buckets: 'times_bucket', unit: 's', at },
    } as const
    const slos = ['login', 'failed', 'times', 'bet'].map((sli) => ({ ...availability(0.9), sli }))
    const rehearsal = { ...stock.rehearsal, slis, slos: slos as never }
    const counted = (prometheus: object) =>
      describePlan({ rehearsal, target: { ...stock.target, ...prometheus }, timeline, at: NOW }).objectives.map(
        (each) => each.counted,
      )
    const server = { kind: 'url', url: 'http://p' } as never
    expect(counted({ prometheus: { server, scrapeMs: millis(15_000), sources: {} } })).toEqual([
      'Prometheus counts ok{a="b"} of all (shop, every 15s)',
      'Prometheus counts all less bad (shop, every 15s)',
      'Prometheus counts buckets of times_bucket (shop, every 15s)',
      undefined,
    ])
    expect(counted({})).toEqual([undefined, undefined, undefined, undefined])
  })

  it('has its format, and no sockets where the load has none', () => {
    const { sockets: _, ...load } = stock.rehearsal.load
    const rehearsal = { ...stock.rehearsal, load, slos: [availability(0.9)] as const }
    const plan = describePlan({ ...stock, rehearsal, at: NOW, timeline: planned(rehearsal) })
    expect(plan.format).toBe(1)
    for (const phase of plan.phases) expect(phase).not.toHaveProperty('sockets')
  })

  it('says that no pods were counted when no cluster was asked', () => {
    const text = renderPlan(describePlan({ at: NOW, ...stock, timeline: planned(stock.rehearsal) }))
    expect(text).toContain('blast radius not counted: no cluster was asked')
  })

  it('has phases that add up to all arrivals, and is plain data', () => {
    fc.assert(
      fc.property(rehearsals, (rehearsal) => {
        const timeline = planned(rehearsal)
        const plan = describePlan({ at: NOW, rehearsal, target: stock.target, timeline })
        const factors = rehearsal.phases.map(({ factor }) => factor)
        plan.phases.forEach(({ rates }, index) => {
          for (const [name, rate] of Object.entries(rates))
            expect(rate).toBeCloseTo((rehearsal.load.arrivals[name] ?? 0) * (factors[index] ?? 0), 6)
        })
        expect(JSON.parse(JSON.stringify(plan)).phases).toHaveLength(rehearsal.phases.length)
      }),
    )
  })
})
