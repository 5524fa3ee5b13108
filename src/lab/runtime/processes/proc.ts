import { execFileSync } from 'node:child_process'
import { readdirSync, readFileSync } from 'node:fs'

/** One line of /proc/PID/stat, as far as it is needed here; proc_pid_stat(5) numbers the fields from 1. */
export type ProcessStat = { parent: number; cpuTicks: number; startTicks: number; ended: boolean }

/** Clock ticks of /proc are 1/100 s on every Linux (USER_HZ). */
export const TICK_NANOS = 10_000_000

export const listPids = (): number[] =>
  readdirSync('/proc').flatMap((name) => (/^\d+$/.test(name) ? [Number(name)] : []))

export function statOf(pid: number): ProcessStat | undefined {
  const text = readProc(pid, 'stat')
  if (text === undefined) return undefined
  // The command name may itself contain spaces and parentheses: count from the last one. Field n stands at n - 3.
  const fields = text.slice(text.lastIndexOf(')') + 2).split(' ')
  const at = (n: number) => Number(fields[n - 3])
  // utime, stime, and those of children that were waited for
  const cpuTicks = at(14) + at(15) + at(16) + at(17)
  return { parent: at(4), cpuTicks, startTicks: at(22), ended: fields[0] === 'Z' || fields[0] === 'X' }
}

export type ProcessMemory = { privateBytes: number; sharedBytes: number }

export function memoryOf(pid: number): ProcessMemory | undefined {
  const text = readProc(pid, 'statm')
  if (text === undefined) return undefined
  const [, resident = 0, shared = 0] = text.split(' ').map(Number)
  return { privateBytes: (resident - shared) * pageBytes(), sharedBytes: shared * pageBytes() }
}

export type Environment = { kind: 'known'; value: string | undefined } | { kind: 'unknown' }

/**
 * The value of a variable in the environment that a process was started with; none when the process belongs to somebody else.
 * Unknown while the process is replacing its program: its memory, and so its environment, is empty for a moment.
 */
export function environmentOf(pid: number, name: string): Environment {
  const text = readProc(pid, 'environ')
  if (text === '') return { kind: 'unknown' }
  const prefix = `${name}=`
  const found = text?.split('\0').find((entry) => entry.startsWith(prefix))
  return { kind: 'known', value: found?.slice(prefix.length) }
}

function readProc(pid: number, file: string): string | undefined {
  try {
    return readFileSync(`/proc/${pid}/${file}`, 'latin1')
  } catch {
    return undefined
  }
}

let knownPageBytes: number | undefined

function pageBytes(): number {
  knownPageBytes ??= Number(execFileSync('getconf', ['PAGESIZE'], { encoding: 'utf8' }))
  return knownPageBytes
}
