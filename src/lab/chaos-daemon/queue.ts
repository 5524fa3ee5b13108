/**
 * One runner per experiment. Passes never overlap. They repeat while they change something, and after a failure with a delay that doubles.
 * Changes that this daemon wrote do not wake the runner; all others do, at once.
 */

import { messageOf } from '../../domain/unknown.ts'
import type { DaemonLog } from '../machine/daemon.ts'
import type { ExperimentKey } from './paths.ts'
import type { PassResult } from './reconcile.ts'

export type Queue = {
  wake(key: ExperimentKey): void
  /** Reports an object from the watch. */
  seen(key: ExperimentKey, resourceVersion: string | undefined): void
  stop(): void
}

const FIRST_PAUSE_MS = 200
const LONGEST_PAUSE_MS = 10_000
// A duration is over only when it is exceeded, so the timer fires slightly after its end.
const WAKE_LATE_MS = 5
// setTimeout fires at once beyond 2^31 - 1 ms. A longer wait is split.
const TIMER_MAX_MS = 2_147_483_647

type Runner = {
  readonly key: ExperimentKey
  running: boolean
  again: boolean
  pauseMs: number
  /** Versions that this daemon wrote and that the watch showed. Kubernetes guarantees that they can be compared as numbers. */
  written: number
  seen: number
  timer: NodeJS.Timeout | undefined
}

export function createQueue(pass: (key: ExperimentKey) => Promise<PassResult>, log: DaemonLog): Queue {
  const runners = new Map<string, Runner>()
  let stopped = false
  const runnerOf = (key: ExperimentKey): Runner => {
    const name = nameOf(key)
    const known = runners.get(name)
    if (known !== undefined) return known
    const fresh = { key, running: false, again: false, pauseMs: FIRST_PAUSE_MS, written: 0, seen: 0, timer: undefined }
    runners.set(name, fresh)
    return fresh
  }

  const later = (runner: Runner, waitMs: number): void => {
    runner.timer = setTimeout(() => wake(runner), Math.min(Math.max(waitMs, 0), TIMER_MAX_MS))
  }

  const settle = (runner: Runner, result: PassResult, seenBefore: number): void => {
    // If the object is gone, only a version seen during the pass can be new: another object of the same name.
    runner.written = result.object === undefined ? seenBefore : Number(result.object.metadata.resourceVersion)
    if (runner.seen > runner.written) runner.again = true
    if (result.failed) {
      later(runner, runner.pauseMs)
      runner.pauseMs = Math.min(runner.pauseMs * 2, LONGEST_PAUSE_MS)
      return
    }
    if (result.wrote) runner.pauseMs = FIRST_PAUSE_MS
    if (result.object === undefined && !runner.again) runners.delete(nameOf(runner.key))
    else if (result.wrote) runner.again = true
    else if (result.wakeAtMs !== undefined) later(runner, result.wakeAtMs - Date.now() + WAKE_LATE_MS)
  }

  const run = async (runner: Runner): Promise<void> => {
    runner.running = true
    do {
      runner.again = false
      clearTimeout(runner.timer)
      try {
        const { seen } = runner
        settle(runner, await pass(runner.key), seen)
      } catch (error) {
        log(`${nameOf(runner.key)}: ${messageOf(error)}`)
        later(runner, runner.pauseMs)
        runner.pauseMs = Math.min(runner.pauseMs * 2, LONGEST_PAUSE_MS)
      }
    } while (runner.again && !stopped)
    runner.running = false
  }

  const wake = (runner: Runner): void => {
    if (stopped) return
    if (runner.running) runner.again = true
    else void run(runner)
  }

  return {
    wake: (key) => wake(runnerOf(key)),
    seen(key, resourceVersion) {
      const runner = runnerOf(key)
      runner.seen = Number(resourceVersion ?? 0)
      if (!runner.running && runner.seen > runner.written) wake(runner)
    },
    stop() {
      stopped = true
      for (const { timer } of runners.values()) clearTimeout(timer)
    },
  }
}

const nameOf = ({ kind, namespace, name }: ExperimentKey): string => `${kind} ${namespace}/${name}`
