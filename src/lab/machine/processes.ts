import { readdirSync, readFileSync } from 'node:fs'
import { type ProcessStat, parseProcessStat } from '../../protocols/linux/process-stat.ts'

/** A process, named so that a recycled pid is never taken for it. */
export type ProcessId = { readonly pid: number; readonly startTicks: number }

/** Start time of a process, or undefined when there is none, or only a zombie that nobody has waited for yet. */
export const startTicksOf = (pid: number): number | undefined => statOf(pid)?.startTicks

export const isAlive = (id: ProcessId): boolean => startTicksOf(id.pid) === id.startTicks

function statOf(pid: number): ProcessStat | undefined {
  const stat = parseProcessStat(readIfThere(`/proc/${pid}/stat`) ?? '')
  return stat?.ended ? undefined : stat
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

function entryOf(pid: number): [number, ProcessStat][] {
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
