/**
 * System V shared memory of databases that were killed. PostgreSQL holds one small segment for each data folder as a lock, and only it removes it when
 * it ends by itself. Linux keeps what is left until the machine restarts, and allows 4,096 of them.
 */
import { execFileSync } from 'node:child_process'
import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'

/** Removes the segments that the databases below this folder left. Call it when their processes are gone and before the folder is deleted. */
export function releaseSharedMemory(folder: string): void {
  const named = lockFiles(folder).flatMap(segmentIn)
  if (named.length === 0) return
  const unused = segments().filter(({ attached }) => attached === 0)
  for (const { key, id } of named) {
    if (!unused.some((each) => each.id === id && each.key === key)) continue
    try {
      execFileSync('ipcrm', ['-m', String(id)], { stdio: 'ignore' })
    } catch {
      // Without ipcrm (util-linux), or as another user, it stays: 56 bytes.
    }
  }
}

const LOCK_FILE = 'postmaster.pid'

const lockFiles = (folder: string): readonly string[] => {
  try {
    const names = readdirSync(folder, { recursive: true, encoding: 'utf8' })
    return names.filter((name) => name.split('/').at(-1) === LOCK_FILE).map((name) => join(folder, name))
  } catch {
    return []
  }
}

type Segment = { readonly key: number; readonly id: number }

/** Line 7 is the key and the id of the segment. https://www.postgresql.org/docs/current/storage-file-layout.html, miscadmin.h */
function segmentIn(path: string): readonly Segment[] {
  const line = readFileSync(path, 'utf8').split('\n')[6] ?? ''
  const [, key, id] = /^\s*(\d+)\s+(\d+)\s*$/.exec(line) ?? []
  return key === undefined || id === undefined ? [] : [{ key: Number(key), id: Number(id) }]
}

/** proc(5), /proc/sysvipc/shm: key, shmid, perms, size, cpid, lpid, nattch, … The key is signed there. */
function segments(): readonly (Segment & { readonly attached: number })[] {
  // A kernel without System V IPC has no such file.
  if (!existsSync('/proc/sysvipc/shm')) return []
  const [, ...rows] = readFileSync('/proc/sysvipc/shm', 'utf8').trimEnd().split('\n')
  return rows.map((row) => {
    const [key = 0, id = 0, , , , , attached = 0] = row.trim().split(/\s+/).map(Number)
    return { key: key >>> 0, id, attached }
  })
}
