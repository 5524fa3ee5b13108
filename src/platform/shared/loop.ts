/** A task that repeats until it is stopped: never twice at once, and a failure is logged, not fatal. */
import { messageOf } from '../../domain/unknown.ts'
import type { Log } from './log.ts'

export type Loop = {
  /** Runs the task soon instead of at its next turn; once more if it is running. */
  nudge(): void
  /** Resolves when the task is not running and will not run again. */
  stop(): Promise<void>
}

export function repeat(log: Log, name: string, everyMs: number, task: () => Promise<void>): Loop {
  let stopped = false
  let timer: NodeJS.Timeout | undefined
  let running: Promise<void> | undefined
  let nudged = false

  function schedule(waitMs: number): void {
    if (stopped) return
    clearTimeout(timer)
    timer = setTimeout(() => {
      running = once()
    }, waitMs)
  }

  async function once(): Promise<void> {
    nudged = false
    try {
      await task()
    } catch (thrown) {
      log.warn(`${name} failed, will be tried again`, { reason: messageOf(thrown) })
    } finally {
      running = undefined
      // Jitter keeps replicas from waking in step.
      schedule(nudged ? 0 : everyMs * (0.9 + Math.random() * 0.2))
    }
  }

  schedule(everyMs * Math.random())
  return {
    nudge: () => {
      // What it is to see may have come after it looked.
      if (running !== undefined) nudged = true
      else schedule(0)
    },
    stop: async () => {
      stopped = true
      clearTimeout(timer)
      await running
    },
  }
}
