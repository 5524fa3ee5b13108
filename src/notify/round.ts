/**
 * One receiver's queue. Items are delivered in order and at least once: one that did not arrive is tried again with growing pauses, and those behind it
 * wait.
 */
import { setTimeout as sleep } from 'node:timers/promises'
import type { Attempt } from './post.ts'

export type RoundPace = {
  /** The pause after the first failure. It doubles with each further one, up to the longest. */
  readonly pauseMs: number
  readonly pauseMostMs: number
}

/** `refused`: items that the receiver will never take. `problem`: why the last attempt failed. */
export type RoundResult = {
  readonly sent: number
  readonly refused: number
  readonly outstanding: number
  readonly problem?: string
}

export type Round<T> = {
  add(item: T): void
  /** Waits until all have arrived, at most this long; then nothing is sent any more. */
  settle(graceMs: number): Promise<RoundResult>
}

export type RoundOf<T> = {
  deliver(item: T, signal: AbortSignal): Promise<Attempt>
  /** It arrived, or was refused for good. `more` waits behind it. Returns the time in ms to wait before the next one. */
  passed(item: T, more: boolean): number
}

export function createRound<T>({ deliver, passed }: RoundOf<T>, pace: RoundPace): Round<T> {
  const queue: T[] = []
  const ending = new AbortController()
  let hurry = new AbortController()
  let working: Promise<void> | undefined
  let [sent, refused, failures] = [0, 0, 0]
  let problem: string | undefined
  let isGone = false

  const pause = async (ms: number, isOrder: boolean): Promise<void> => {
    const signal = isOrder ? ending.signal : AbortSignal.any([ending.signal, hurry.signal])
    await sleep(ms, undefined, { signal }).catch(() => undefined)
  }
  const goOn = async (item: T): Promise<void> => {
    queue.shift()
    failures = 0
    const waitMs = passed(item, queue.length > 0)
    if (waitMs > 0) await pause(waitMs, true)
  }
  const tryOne = async (item: T): Promise<void> => {
    const attempt = await deliver(item, ending.signal)
    if (attempt.ok) {
      sent += 1
      problem = refused > 0 ? problem : undefined
      return goOn(item)
    }
    if (ending.signal.aborted) return
    problem = attempt.problem
    if (attempt.isRefused) {
      refused += 1
      return goOn(item)
    }
    failures += 1
    isGone = attempt.isGone === true
    // A pause that the receiver asks for is kept, even when time is short.
    if (!isGone) await pause(attempt.waitMs ?? pauseAfter(failures, pace), attempt.waitMs !== undefined)
  }
  const work = async (): Promise<void> => {
    for (let next = queue[0]; next !== undefined && !ending.signal.aborted && !isGone; next = queue[0])
      await tryOne(next)
    working = undefined
  }

  return {
    add(item) {
      queue.push(item)
      working ??= work()
    },
    async settle(graceMs) {
      failures = 0
      hurry.abort()
      hurry = new AbortController()
      const limit = new AbortController()
      const late = sleep(graceMs, undefined, { signal: limit.signal }).catch(() => undefined)
      await Promise.race([working, late])
      limit.abort()
      ending.abort()
      return { sent, refused, outstanding: queue.length, ...(problem === undefined ? {} : { problem }) }
    },
  }
}

/** Up to a fifth more or less, so that many runs do not come back at the same moment. */
const pauseAfter = (failures: number, { pauseMs, pauseMostMs }: RoundPace): number =>
  Math.min(pauseMostMs, pauseMs * 2 ** Math.min(failures - 1, 16)) * (0.8 + Math.random() * 0.4)
