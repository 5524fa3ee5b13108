import { readdirSync, readFileSync } from 'node:fs'
import { type ProcessStat, parseProcessStat } from '../../protocols/linux/process-stat.ts'

/** A process, identified by pid and start time, so that a reused pid is never mistaken for it. */
export type ProcessId = { readonly pid: number; readonly startTicks: number }

/** Start time of a process; undefined when it does not exist or is a zombie. */
export const startTicksOf = (pid: number): number | undefined => statOf(pid)?.startTicks

export const isAlive = (id: ProcessId): boolean => startTicksOf(id.pid) === id.startTicks

function statOf(pid: number): ProcessStat | undefined {
  const stat = parseProcessStat(readIfThere(`/proc/${pid}/stat`) ?? '')
  return stat?.ended ? undefined : stat
}

/**
 * Every process with an environment entry that `matches`, and all their descendants, because some programs (PostgreSQL) overwrite their
 * environment. This process is left out. Processes of other users cannot be read and are ignored.
 */
export function processFamilies(matches: (entry: string) => boolean): ProcessId[] {
  return familiesIn(allStats(), (pid) => environmentOf(pid).some(matches))
}

/** The descendants of a process. */
export const processesBelow = (ancestor: number): ProcessId[] =>
  familiesIn(allStats(), (pid) => pid === ancestor).filter(({ pid }) => pid !== ancestor)

/**
 * The ids of a process in the PID namespaces below this one, from the outer to the inner: proc_pid_status(5), NSpid. Empty for a process of this namespace.
 */
export function innerPidsOf(pid: number): readonly number[] {
  const [, text = ''] = /^NSpid:(.*)$/m.exec(readIfThere(`/proc/${pid}/status`) ?? '') ?? []
  const [, ...inner] = text.trim().split(/\s+/)
  return inner.map(Number)
}

const allStats = (): Map<number, ProcessStat> => new Map(listPids().flatMap((pid) => entryOf(pid)))

function familiesIn(stats: ReadonlyMap<number, ProcessStat>, isOne: (pid: number) => boolean): ProcessId[] {
  const found = new Set([...stats.keys()].filter(isOne))
  for (const pid of found) {
    // Iterating over a Set also visits members that are added meanwhile.
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

/** Sends a signal to exactly that process; false when it is already gone. */
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
    return undefined // already gone, or owned by another user
  }
}

export const isErrno = (error: unknown, code: string): boolean =>
  error instanceof Error && 'code' in error && error.code === code
