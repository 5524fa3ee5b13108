import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { arrivalsBetween, arrivalsBy, dueAtMs, lastDueMs } from '../../src/domain/arrivals.ts'
import { formatIssue } from '../../src/domain/issue.ts'
import { RUN_LABEL, TARGET_LABEL } from '../../src/domain/labels.ts'
import type { FaultSpec, Rehearsal, Target } from '../../src/domain/rehearsal.ts'
import type { Timeline } from '../../src/domain/timeline.ts'
import { millis, perSecond } from '../../src/domain/units.ts'
import { planFault } from '../../src/plan/fault.ts'
import { limitsOf } from '../../src/plan/load.ts'
import { planTimeline } from '../../src/plan/timeline.ts'
import { admit } from '../../src/protocols/chaos-mesh/admission.ts'
import { SEED_ANNOTATION } from '../../src/protocols/chaos-mesh/experiment.ts'
import { at, rehearsals, stock, stockFault, targets } from './plans.ts'

const RUN = { run: 'psp-down-at-peak-20260823-191500-k3x9', seed: 7 }

function planned(rehearsal: Rehearsal, target: Target = stock.target): Timeline {
  const parsed = planTimeline(rehearsal, target, RUN)
  if (!parsed.ok) throw new Error(parsed.issues.map(formatIssue).join('\n'))
  return parsed.value
}

const holds = (check: (rehearsal: Rehearsal, target: Target, timeline: Timeline) => void): void =>
  fc.assert(
    fc.property(rehearsals, targets, (rehearsal, target) => {
      check(rehearsal, target, planned(rehearsal, target))
    }),
  )

