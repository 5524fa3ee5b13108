import { readdirSync, readFileSync } from 'node:fs'

/**
 * A process, named so that a recycled pid is never taken for it: `startTicks` is field 22 of /proc/PID/stat, the start time in clock
 * ticks since boot (proc_pid_stat(5)).
 */
export type ProcessId = { readonly pid: number; readonly startTicks: number }

/** Start time of a process, or undefined when there is none, or only a zombie that nobody has waited for yet. */
export const startTicksOf = (pid: number): number | undefined => statOf(pid)?.startTicks

export const isAlive = (id: ProcessId): boolean => startTicksOf(id.pid) === id.startTicks

type Stat = { readonly startTicks: number; readonly parent: number }

function statOf(pid: number): Stat | undefined {
  const stat = readIfThere(`/proc/${pid}/stat`)
  if (stat === undefined) return undefined
  // The command name is in parentheses and may itself contain spaces and parentheses: count from the last one.
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ')
  if (fields[0] === 'Z' || fields[0] === 'X') return undefined
  const startTicks = Number(fields[19])
  return Number.isFinite(startTicks) ? { startTicks, parent: Number(fields[1]) } : undefined
}

/**
 * Every process whose environment has an entry that `matches`, with all its descendants: some programs (PostgreSQL) write over
 * their environment. This process is excepted. Processes of other users can't be read and don't count.
 */
export function processFamilies(matches: (entry: string) => boolean): ProcessId[] {
  const stats = new Map(listPids().flatMap((pid) => entryOf(pid)))
  const found = new Set([...stats.keys()].filter((pid) => environmentOf(pid).some(matches)))
  for (const pid of found) {
    // A set that grows while it is walked is walked to its new end.
    for (const [child, { parent }] of stats) if (parent === pid) found.add(child)
  }
  return [...found].flatMap((pid) => {
    const startTicks = stats.get(pid)?.startTicks
    return startTicks === undefined ? [] : [{ pid, startTicks }]
  })
}

function entryOf(pid: number): [number, Stat][] {
  const stat = statOf(pid)
  return stat ? [[pid, stat]] : []
}

const environmentOf = (pid: number): string[] => readIfThere(`/proc/${pid}/environ`)?.split('\0') ?? []

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
