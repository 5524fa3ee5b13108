import { execFileSync } from 'node:child_process'
import { readdirSync, readFileSync } from 'node:fs'
import { type ProcessStat, parseProcessStat } from '../../../protocols/linux/process-stat.ts'

/** Clock ticks of /proc are 1/100 s on every Linux (USER_HZ). */
export const TICK_NANOS = 10_000_000

export const listPids = (): number[] =>
  readdirSync('/proc').flatMap((name) => (/^\d+$/.test(name) ? [Number(name)] : []))

export function statOf(pid: number): ProcessStat | undefined {
  const text = readProc(pid, 'stat')
  return text === undefined ? undefined : parseProcessStat(text)
}

export type ProcessMemory = { privateBytes: number; sharedBytes: number }

export function memoryOf(pid: number): ProcessMemory | undefined {
  const text = readProc(pid, 'statm')
  if (text === undefined) return undefined
  const [, resident = 0, shared = 0] = text.split(' ').map(Number)
  return { privateBytes: (resident - shared) * pageBytes(), sharedBytes: shared * pageBytes() }
}

export type EnvironmentValue = { kind: 'known'; value: string | undefined } | { kind: 'unknown' }

/**
 * The value of a variable in the environment that a process was started with; none when the process belongs to another user. Unknown during
 * an exec: then the memory, and so the environment, is empty for a moment.
 */
export function environmentOf(pid: number, name: string): EnvironmentValue {
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
