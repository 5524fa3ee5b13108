/**
 * The cost of matchday itself while derby-day runs on the lab: CPU and memory of the controller's process (receiver, watches,
 * scrapes, journal), k6 and the lab not counted, and the size of the journal. It must not disturb what it measures.
 */
import { readFileSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { parseProcessStat } from '../src/protocols/linux/process-stat.ts'
import { startRun, testLab } from '../test/support/lab.ts'

const GOAL_CORES = 0.1
const GOAL_MB = 300

export async function bench(): Promise<{ name: string; goal: string; figure: string; met: boolean }[]> {
  const lab = await testLab()
  try {
    const run = startRun(lab, 'scenarios/derby-day.rehearsal.yaml', '--quiet')
    const started = await run.until((record) => record.kind === 'load-started')
    const before = cpuSecondsOf(run.pid)
    let last = { cpuSeconds: before, at: started.at, rssMb: 0 }
    const beat = setInterval(() => {
      last = {
        cpuSeconds: cpuSecondsOf(run.pid),
        at: Date.now() as typeof started.at,
        rssMb: Math.max(last.rssMb, rssMbOf(run.pid)),
      }
    }, 1000)
    await run.until((record) => record.kind === 'load-ended')
    clearInterval(beat)
    await run.ended
    const cores = (last.cpuSeconds - before) / ((last.at - started.at) / 1000)
    const journalMb = statSync(join(run.folder(), 'journal.ndjson')).size / 2 ** 20
    return [
      {
        name: 'controller over derby-day',
        goal: `<= ${GOAL_CORES} core, <= ${GOAL_MB} MB`,
        figure: `${cores.toFixed(3)} core, ${last.rssMb.toFixed(0)} MB, journal ${journalMb.toFixed(1)} MB`,
        met: cores <= GOAL_CORES && last.rssMb <= GOAL_MB,
      },
    ]
  } finally {
    await lab.down()
  }
}

const cpuSecondsOf = (pid: number): number =>
  (parseProcessStat(readFileSync(`/proc/${pid}/stat`, 'utf8'))?.cpuTicks ?? 0) / 100

const rssMbOf = (pid: number): number =>
  Number(/VmRSS:\s+(\d+)/.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1] ?? 0) / 1024
