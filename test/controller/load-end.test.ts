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
const profiles = [{ name: 'browse', stages: [stage(10_000, 1), stage(30_000, 0)] as const }]
const outside = { drainMs: seconds(1) } as unknown as NonNullable<Timeline['load']['outside']>
const sockets = { lifetimeMs: seconds(5), stages: [stage(40_000, 3)], sli: 'push' }

type Load = Partial<Timeline['load']>

/** What a load stops the run for, and the second in which the wait is over. */
async function waited(fromSecond: number, isOver: Promise<void>, stopLoad: () => void, last: LoadEnd, load: Load) {
  let nowMs = fromSecond * 1000
  const clock: Clock = {
    now: () => instant(nowMs),
    // The controller waits until this deadline only if the load hangs, and aborts the wait when the load ends.
    until: (at, signal) =>
      new Promise((resolve, reject) => {
        signal?.addEventListener('abort', () => reject(new Error('aborted')))
        setTimeout(() => {
          if (signal?.aborted) return
          nowMs = Math.max(nowMs, at)
          resolve()
        }, 20)
      }),
  }
  const stops: string[] = []
  const timeline = { totalMs: seconds(40), load: { profiles, ...load } } as unknown as Timeline
  const running = { instance: 'i', zeroAt: instant(0), ended: isOver, stop: async () => stopLoad() }
  await runLoad(
    clock,
    timeline,
    running,
    () => last,
    (by, reason) => stops.push(`${by}: ${reason}`),
    new AbortController().signal,
  )
  return { stops, second: nowMs / 1000 }
}

/** A load that ends in this way, at this second. */
const ended = (atSecond: number, outcome: LoadEnd['outcome'], load: Load = {}, more: Partial<LoadEnd> = {}) =>
  waited(
    atSecond,
    Promise.resolve(),
    () => {},
    { kind: 'ended', outcome, exitCode: outcome === 'completed' ? 0 : 137, problems: [], ...more },
    load,
  )

/** A load that ends only when it is stopped. */
function hanging(load: Load = {}) {
  const { promise, resolve } = Promise.withResolvers<void>()
  return waited(40, promise, resolve, { kind: 'ended', outcome: 'stopped', exitCode: 0, problems: [] }, load)
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

  it('stops the run if another profile had arrivals due', async () => {
    const busy = { name: 'order', stages: [stage(40_000, 1)] as const }
    expect((await ended(9, 'completed', { profiles: [...profiles, busy] })).stops).toEqual(EARLY)
  })

  it('stops the run if sockets should have stayed open', async () => {
    expect((await ended(38.9, 'completed', { sockets })).stops).toEqual(EARLY)
    expect((await ended(39, 'completed', { sockets })).stops).toEqual([])
  })
})

it('a load stops the run if it ends in any other way before the end of the plan', async () => {
  expect((await ended(38.9, 'crashed')).stops).toEqual(EARLY)
  expect((await ended(39, 'crashed')).stops).toEqual([])
})

it('the load of a script may end before the timeline does, but not by a crash', async () => {
  expect(await ended(9, 'completed', { outside })).toEqual({ stops: [], second: 9 })
  expect((await ended(9, 'crashed', { outside })).stops).toEqual(EARLY)
})

it('a load stops the run if k6 ended it for a threshold of the script', async () => {
  const missed = { metric: 'http_req_failed', expression: 'rate<0.01', ok: false, samples: 9, values: {} }
  const stopsFor = async (aborted: boolean) =>
    (await ended(40, 'stopped', { outside }, { thresholds: [{ ...missed, aborted }] })).stops
  expect(await stopsFor(true)).toEqual(['guardrail: guardrail threshold http_req_failed: rate<0.01 was missed'])
  expect(await stopsFor(false)).toEqual([])
})

it('a load that hangs is stopped after the plan, and after the longest wait of a script for its iterations', async () => {
  expect(await hanging()).toEqual({ stops: [], second: 55 })
  expect(await hanging({ outside: { ...outside, drainMs: seconds(30) } })).toEqual({ stops: [], second: 75 })
})
