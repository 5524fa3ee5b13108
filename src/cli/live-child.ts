/**
 * The live page of `matchday run --live` is a process of its own: drawing for viewers must not delay the controller, and the page must still say what
 * happened when the controller was killed. The two ends of it stand here. The child gets a line when the run is over; a pipe that ends without one
 * means that its run was killed.
 */
import { spawn } from 'node:child_process'
import { setPriority } from 'node:os'
import { createInterface } from 'node:readline'
import { setTimeout as sleep } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import { exitCodes } from '../domain/verdict.ts'
import { type WatchOptions, watchRun } from '../live/watch-run.ts'
import { onStderr, say, term } from './terminal.ts'

const OVER = 'over'

export type LiveChild = { end(): Promise<void> }

/** Starts the page beside this process and says its addresses. A page that cannot start is no reason to end the run. */
export function startLivePage(folder: string, port: string | undefined): LiveChild {
  const command = fileURLToPath(new URL('bin.mjs', import.meta.url))
  const args = [command, 'live', folder, '--attached', ...(port === undefined ? [] : ['--port', port])]
  const child = spawn(process.execPath, args, { stdio: ['pipe', 'pipe', 'inherit'] })
  const ended = new Promise<void>((resolve) => {
    child.on('exit', () => resolve())
    child.on('error', (error) => {
      say(term`${onStderr('yellow', 'no live page')}: ${error.message}`)
      resolve()
    })
  })
  child.stdin.on('error', () => undefined)
  createInterface({ input: child.stdout }).on('line', (line) => say(term`${line}`))
  return {
    async end() {
      child.stdin.end(`${OVER}\n`)
      await Promise.race([ended, sleep(5_000, undefined, { ref: false })])
      child.kill()
    },
  }
}

/** How long the page of a killed run stays when nobody looks at it. */
const ORPHAN_MS = 60_000

/** The child's end. A terminal sends Ctrl-C to all of its processes: the run decides when the page ends. */
export async function watchForRun(watching: WatchOptions): Promise<number> {
  for (const name of ['SIGINT', 'SIGHUP'] as const) process.on(name, () => undefined)
  // On a busy machine the load generator and the controller go first.
  setPriority(5)
  const watched = await watchRun(watching)
  process.stdout.write(`live page      ${watched.urls.act}\nread-only page ${watched.urls.watch}\n`)
  const unread = watched.over.catch((error: unknown) => process.stderr.write(`live page: ${String(error)}\n`))
  void unread
  if (!(await runIsOver())) await nobodyLooks(() => watched.viewers)
  await watched.close()
  return exitCodes.pass
}

/** False when the pipe ended without a word. */
async function runIsOver(): Promise<boolean> {
  for await (const line of createInterface({ input: process.stdin })) if (line === OVER) return true
  return false
}

async function nobodyLooks(viewers: () => number): Promise<void> {
  for (let lookedAt = performance.now(); performance.now() - lookedAt < ORPHAN_MS; await sleep(1000))
    if (viewers() > 0) lookedAt = performance.now()
}
