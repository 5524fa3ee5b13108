/**
 * The live page of `matchday run --live` is a process of its own: drawing for viewers must not delay the controller, and the page must still say what
 * happened when the controller was killed.
 */
import { setTimeout as sleep } from 'node:timers/promises'
import { exitCodes } from '../domain/verdict.ts'
import { type WatchOptions, watchRun } from '../live/watch-run.ts'
import { attachedChild, attachToRun, runIsOver } from './attached-child.ts'

export type LiveChild = { end(): Promise<void> }

/** Starts the page beside this process and says its addresses. */
export function startLivePage(folder: string, port: string | undefined): LiveChild {
  const child = attachedChild(['live', folder, ...(port === undefined ? [] : ['--port', port])], 'no live page')
  return {
    async end() {
      child.over()
      await Promise.race([child.ended, sleep(5_000, undefined, { ref: false })])
      child.kill()
    },
  }
}

/** How long the page of a killed run stays when nobody looks at it. */
const ORPHAN_MS = 60_000

/** The child's side. */
export async function watchForRun(watching: WatchOptions): Promise<number> {
  attachToRun()
  const watched = await watchRun(watching)
  process.stdout.write(`live page      ${watched.urls.act}\nread-only page ${watched.urls.watch}\n`)
  const unread = watched.over.catch((error: unknown) => process.stderr.write(`live page: ${String(error)}\n`))
  void unread
  if (!(await runIsOver())) await nobodyLooks(() => watched.viewers)
  await watched.close()
  return exitCodes.pass
}

async function nobodyLooks(viewers: () => number): Promise<void> {
  for (let lookedAt = performance.now(); performance.now() - lookedAt < ORPHAN_MS; await sleep(1000))
    if (viewers() > 0) lookedAt = performance.now()
}
