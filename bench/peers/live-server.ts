/** Runs the live page's server in its own process, like `matchday run --live`. It prints its addresses, then its CPU time twice a second. */
import { join } from 'node:path'
import { watchRun } from '../../src/live/watch-run.ts'

export type LiveTick = { readonly atMs: number; readonly cpuMs: number; readonly viewers: number }

const [folder = ''] = process.argv.slice(2)
const watched = await watchRun({ folder, journal: join(folder, 'journal.ndjson'), port: 0 })
console.log(JSON.stringify(watched.urls))
setInterval(() => {
  const { user, system } = process.cpuUsage()
  const tick: LiveTick = { atMs: performance.now(), cpuMs: (user + system) / 1000, viewers: watched.viewers }
  console.log(JSON.stringify(tick))
}, 500)
