import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { createTriggers } from '../../src/controller/triggers.ts'
import type { Evidence, TriggerStep } from '../../src/domain/evidence.ts'
import type { PlannedFault } from '../../src/domain/timeline.ts'
import type { Trigger } from '../../src/domain/trigger.ts'
import { instant, millis } from '../../src/domain/units.ts'
import { timeline } from '../support/evidence.ts'
import { pod, rollout, scraped, target, triggers, wants } from '../support/triggers.ts'
import { virtualClock } from '../support/virtual-clock.ts'

const [stock] = timeline.faults
if (stock === undefined) throw new Error('the stock run has a fault')
const [ARMED, DEADLINE] = [10_000, 20_000]
const waiting = (trigger: Trigger): PlannedFault => ({
  ...stock,
  fromMs: millis(ARMED),
  toMs: millis(DEADLINE + 5000),
  trigger: { trigger, byMs: millis(DEADLINE), forMs: millis(5000) },
})

/** Plays the records at their times, and returns when the fault begins. Stops the run at `stopAt`. */
async function played(trigger: Trigger, records: readonly Evidence[], stopAt?: number) {
  const clock = virtualClock(0)
  const fault = waiting(trigger)
  const all = createTriggers(clock, target, { faults: [fault], actions: [] })
  const steps: TriggerStep[] = []
  const stopping = new AbortController()
  let begunAt: number | undefined
  const begins = all
    .fire(fault, instant(0), (step) => steps.push(step), stopping.signal)
    .then(
      (at) => {
        begunAt = at === undefined ? undefined : clock.now()
        return at
      },
      () => 'stopped' as const,
    )
  for (const record of [...records].sort((a, b) => a.at - b.at)) {
    if (stopAt !== undefined && record.at >= stopAt) break
    await clock.advanceTo(record.at)
    all.see(record)
    await clock.advanceTo(record.at)
  }
  if (stopAt !== undefined) {
    await clock.advanceTo(stopAt)
    stopping.abort(new Error('enough'))
  }
  await clock.advanceTo(30_000)
  return { begins: await begins, begunAt, steps }
}

describe('a triggered fault', () => {
  it('begins when its trigger fires, and says what was read and when', async () => {
    const { begins, steps } = await played(triggers.autoscaler, [wants(1000, 2), wants(12_000, 5)])
    expect(begins).toBe(12_000)
    expect(steps).toEqual([
      { is: 'armed', note: 'the autoscaler orders wants 2 pods' },
      { is: 'triggered', note: 'the autoscaler orders wants 5 pods, and wanted 2 before', readAt: 12_000 },
    ])
  })

  it('is not performed when its trigger comes after the deadline', async () => {
    const { begins, steps } = await played(triggers.autoscaler, [wants(1000, 2), wants(20_001, 5)])
    expect(begins).toBeUndefined()
    expect(steps.at(-1)).toEqual({ is: 'trigger-missed', note: 'the autoscaler orders wants 2 pods' })
  })

  it('says so when nothing was read of it', async () => {
    const { steps } = await played(triggers.gauge, [])
    expect(steps.map(({ note }) => note)).toEqual(['nothing was read of it', 'nothing was read of it'])
  })

  it('begins once, whatever comes after', async () => {
    const { steps } = await played(triggers.autoscaler, [wants(1000, 2), wants(12_000, 5), wants(13_000, 7)])
    expect(steps.map(({ is }) => is)).toEqual(['armed', 'triggered'])
  })

  it.each([
    ['before it is armed', 5000, []],
    ['while it is armed', 15_000, ['armed']],
  ])('ends without a further step when the run stops %s', async (_, stopAt, is) => {
    const told = await played(triggers.autoscaler, [wants(1000, 2), wants(16_000, 5)], stopAt)
    expect(told.begins).toBe('stopped')
    expect(told.steps.map((each) => each.is)).toEqual(is)
  })

  it('never begins before it is armed or after its deadline, whatever is read', async () => {
    const ms = fc.integer({ min: 0, max: 30_000 })
    const few = fc.integer({ min: 0, max: 6 })
    const value = fc.oneof(fc.integer({ min: 0, max: 200 }), fc.constant(Number.NaN), fc.constant('no answer'))
    const record = fc.oneof(
      fc.tuple(ms, few).map(([at, n]) => wants(at, n)),
      fc.tuple(ms, few, few).map(([at, updated, current]) => rollout(at, updated, current)),
      fc.tuple(ms, fc.boolean(), few).map(([at, ready, n]) => pod(at, { ready, name: `orders-${n % 2}` })),
      fc.tuple(ms, value).map(([at, read]) => scraped(at, read)),
    )
    const any = fc.constantFrom<Trigger>(...Object.values(triggers))
    await fc.assert(
      fc.asyncProperty(any, fc.array(record, { maxLength: 40 }), async (trigger, records) => {
        const { begins, begunAt, steps } = await played(trigger, records)
        expect(steps.map(({ is }) => is)).toEqual(['armed', begins === undefined ? 'trigger-missed' : 'triggered'])
        if (begins === undefined) return
        expect(begunAt).toBeGreaterThanOrEqual(ARMED)
        expect(begunAt).toBeLessThanOrEqual(DEADLINE)
      }),
      { numRuns: 200 },
    )
  })
})