describe('a plan', () => {
  it('has phases without gap or overlap', () => {
    holds((rehearsal, _, { phases, totalMs }) => {
      expect(phases[0].fromMs).toBe(0)
      phases.slice(1).forEach((phase, index) => {
        expect(phase.fromMs).toBe(phases[index]?.toMs)
      })
      expect(phases.at(-1)?.toMs).toBe(totalMs)
      expect(phases.map(({ name }) => name)).toEqual(rehearsal.phases.map(({ name }) => name))
      for (const { fromMs, rampEndMs, toMs } of phases) expect(fromMs <= rampEndMs && rampEndMs < toMs).toBe(true)
    })
  })

  it('gives every load profile stages for the whole plan that match the factor at each end of a phase', () => {
    holds((rehearsal, target, { load, phases, totalMs }) => {
      for (const { name, stages } of load.profiles) {
        expect(stages.reduce((sum, { durationMs }) => sum + durationMs, 0)).toBe(totalMs)
        let end = 0
        for (const stage of stages) {
          end += stage.durationMs
          const ended = phases.find(({ rampEndMs, toMs }) => end === toMs || end === rampEndMs)
          expect(stage.to).toBeCloseTo(
            (rehearsal.load.arrivals[name] ?? 0) * target.loadFactor * (ended?.factor ?? Number.NaN),
            6,
          )
        }
      }
    })
  })

  it('has as many arrivals as its ramps and levels add up to', () => {
    holds((rehearsal, target, { load, totalMs }) => {
      for (const { name, stages } of load.profiles) {
        let [before, factorSeconds] = [0, 0]
        for (const { rampMs, forMs, factor } of rehearsal.phases) {
          factorSeconds += ((before + factor) / 2) * (rampMs / 1000) + factor * (forMs / 1000)
          before = factor
        }
        const wanted = (rehearsal.load.arrivals[name] ?? 0) * target.loadFactor * factorSeconds
        expect(arrivalsBy(stages, totalMs)).toBeCloseTo(wanted, 4)
        expect(arrivalsBetween(stages, 0, totalMs / 2) + arrivalsBetween(stages, totalMs / 2, totalMs)).toBeCloseTo(
          wanted,
          4,
        )
      }
    })
  })

  it('knows when each arrival is due', () => {
    holds((_, __, { load, totalMs }) => {
      for (const { stages } of load.profiles) {
        const all = arrivalsBy(stages, totalMs)
        for (const part of [0, 0.1, 0.37, 0.5, 0.99]) {
          const index = Math.floor(all * part)
          if (index < all) expect(arrivalsBy(stages, dueAtMs(stages, index))).toBeCloseTo(index, 3)
        }
        expect(dueAtMs(stages, Math.ceil(all) + 1)).toBe(totalMs)
      }
    })
  })

  it('knows when k6 has no more to do, which may be long before the end', () => {
    const stage = (durationMs: number, rate: number) => ({
      durationMs: millis(durationMs),
      from: perSecond(rate),
      to: perSecond(rate),
    })
    // Arrivals are due after 1, 2, 3 and 4 s, and k6 may leave out the last one.
    expect(lastDueMs([stage(4000, 1), stage(60_000, 0)])).toBe(3000)
    expect(lastDueMs([stage(25_000, 0.1)])).toBe(10_000)
    expect(lastDueMs([stage(5000, 0.1)])).toBe(0)
  })

  it('keeps each fault within the full load of its phase, with a dead man’s switch 10 s later', () => {
    holds((rehearsal, _, { faults, phases }) => {
      expect(faults).toHaveLength(rehearsal.faults.length)
      for (const { name, fromMs, toMs, object } of faults) {
        const spec = rehearsal.faults.find((each) => each.name === name)
        const phase = phases.find((each) => each.name === spec?.during)
        expect(fromMs).toBeGreaterThanOrEqual(phase?.rampEndMs ?? Number.NaN)
        expect(toMs).toBeLessThanOrEqual((phase?.toMs ?? Number.NaN) + 1)
        const durationMs = Number.parseInt(String(object.spec.duration), 10) * 1000
        expect(durationMs - (toMs - fromMs)).toBeGreaterThanOrEqual(10_000)
        expect(durationMs - (toMs - fromMs)).toBeLessThan(11_000)
      }
    })
  })

  it('gives each object a unique name that Kubernetes accepts', () => {
    holds((_, target, { faults }) => {
      for (const { object } of faults) {
        // Room is left for the `-99` of objects that cover newcomers.
        expect(`${object.metadata.name}-99`).toMatch(/^[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])$/)
        expect(object.metadata.labels?.[RUN_LABEL]).toBe(RUN.run)
        expect(object.metadata.labels?.[TARGET_LABEL]).toBe(target.namespace)
        expect(object.metadata.labels?.['matchday.dev/fault']).toMatch(/^[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?$/)
        expect(admit(object)).toEqual([])
      }
      expect(new Set(faults.map(({ object }) => object.metadata.name)).size).toBe(faults.length)
    })
  })

  it('shortens long names of faults, so that objects for new pods fit too', () => {
    const long = {
      ...stock.rehearsal,
      faults: [{ ...stockFault, name: `${'psp a down and '.repeat(3)}nothing to be done` }],
    }
    const name = planned(long).faults[0]?.object.metadata.name ?? ''
    expect(name).toMatch(/^psp-a-down-and-psp-a-down-[a-z0-9-]*[a-z0-9]$/)
    expect(`${name}-99`).toHaveLength(63)
  })

  it('asserts that a fault has a phase, and an object of a kind that is known', () => {
    const [phase] = planned(stock.rehearsal).phases
    const plan = (change: Partial<FaultSpec>) => () =>
      planFault({ ...stockFault, during: phase.name, ...change }, [phase], stock.target, 'run-1')
    expect(plan({})().name).toBe(stockFault.name)
    expect(plan({ during: 'encore' })).toThrow('fault psp-a down in an unknown phase was let through')
    const object = { ...stockFault.object, kind: 'MoonChaos' } as unknown as FaultSpec['object']
    expect(plan({ object })).toThrow('fault psp-a down of the unknown kind MoonChaos was let through')
  })

  it('asserts that an action has a phase', () => {
    const act = { kind: 'flag', configMap: 'features', key: 'promo', value: 'off' } as const
    const action = { name: 'off', during: 'encore', atMs: millis(0), act, expect: [], at }
    expect(() => planned({ ...stock.rehearsal, actions: [action] })).toThrow(
      'action off in an unknown phase was let through',
    )
  })

  it('shortens a long name by as little as objects for new pods need', () => {
    const name = planned({ ...stock.rehearsal, faults: [{ ...stockFault, name: 'x'.repeat(60) }] }).faults[0]?.object
      .metadata.name
    expect(name).toMatch(/^x{52}-[0-9a-z]{7}$/)
  })

  it('is the same for the same inputs, with other object names in another run', () => {
    expect(planned(stock.rehearsal)).toEqual(planned(stock.rehearsal))
    const other = planTimeline(stock.rehearsal, stock.target, { run: 'another', seed: 7 })
    expect(other.ok && other.value.faults[0]?.object.metadata.name).not.toBe(
      planned(stock.rehearsal).faults[0]?.object.metadata.name,
    )
  })
})

