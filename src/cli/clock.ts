/** The real clock: wall time that never runs backwards, because it is the start of the process plus monotonic time since. */
import { setTimeout as sleep } from 'node:timers/promises'
import type { Clock } from '../controller/ports.ts'
import { instant } from '../domain/units.ts'

/** The limit of setTimeout is 2^31 ms; steps of a day are far below it. */
const LONGEST_STEP_MS = 86_400_000

export const systemClock: Clock = {
  now: () => instant(performance.timeOrigin + performance.now()),
  until: async (at, signal) => {
    for (;;) {
      signal?.throwIfAborted()
      const wait = at - systemClock.now()
      if (wait <= 0) return
      await sleep(Math.min(wait, LONGEST_STEP_MS), undefined, signal ? { signal } : {})
    }
  },
}
