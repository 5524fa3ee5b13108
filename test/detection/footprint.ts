/** What a lab that stays up holds: its processes, their memory, and the objects that rehearsals could have left in it. */
import { readFileSync } from 'node:fs'
import { processFamilies } from '../../src/lab/machine/processes.ts'
import type { TestLab } from '../support/lab.ts'

export type Footprint = { readonly processes: number; readonly megabytes: number; readonly leftObjects: number }

/** Chaos objects of any kind, and the lock: what a run makes carries its label. */
const LABELLED = 'networkchaos,podchaos,httpchaos,dnschaos,lease'

export async function footprintOf(lab: TestLab): Promise<Footprint> {
  // Containers carry the folder of their files, which lies below the lab's root; everything else carries the lab's mark.
  const processes = processFamilies((entry) => entry.startsWith('MATCHDAY_') && entry.includes(`=${lab.root}`))
  const left = await lab.kubectl('get', LABELLED, '-A', '-l', 'matchday.dev/run', '-o', 'name')
  return {
    processes: processes.length,
    megabytes: Math.round(processes.reduce((sum, { pid }) => sum + proportionalKilobytes(pid), 0) / 1024),
    leftObjects: left.split('\n').filter((line) => line !== '').length,
  }
}

/** Shared pages count by share (proc_pid_smaps(5)), so that sums mean something. A process that has just gone holds nothing. */
function proportionalKilobytes(pid: number): number {
  try {
    return Number(/^Pss:\s+(\d+)/m.exec(readFileSync(`/proc/${pid}/smaps_rollup`, 'utf8'))?.[1] ?? 0)
  } catch {
    return 0
  }
}
