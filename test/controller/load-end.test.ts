import { describe, expect, it } from 'vitest'
import { type LoadEnd, runLoad } from '../../src/controller/load-end.ts'
import type { Clock } from '../../src/controller/ports.ts'
import type { Timeline } from '../../src/domain/timeline.ts'
import { instant, millis, perSecond, seconds } from '../../src/domain/units.ts'

const stage = (durationMs: number, rate: number) => ({
  durationMs: millis(durationMs),
  from: perSecond(rate),
  to: perSecond(rate),
})
/** One arrival a second for ten seconds, and 30 seconds without load. */
const profiles = [{ name: 'browse', stages: [stage(10_000, 1), stage(30_000, 0)] }]
const sockets = { lifetimeMs: seconds(5), stages: [stage(40_000, 3)], sli: 'push' }

/** What a load that ends in this way, at this second, stops the run for, and the second in which the wait is over. */
async function ended(atSecond: number, outcome: LoadEnd['outcome'], load: Partial<Timeline['load']> = {}) {
  let nowMs = atSecond * 1000
  const clock: Clock = {
    now: () => instant(nowMs),
    // The deadline of a load that hangs is aborted before it comes.
    until: (at, signal) =>
      new Promise((resolve, reject) => {
        signal?.addEventListener('abort', () => reject(new Error('aborted')))
        setTimeout(() => {
          if (signal?.aborted) return
          nowMs = at
          resolve()
        }, 20)
      }),
  }
  const stops: string[] = []
  const timeline = { totalMs: seconds(40), load: { profiles, ...load } } as unknown as Timeline
  const running = { instance: 'i', zeroAt: instant(0), ended: Promise.resolve(), stop: async () => {} }
  const end = (): LoadEnd => ({ kind: 'ended', outcome, exitCode: outcome === 'completed' ? 0 : 137, problems: [] })
  await runLoad(
    clock,
    timeline,
    running,
    end,
    (by, reason) => stops.push(`${by}: ${reason}`),
    new AbortController().signal,
  )
  return { stops, second: nowMs / 1000 }
}

const EARLY = ['failure: the load generator ended before its plan did']

describe('a load that is complete', () => {
  it('may end after its last arrival: the run goes on to the end of the plan', async () => {
    expect(await ended(9, 'completed')).toEqual({ stops: [], second: 40 })
    expect(await ended(40, 'completed')).toEqual({ stops: [], second: 40 })
  })

  it('stops the run if arrivals were still due', async () => {
    expect((await ended(8.9, 'completed')).stops).toEqual(EARLY)
  })

  it('stops the run if sockets should have stayed open', async () => {
    expect((await ended(38.9, 'completed', { sockets })).stops).toEqual(EARLY)
    expect((await ended(39, 'completed', { sockets })).stops).toEqual([])
  })
})

it('stops the run if it ends in any other way before the end of the plan', async () => {
  expect((await ended(38.9, 'crashed')).stops).toEqual(EARLY)
  expect((await ended(39, 'crashed')).stops).toEqual([])
})
