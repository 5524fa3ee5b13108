/** Identifies a process so that its death can be detected: kernel, PID namespace, pid and start time (pids are reused, start times are not). */
import { readFileSync, readlinkSync } from 'node:fs'
import { hostname } from 'node:os'
import { parseProcessStat } from '../../protocols/linux/process-stat.ts'

function startTicks(pid: number): string | undefined {
  try {
    return parseProcessStat(readFileSync(`/proc/${pid}/stat`, 'utf8'))?.startTicks.toString()
  } catch {
    return undefined // there is no such process, or no /proc
  }
}

const known = (read: () => string): string => {
  try {
    return read().trim()
  } catch {
    return '?'
  }
}

/** The kernel's boot id, and the PID namespace that this process can see. */
const bootId = (): string => known(() => readFileSync('/proc/sys/kernel/random/boot_id', 'utf8'))
const pidNamespace = (): string => known(() => readlinkSync('/proc/self/ns/pid'))

export const thisOwner = (): string =>
  [hostname(), bootId(), process.pid, startTicks(process.pid) ?? '?', pidNamespace()].join('/')

/**
 * True only if the owner ran in this process's PID namespace and is certainly gone. An owner on another machine, in another container or before a
 * reboot is unknown: false.
 */
export function isDeadHere(owner: string): boolean {
  const [, boot, pid, ticks, namespace] = owner.split('/')
  if (pid === undefined || ticks === undefined || ticks === '?') return false
  if (boot !== bootId() || boot === '?' || namespace !== pidNamespace() || namespace === '?') return false
  return startTicks(Number(pid)) !== ticks
}
