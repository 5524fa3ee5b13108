import { execFileSync } from 'node:child_process'
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, it, onTestFinished } from 'vitest'
import { releaseSharedMemory } from '../../../src/lab/owner/shared-memory.ts'
import { tempFolder } from '../../support/temp-folder.ts'

const ids = (): readonly number[] =>
  readFileSync('/proc/sysvipc/shm', 'utf8')
    .split('\n')
    .slice(1)
    .map((row) => Number(row.trim().split(/\s+/)[1]))

/** A segment with a key, as a killed PostgreSQL leaves it, and the line that its lock file has for it. */
function segment(): { readonly id: number; readonly line: string } {
  const id = Number(/\d+$/.exec(execFileSync('ipcmk', ['-M', '56'], { encoding: 'utf8' }).trim())?.[0])
  onTestFinished(() => void (ids().includes(id) && execFileSync('ipcrm', ['-m', String(id)])))
  const row = readFileSync('/proc/sysvipc/shm', 'utf8')
    .split('\n')
    .map((each) => each.trim().split(/\s+/).map(Number))
    .find(([, each]) => each === id)
  return { id, line: `${String((row?.[0] ?? 0) >>> 0).padStart(9)} ${String(id).padStart(9)}` }
}

function lockFile(folder: string, line: string): void {
  mkdirSync(folder, { recursive: true })
  writeFileSync(join(folder, 'postmaster.pid'), `4711\n${folder}\n1795938012\n5432\n\n127.0.0.1\n${line}\nready   \n`)
}

it('shared memory of killed databases is removed with their folders, and that of others is kept', () => {
  const folder = tempFolder()
  const [mine, others, reused] = [segment(), segment(), segment()]
  lockFile(join(folder, 'volumes', 'wallet', 'pgdata'), mine.line)
  // The id was given anew since: its key is another one.
  lockFile(join(folder, 'volumes', 'other', 'pgdata'), reused.line.replace(/^\s*\d+/, '        1'))
  lockFile(join(folder, 'volumes', 'torn', 'pgdata'), '')
  releaseSharedMemory(folder)
  expect(ids()).not.toContain(mine.id)
  expect(ids()).toEqual(expect.arrayContaining([others.id, reused.id]))
})

it('a missing folder has no shared memory', () => {
  releaseSharedMemory(join(tempFolder(), 'none'))
})
