/**
 * Notices of a run that is under way are sent by a process of their own, as the live page is shown by one (live-child.ts): a receiver that is slow, or a
 * TLS handshake, must not delay the controller. The child gets a line when the run is over; a pipe that ends without one means that its run was killed.
 */
import { spawn } from 'node:child_process'
import { setPriority } from 'node:os'
import { createInterface } from 'node:readline'
import { setTimeout as sleep } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import { exitCodes } from '../domain/verdict.ts'
import { followRun } from '../notify/notify-run.ts'
import { configuredWebhooks, outstandingLines, reportedVerdict } from './notices.ts'
import { onStderr, say, term } from './terminal.ts'

const OVER = 'over'
/** How long the end of a run waits for receivers, and how long a killed run goes on trying. */
const GRACE_MS = 10_000
/** Longer waiting is said. */
const SILENT_MS = 1500
/** A child that does not end by itself after that is stopped. */
const STOP_MS = 2000

export type NoticeChild = {
  /** The journal is open. Does nothing where no webhook is configured. */
  start(): void
  /** The run is over and judged. Waits for the notices to arrive, for some seconds at most. */
  end(): Promise<void>
}

export function noticesOf(folder: string): NoticeChild {
  let child: { end(): Promise<void> } | undefined
  return {
    start() {
      if (configuredWebhooks().length > 0) child ??= started(folder)
    },
    end: async () => child?.end(),
  }
}

/** If it cannot start, that is no reason to end the run. */
function started(folder: string): { end(): Promise<void> } {
  const command = fileURLToPath(new URL('bin.mjs', import.meta.url))
  const args = [command, 'notify', folder, '--attached']
  const child = spawn(process.execPath, args, { stdio: ['pipe', 'pipe', 'inherit'] })
  const ended = new Promise<void>((resolve) => {
    child.on('exit', () => resolve())
    child.on('error', (error) => {
      say(term`${onStderr('yellow', 'no notifications')}: ${error.message}`)
      resolve()
    })
  })
  child.stdin.on('error', () => undefined)
  createInterface({ input: child.stdout }).on('line', (line) => say(term`${line}`))
  return {
    async end() {
      child.stdin.end(`${OVER}\n`)
      const waited = new AbortController()
      const within = (ms: number) => sleep(ms, undefined, { signal: waited.signal })
      const late = within(GRACE_MS + STOP_MS).catch(() => undefined)
      // The verdict is printed: whoever waits for the prompt learns why it does not come.
      within(SILENT_MS).then(
        () => say(term`notifications: waiting up to ${GRACE_MS / 1000} s for their receivers`),
        () => undefined,
      )
      await Promise.race([ended, late])
      waited.abort()
      child.kill()
    },
  }
}

/** The child's end. A terminal sends Ctrl-C to all of its processes: the run decides when this one ends. */
export async function notifyForRun(folder: string): Promise<number> {
  for (const name of ['SIGINT', 'SIGHUP'] as const) process.on(name, () => undefined)
  process.stdout.on('error', () => undefined)
  // On a busy machine the load generator and the controller go first.
  setPriority(5)
  const following = followRun(folder, configuredWebhooks())
  // A killed run was not judged. `heal` and `matchday notify` tell its verdict.
  const verdict = (await runIsOver()) ? reportedVerdict(folder) : undefined
  const left = await following.end(verdict, GRACE_MS)
  for (const line of outstandingLines(folder, left)) process.stdout.write(`${line.text}\n`)
  return exitCodes.pass
}

/** False when the pipe ended without a word. */
async function runIsOver(): Promise<boolean> {
  for await (const line of createInterface({ input: process.stdin })) if (line === OVER) return true
  return false
}
