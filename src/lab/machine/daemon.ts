/** What all daemons of the lab share: the flag `--lab`, the log, and when they stop (on a signal, or when the owner is gone). */

import { setTimeout as sleep } from 'node:timers/promises'
import { parseArgs } from 'node:util'
import { messageOf } from '../../domain/unknown.ts'

export type DaemonLog = (text: string) => void

export type Daemon = {
  readonly root: string
  readonly log: DaemonLog
  readonly stopping: AbortSignal
  /** `untilDone` of this daemon, which may start before the rest of the lab is up. @throws only when the daemon is stopping */
  untilDone<T>(what: string, act: () => T | Promise<T>): Promise<T>
  /** Ends the process when `serve` returns, or when it fails because the daemon is stopping. */
  run(serve: () => Promise<void>): Promise<never>
}

const AGAIN_MS = 500

/** Reads `--lab <root>`. The log goes to standard error, which the owner stores. The end of standard input means that the owner is gone. */
export function startDaemon(name: string): Daemon {
  const { values } = parseArgs({ options: { lab: { type: 'string' } } })
  if (values.lab === undefined) {
    process.stderr.write(`${name}: --lab <root> is missing\n`)
    process.exit(2)
  }
  const stop = new AbortController()
  process.on('SIGTERM', () => stop.abort())
  process.on('SIGINT', () => stop.abort())
  process.stdin.on('end', () => stop.abort())
  process.stdin.on('error', () => stop.abort())
  process.stdin.resume()
  const log: DaemonLog = (text) => process.stderr.write(`${new Date().toISOString()} ${text}\n`)
  return {
    root: values.lab,
    log,
    stopping: stop.signal,
    untilDone: (what, act) => untilDone(what, act, log, stop.signal),
    run: async (serve) => {
      await serve().catch((error: unknown) => {
        if (!stop.signal.aborted) throw error
      })
      process.exit(0)
    },
  }
}

/** Retries until it works, and logs each problem once. @throws only when `stopping` is aborted */
export async function untilDone<T>(
  what: string,
  act: () => T | Promise<T>,
  log: DaemonLog,
  stopping?: AbortSignal,
): Promise<T> {
  let said = ''
  for (;;) {
    try {
      return await act()
    } catch (error) {
      const problem = messageOf(error)
      if (problem !== said) log(`${what}: ${problem}`)
      said = problem
      await sleep(AGAIN_MS, undefined, { signal: stopping })
    }
  }
}
