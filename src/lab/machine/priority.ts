import { readFileSync, writeFileSync } from 'node:fs'
import { setPriority } from 'node:os'
import { setTimeout as sleep } from 'node:timers/promises'

/** nice(1) of containers. Weight 335 beside the 1,024 of processes at 0 (sched(7)). */
export const CONTAINER_NICE = 5
/** The kernel lets plain users change the priority of one session in 100 ms, over all of them. */
const RETRY_MS = 150
const TRIES = 40

/**
 * Containers yield on a full machine: load generator, controller and control plane share it with them, and a late generator makes a
 * run inconclusive. Where the kernel groups processes by session (sched(7), "The autogroup feature"), the group has a priority of its own. `pid` must lead
 * its session. Best effort: a priority that cannot be set stays as it is, and a process that has ended is left alone.
 */
export async function yieldCpu(pid: number, nice = CONTAINER_NICE): Promise<void> {
  try {
    setPriority(pid, nice)
  } catch {
    // It has ended, or has another user's identity by now.
  }
  for (let tried = 0; tried < TRIES; tried++) {
    const problem = setSessionPriority(pid, nice)
    if (problem !== 'EAGAIN') return
    await sleep(RETRY_MS, undefined, { ref: false })
  }
}

function setSessionPriority(pid: number, nice: number): string | undefined {
  const file = `/proc/${pid}/autogroup`
  try {
    // Empty where the kernel has the feature but the process has no session of its own.
    if (readFileSync(file, 'utf8') !== '') writeFileSync(file, String(nice))
    return undefined
  } catch (error) {
    return (error as NodeJS.ErrnoException).code
  }
}
