/** A process named so that it can be told dead later: machine, pid and start time (pids are used again, start times are not). */
import { readFileSync } from 'node:fs'
import { hostname } from 'node:os'
import { parseProcessStat } from '../../protocols/linux/process-stat.ts'

function startTicks(pid: number): string | undefined {
  try {
    return parseProcessStat(readFileSync(`/proc/${pid}/stat`, 'utf8'))?.startTicks.toString()
  } catch {
    return undefined // there is no such process, or no /proc
  }
}

/** The boot id keeps a rebooted machine from mistaking its new processes for old ones. */
function bootId(): string {
  try {
    return readFileSync('/proc/sys/kernel/random/boot_id', 'utf8').trim()
  } catch {
    return 'unknown'
  }
}

export const thisOwner = (): string => [hostname(), bootId(), process.pid, startTicks(process.pid) ?? '?'].join('/')

/** True only when the owner ran on this machine and is certainly gone; false when it lives or cannot be known. */
export function isDeadHere(owner: string): boolean {
  const [host, boot, pid, ticks] = owner.split('/')
  if (host !== hostname() || pid === undefined || ticks === undefined || ticks === '?') return false
  return boot !== bootId() || startTicks(Number(pid)) !== ticks
}
