import { Counter, Registry } from 'prom-client'
import { describe, expect, it } from 'vitest'
import { createLane, type PspLane } from '../../src/platform/services/payments-api/lane.ts'
import type { ChargeOutcome, Psp } from '../../src/platform/services/payments-api/psp.ts'

/** A provider whose answers the test gives by hand, in the order of the calls. */
function provider() {
  const calls: ((outcome: ChargeOutcome) => void)[] = []
  const psp: Psp = {
    name: 'psp-x',
    charge: () => new Promise((resolve) => calls.push(resolve)),
    find: async () => 'none',
    voidCharge: async () => true,
  }
  const charges = new Counter({
    name: 'charges',
    help: '-',
    labelNames: ['psp', 'outcome'],
    registers: [new Registry()],
  })
  const tried = new Counter({ name: 'calls', help: '-', labelNames: ['psp'], registers: [new Registry()] })
  const breaker = { enabled: true, failuresToOpen: 2, openMs: 1_000, openMaxMs: 1_000 }
  const config = { slots: 2, queue: 5, timeoutMs: 600, retries: 0, breaker }
  return { calls, lane: createLane(psp, config, { charges, calls: tried }) }
}

const unknown: ChargeOutcome = { kind: 'unknown', reason: 'timed out' }
const settled = () => new Promise((resolve) => setImmediate(resolve))

function charge(lane: PspLane, budgetMs = 1_700) {
  const permit = lane.enter()
  if (permit === undefined) throw new Error('refused')
  return lane.charge(permit, { key: 'k', amountCents: 1, trace: 't', budgetMs })
}

describe('the lane to a provider', () => {
  it('starts no queued call while it is unclear whether the provider is gone', async () => {
    const { lane, calls } = provider()
    const outcomes = [1, 2, 3, 4].map(() => charge(lane))
    await settled()
    calls[0]?.(unknown)
    await settled()
    expect(calls.length).toBe(2)
    calls[1]?.(unknown)
    expect((await Promise.all(outcomes)).map(({ kind }) => kind)).toEqual(['unknown', 'unknown', 'open', 'open'])
    expect(calls.length).toBe(2)
  })

  it('continues with the queue when the other call succeeded', async () => {
    const { lane, calls } = provider()
    const outcomes = [1, 2, 3, 4].map(() => charge(lane))
    await settled()
    calls[0]?.(unknown)
    calls[1]?.({ kind: 'approved' })
    await settled()
    expect(calls.length).toBe(4)
    calls[2]?.({ kind: 'approved' })
    calls[3]?.({ kind: 'approved' })
    expect((await Promise.all(outcomes)).map(({ kind }) => kind)).toEqual([
      'unknown',
      'approved',
      'approved',
      'approved',
    ])
  })

  it('does not count a timeout against the provider that its own time budget caused', async () => {
    const { lane, calls } = provider()
    const outcomes = [charge(lane, 300), charge(lane, 300)]
    await settled()
    for (const call of calls) call(unknown)
    await Promise.all(outcomes)
    expect(lane.breaker.state(performance.now())).toBe('closed')
  })

  it('does not start a charge without enough time left', async () => {
    const { lane, calls } = provider()
    expect((await charge(lane, 100)).kind).toBe('busy')
    expect(calls.length).toBe(0)
  })
})