describe('the planned object', () => {
  it('has a seed derived from the run’s seed and the fault’s name', () => {
    const seedOf = (seed: number) => {
      const parsed = planTimeline(stock.rehearsal, stock.target, { run: 'run-1', seed })
      return parsed.ok ? parsed.value.faults[0]?.object.metadata.annotations?.[SEED_ANNOTATION] : undefined
    }
    expect(seedOf(7)).toMatch(/^\d+$/)
    expect(seedOf(7)).toBe(seedOf(7))
    expect(seedOf(7)).not.toBe(seedOf(8))
  })

  it('keeps the file’s selector where the provider is in the cluster', () => {
    const [fault] = planned(stock.rehearsal).faults
    expect(fault?.object.spec).toEqual({ ...stockFault.object.spec, duration: '35s' })
  })

  it('partitions the addresses of the target file if the provider is outside the cluster', () => {
    const outside = { ...stock.target, addresses: { 'psp-a': ['203.0.113.10/32', '203.0.113.11/32'] } }
    const spec = planned(stock.rehearsal, outside).faults[0]?.object.spec
    expect(spec).toMatchObject({
      externalTargets: ['203.0.113.10/32', '203.0.113.11/32'],
      selector: stockFault.object.spec.selector,
    })
    expect(spec).not.toHaveProperty('target')
  })

  it('gets the target’s namespace if the file names none', () => {
    const { namespace: _, ...metadata } = stockFault.object.metadata
    const open = { ...stock.rehearsal, faults: [{ ...stockFault, object: { ...stockFault.object, metadata } }] }
    expect(planned(open).faults[0]?.object.metadata.namespace).toBe('casino')
    const refused = planTimeline(open, { ...stock.target, namespace: 'bank' }, RUN)
    expect(refused.ok ? [] : refused.issues.map(formatIssue)).toEqual([
      'scenarios/psp-down-at-peak.rehearsal.yaml:23 fault-outside-blast-radius\n' +
        '  "psp-a down" (chaos/psp-down.yaml) reaches into the namespace bank, which the blast radius does not list.\n' +
        '  Next: add it to blastRadius in scenarios/psp-down-at-peak.rehearsal.yaml:17, or name other namespaces in chaos/psp-down.yaml.',
    ])
  })
})

describe('the load plan', () => {
  it('gives a union’s limits to its parts, which count slow responses by them', () => {
    expect(planned(stock.rehearsal).load.limits).toEqual({
      api: { targetMs: 250, ceilingMs: 400 },
      login: { targetMs: 250, ceilingMs: 400 },
      deposit: { targetMs: 250, ceilingMs: 400 },
      bet: { targetMs: 250, ceilingMs: 400 },
      'ws-rtt': { targetMs: 120, ceilingMs: 120 },
    })
  })

  it('gives no limits to parts that nothing feeds', () => {
    const { arrivals, ...load } = stock.rehearsal.load
    const { login: _, ...others } = arrivals
    expect(Object.keys(limitsOf({ ...stock.rehearsal, load: { ...load, arrivals: others } }))).toEqual([
      'api',
      'deposit',
      'bet',
      'ws-rtt',
    ])
  })

  it('scales the sockets with the phases', () => {
    const { sockets } = planned(stock.rehearsal).load
    expect(sockets?.stages.map(({ from, to }) => [from, to])).toEqual([
      [0, 100],
      [100, 100],
      [100, 250],
      [250, 250],
      [250, 100],
      [100, 100],
    ])
  })

  it('refuses rates that are too high for any generator', () => {
    const parsed = planTimeline(stock.rehearsal, { ...stock.target, loadFactor: 1_000_000 }, RUN)
    expect(parsed.ok ? [] : parsed.issues.map(({ code }) => code)).toEqual([
      'rate-too-high',
      'rate-too-high',
      'rate-too-high',
      'rate-too-high',
    ])
  })

  it('asserts that the run has a name that Kubernetes and keys can carry', () => {
    expect(() => planTimeline(stock.rehearsal, stock.target, { run: 'Run 7', seed: 7 })).toThrow("can't name a run")
  })
})
