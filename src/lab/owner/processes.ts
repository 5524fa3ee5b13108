import { readdirSync, readFileSync } from 'node:fs'

/**
 * A process, named so that a recycled pid is never taken for it: `startTicks` is field 22 of /proc/PID/stat, the start time in clock
 * ticks since boot (proc_pid_stat(5)).
 */
export type ProcessId = { readonly pid: number; readonly startTicks: number }

/** Start time of a process, or undefined when there is none, or only a zombie that nobody has waited for yet. */
export function startTicksOf(pid: number): number | undefined {
  const stat = readIfThere(`/proc/${pid}/stat`)
  if (stat === undefined) return undefined
  // The command name is in parentheses and may itself contain spaces and parentheses: count from the last one.
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ')
  if (fields[0] === 'Z' || fields[0] === 'X') return undefined
  const ticks = Number(fields[19])
  return Number.isFinite(ticks) ? ticks : undefined
}

export const isAlive = (id: ProcessId): boolean => startTicksOf(id.pid) === id.startTicks

/** Every process whose environment holds `NAME=value`, this one excepted. Processes of other users can't be read and don't count. */
export function processesWithEnv(name: string, value: string): ProcessId[] {
  const wanted = `${name}=${value}`
  return listPids().flatMap((pid) => {
    const startTicks = startTicksOf(pid)
    const environ = startTicks === undefined ? undefined : readIfThere(`/proc/${pid}/environ`)
    return startTicks !== undefined && environ?.split('\0').includes(wanted) ? [{ pid, startTicks }] : []
  })
}

function listPids(): number[] {
  return readdirSync('/proc')
    .map(Number)
    .filter((pid) => Number.isInteger(pid) && pid > 1 && pid !== process.pid)
}

/** Sends a signal to exactly that process; false when it is gone already. */
export function signalProcess(id: ProcessId, signal: NodeJS.Signals): boolean {
  if (!isAlive(id)) return false
  try {
    process.kill(id.pid, signal)
    return true
  } catch (error) {
    if (isErrno(error, 'ESRCH')) return false
    throw error
  }
}

function readIfThere(path: string): string | undefined {
  try {
    return readFileSync(path, 'utf8')
  } catch {
    return undefined // gone in the meantime, or somebody else's
  }
}

export const isErrno = (error: unknown, code: string): boolean =>
  error instanceof Error && 'code' in error && error.code === code
