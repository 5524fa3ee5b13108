/**
 * A process beside a run, whose work must not delay the controller. This file has the parent's side and the child's side. The child gets a line when
 * the run is over; a pipe that closes without this line means that the run was killed.
 */
import { spawn } from 'node:child_process'
import { setPriority } from 'node:os'
import { createInterface } from 'node:readline'
import { setTimeout as sleep } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import { onStderr, say, term } from './terminal.ts'

const OVER = 'over'

export type AttachedChild = {
  /** Resolves when the child has ended, or could not start. */
  readonly ended: Promise<void>
  /** Tells the child that the run is over. */
  over(): void
  kill(): void
}

/** Starts `matchday WORDS --attached` and shows what it prints. The run goes on if the child cannot start; `without` names what is missing then. */
export function attachedChild(words: readonly string[], without: string): AttachedChild {
  const command = fileURLToPath(new URL('bin.mjs', import.meta.url))
  const child = spawn(process.execPath, [command, ...words, '--attached'], { stdio: ['pipe', 'pipe', 'inherit'] })
  const ended = new Promise<void>((resolve) => {
    child.on('exit', () => resolve())
    child.on('error', (error) => {
      say(term`${onStderr('yellow', without)}: ${error.message}`)
      resolve()
    })
  })
  child.stdin.on('error', () => undefined)
  createInterface({ input: child.stdout }).on('line', (line) => say(term`${line}`))
  return { ended, over: () => void child.stdin.end(`${OVER}\n`), kill: () => void child.kill() }
}

/** How long the end of a run waits for receivers, and how long a killed run goes on trying. */
export const GRACE_MS = 10_000
/** A longer wait is shown at the prompt. */
const SILENT_MS = 1500
/** A child that does not end by itself after that is stopped. */
const STOP_MS = 2000

/** The run is over. Waits some seconds at most for the child to deliver the rest; `what` names it at the prompt. */
export async function endChild(child: AttachedChild, what: string): Promise<void> {
  child.over()
  const waited = new AbortController()
  const within = (ms: number) => sleep(ms, undefined, { signal: waited.signal })
  const late = within(GRACE_MS + STOP_MS).catch(() => undefined)
  within(SILENT_MS).then(
    () => say(term`${what}: waiting up to ${GRACE_MS / 1000} s for their receivers`),
    () => undefined,
  )
  await Promise.race([child.ended, late])
  waited.abort()
  child.kill()
}

/** The child's side. A terminal sends Ctrl-C to all of its processes, but the child ends only when the run does. */
export function attachToRun(): void {
  for (const name of ['SIGINT', 'SIGHUP'] as const) process.on(name, () => undefined)
  // On a busy machine the load generator and the controller go first.
  setPriority(5)
}

/** False if the pipe closed without the line. */
export async function runIsOver(): Promise<boolean> {
  for await (const line of createInterface({ input: process.stdin })) if (line === OVER) return true
  return false
}
