/** A clock that a test moves. Waits end in the order of their times, each before the clock goes on. */
import type { Clock } from '../../src/controller/ports.ts'
import { type Instant, instant } from '../../src/domain/units.ts'

export type VirtualClock = Clock & { advanceTo(at: number): Promise<void> }

type Waiting = { readonly at: number; readonly wake: () => void }

export function virtualClock(from: number): VirtualClock {
  let now = from
  const waiting = new Set<Waiting>()
  return {
    now: () => instant(now),
    until: (at: Instant, signal?: AbortSignal) =>
      new Promise((resolve, reject) => {
        if (signal?.aborted) return reject(signal.reason)
        if (at <= now) return resolve()
        const mine = { at, wake: () => resolve() }
        waiting.add(mine)
        signal?.addEventListener('abort', () => {
          waiting.delete(mine)
          reject(signal.reason)
        })
      }),
    async advanceTo(at) {
      for (;;) {
        const [next] = [...waiting].filter((each) => each.at <= at).sort((a, b) => a.at - b.at)
        if (next === undefined) break
        now = Math.max(now, next.at)
        waiting.delete(next)
        next.wake()
        await settled()
      }
      now = Math.max(now, at)
      await settled()
    },
  }
}

/** Everything that follows from what has happened so far, as promises do. */
const settled = (): Promise<void> => new Promise((resolve) => setImmediate(resolve))

/** Waits for the next look (a second at most) take no time, and move the clock. */
export function lookingClock(from: number): VirtualClock {
  const clock = virtualClock(from)
  return {
    ...clock,
    async until(until, signal) {
      if (until - clock.now() <= 1000) await clock.advanceTo(until)
      return clock.until(until, signal)
    },
  }
}
