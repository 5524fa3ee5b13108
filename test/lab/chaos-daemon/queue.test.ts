import { describe, expect, it, vi } from 'vitest'
import { createQueue } from '../../../src/lab/chaos-daemon/queue.ts'
import type { PassResult } from '../../../src/lab/chaos-daemon/reconcile.ts'
import type { ChaosObject } from '../../../src/protocols/chaos-mesh/objects.ts'

const key = { kind: 'PodChaos', namespace: 'ns', name: 'x' } as const
const version = (resourceVersion: string) => ({ metadata: { resourceVersion } }) as ChaosObject
const done = (resourceVersion: string, more: Partial<PassResult> = {}): PassResult => ({
  object: version(resourceVersion),
  wrote: false,
  failed: false,
  ...more,
})
const queueOf = (pass: () => Promise<PassResult>) => createQueue(pass, () => {})

describe('the queue', () => {
  it('runs again as long as a pass writes, then waits', async () => {
    const pass = vi
      .fn()
      .mockResolvedValueOnce(done('1', { wrote: true }))
      .mockResolvedValue(done('1'))
    const queue = queueOf(pass)
    queue.wake(key)
    await vi.waitFor(() => expect(pass).toHaveBeenCalledTimes(2))
    queue.seen(key, '1')
    await new Promise((resolve) => setTimeout(resolve, 20))
    expect(pass).toHaveBeenCalledTimes(2)
    queue.seen(key, '2')
    expect(pass).toHaveBeenCalledTimes(3)
    queue.stop()
  })

  it('never runs two passes of one experiment at once, and handles changes that arrive during a pass', async () => {
    let running = 0
    let most = 0
    const pass = vi.fn(async () => {
      running += 1
      most = Math.max(most, running)
      await new Promise((resolve) => setTimeout(resolve, 10))
      running -= 1
      return done('1')
    })
    const queue = queueOf(pass)
    queue.wake(key)
    queue.seen(key, '7')
    queue.wake(key)
    await vi.waitFor(() => expect(pass.mock.calls.length).toBeGreaterThanOrEqual(2))
    await new Promise((resolve) => setTimeout(resolve, 30))
    expect(most).toBe(1)
    queue.stop()
  })

  it('waits longer after each failure, although recording a failure changes the object', async () => {
    const times: number[] = []
    const pass = async () => {
      times.push(performance.now())
      return done(String(times.length), { wrote: true, failed: true })
    }
    const queue = queueOf(pass)
    queue.wake(key)
    await vi.waitFor(() => expect(times).toHaveLength(3), 10_000)
    queue.stop()
    const [first = 0, second = 0, third = 0] = times
    expect(second - first).toBeGreaterThan(180)
    expect(third - second).toBeGreaterThan(380)
  })

  it('stops when the object is gone, and starts for a new one of the same name', async () => {
    const gone: PassResult = { object: undefined, wrote: false, failed: false }
    const pass = vi.fn().mockResolvedValue(gone)
    const queue = queueOf(pass)
    queue.seen(key, '5')
    await new Promise((resolve) => setTimeout(resolve, 20))
    expect(pass).toHaveBeenCalledTimes(1)
    queue.seen(key, '9')
    await new Promise((resolve) => setTimeout(resolve, 20))
    expect(pass).toHaveBeenCalledTimes(2)
    queue.stop()
  })

  it('retries after a pass that threw', async () => {
    const pass = vi.fn().mockRejectedValueOnce(new Error('no connection')).mockResolvedValue(done('1'))
    const queue = queueOf(pass)
    queue.wake(key)
    await vi.waitFor(() => expect(pass).toHaveBeenCalledTimes(2), 2000)
    queue.stop()
  })

  it('runs when the duration ends, however long it is', async () => {
    const pass = vi
      .fn()
      .mockResolvedValueOnce(done('1', { wakeAtMs: Date.now() + 100 }))
      .mockResolvedValue(done('1', { wakeAtMs: Date.now() + 1e12 }))
    const queue = queueOf(pass)
    queue.wake(key)
    await new Promise((resolve) => setTimeout(resolve, 60))
    expect(pass).toHaveBeenCalledTimes(1)
    await vi.waitFor(() => expect(pass).toHaveBeenCalledTimes(2))
    await new Promise((resolve) => setTimeout(resolve, 60))
    expect(pass).toHaveBeenCalledTimes(2)
    queue.stop()
  })
})
