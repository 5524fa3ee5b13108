/**
 * A process beside a run, whose work must not delay the controller. Both ends stand here: the child gets a line when the run is over; a pipe that ends
 * without one means that its run was killed.
 */
import { spawn } from 'node:child_process'
import { setPriority } from 'node:os'
import { createInterface } from 'node:readline'
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

/** Starts `matchday WORDS --attached` and shows what it prints. A child that cannot start is no reason to end the run; `without` says what is missing then. */
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

/** For the child's end. A terminal sends Ctrl-C to all of its processes: the run decides when this one ends. */
export function attachToRun(): void {
  for (const name of ['SIGINT', 'SIGHUP'] as const) process.on(name, () => undefined)
  // On a busy machine the load generator and the controller go first.
  setPriority(5)
}

/** False when the pipe ended without a word. */
export async function runIsOver(): Promise<boolean> {
  for await (const line of createInterface({ input: process.stdin })) if (line === OVER) return true
  return false
}
