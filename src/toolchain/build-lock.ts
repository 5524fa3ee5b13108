import { linkSync, mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import { dirname } from 'node:path'
import { parseProcessStat } from '../protocols/linux/process-stat.ts'

export type BuildLock = { release(): void }

type Holder = { readonly pid: number; readonly startedAt: string }

const LOOK_EVERY_MS = 500

/**
 * One build at a time for each cache: two would fight for the processor and the disk. Waits while another process builds, and tells
 * `onWait` so once a second or so. The lock only saves work; that no broken program is ever kept does not depend on it.
 * @throws the signal's reason when aborted while waiting
 */
export async function takeBuildLock(
  path: string,
  onWait: (holderPid: number) => void,
  signal?: AbortSignal,
): Promise<BuildLock> {
  mkdirSync(dirname(path), { recursive: true })
  const mine = `${JSON.stringify({ pid: process.pid, startedAt: startOf(process.pid) })}\n`
  for (;;) {
    signal?.throwIfAborted()
    if (tryTake(path, mine)) return { release: () => release(path, mine) }
    const text = readLock(path)
    if (text === undefined) continue
    const holder = parseHolder(text)
    if (holder && isHolding(holder)) {
      onWait(holder.pid)
      await new Promise((resolve) => setTimeout(resolve, LOOK_EVERY_MS))
    } else breakLock(path, text)
  }
}

/** Written to a temporary file and linked into place, so that nobody reads a partial lock. */
function tryTake(path: string, mine: string): boolean {
  const aside = `${path}.${process.pid}`
  writeFileSync(aside, mine)
  try {
    linkSync(aside, path)
    return true
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'EEXIST') return false
    throw error
  } finally {
    rmSync(aside, { force: true })
  }
}

/** Removes only the lock of a dead process. If another process took the lock meanwhile, its lock is put back. */
function breakLock(path: string, stale: string): void {
  const aside = `${path}.stale.${process.pid}`
  try {
    renameSync(path, aside)
    if (readFileSync(aside, 'utf8') !== stale) linkSync(aside, path)
  } catch {
    // Another process was faster; the next check sees the new state.
  } finally {
    rmSync(aside, { force: true })
  }
}

function release(path: string, mine: string): void {
  if (readLock(path) === mine) rmSync(path, { force: true })
}

function readLock(path: string): string | undefined {
  try {
    return readFileSync(path, 'utf8')
  } catch {
    return undefined
  }
}

function parseHolder(text: string): Holder | undefined {
  try {
    const found: unknown = JSON.parse(text)
    const fields = typeof found === 'object' && found !== null && 'pid' in found && 'startedAt' in found
    return fields && typeof found.pid === 'number' && typeof found.startedAt === 'string'
      ? { pid: found.pid, startedAt: found.startedAt }
      : undefined
  } catch {
    return undefined
  }
}

const isHolding = (holder: Holder): boolean => isRunning(holder.pid) && startOf(holder.pid) === holder.startedAt

export function isRunning(pid: number): boolean {
  try {
    process.kill(pid, 0)
    return true
  } catch (error) {
    return error instanceof Error && 'code' in error && error.code === 'EPERM'
  }
}

/** Tells apart two processes with the same pid, if there is a /proc. */
function startOf(pid: number): string {
  try {
    return parseProcessStat(readFileSync(`/proc/${pid}/stat`, 'utf8'))?.startTicks.toString() ?? ''
  } catch {
    return ''
  }
}
