import { describe, expect, it, onTestFinished, vi } from 'vitest'
import { createSlots } from '../../src/platform/services/payments-api/slots.ts'

describe('slots of a provider', () => {
  it('admits and queues up to its limits, and refuses the rest at once', async () => {
    const slots = createSlots(2, 1)
    const first = await slots.acquire(1_000)
    expect(first.kind).toBe('slot')
    expect((await slots.acquire(1_000)).kind).toBe('slot')
    const waiting = slots.acquire(1_000)
    expect(slots.full()).toBe(true)
    expect((await slots.acquire(1_000)).kind).toBe('full')
    if (first.kind === 'slot') first.release()
    expect((await waiting).kind).toBe('slot')
  })

  it('adds up the time for which they are taken, a slot that is passed on included', async () => {
    vi.useFakeTimers({ toFake: ['performance', 'setTimeout', 'clearTimeout'] })
    onTestFinished(() => void vi.useRealTimers())
    const slots = createSlots(2, 1)
    vi.advanceTimersByTime(5_000)
    const first = await slots.acquire(1_000)
    await slots.acquire(1_000)
    vi.advanceTimersByTime(1_000)
    const waiting = slots.acquire(10_000)
    expect(slots.busySeconds()).toBe(2)
    if (first.kind === 'slot') first.release()
    const passed = await waiting
    vi.advanceTimersByTime(500)
    if (passed.kind === 'slot') passed.release()
    vi.advanceTimersByTime(250)
    expect(slots.busySeconds()).toBe(3.25)
  })

  it('serves the queue in order, and a slot released twice is one slot', async () => {
    const slots = createSlots(1, 5)
    const order: number[] = []
    const held = await slots.acquire(1_000)
    const waiting = [1, 2].map(async (n) => {
      const admission = await slots.acquire(1_000)
      order.push(n)
      return admission
    })
    if (held.kind === 'slot') {
      held.release()
      held.release()
    }
    const next = await waiting[0]
    await Promise.resolve()
    expect(order).toEqual([1])
    if (next?.kind === 'slot') next.release()
    await waiting[1]
    expect(order).toEqual([1, 2])
  })

  it('removes a call from the queue when its time is over', async () => {
    const slots = createSlots(1, 1)
    await slots.acquire(1_000)
    expect((await slots.acquire(5)).kind).toBe('expired')
    expect(slots.full()).toBe(false)
  })

  it('empties its queue when the provider is gone', async () => {
    const slots = createSlots(1, 3)
    await slots.acquire(1_000)
    const waiting = [slots.acquire(1_000), slots.acquire(1_000)]
    slots.flush()
    expect((await Promise.all(waiting)).map(({ kind }) => kind)).toEqual(['flushed', 'flushed'])
  })
})
