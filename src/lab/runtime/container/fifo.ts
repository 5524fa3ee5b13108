import { execFile } from 'node:child_process'
import { chownSync, closeSync, constants, openSync } from 'node:fs'
import { Socket } from 'node:net'
import { promisify } from 'node:util'
import type { Identity } from '../records.ts'

const run = promisify(execFile)

/**
 * A container's output goes through named pipes instead of pipes of this process. The container's end is open for reading and writing, so
 * it does not break when the runtime dies. Up to 64 KiB wait in the kernel, and the next runtime opens the same name.
 */
export async function makeFifos(paths: readonly string[], owner: Identity | undefined): Promise<void> {
  await run('mkfifo', ['-m', '600', ...paths])
  if (owner) for (const path of paths) chownSync(path, owner.uid, owner.gid)
}

/** The end that a container inherits. Close it here when the container has it. */
export const openForContainer = (path: string): number => openSync(path, constants.O_RDWR)

/** The end that the runtime reads. `end` comes when the last process with the other end is gone. */
export function openForReading(path: string): Socket {
  // Without O_NONBLOCK, opening would wait for a writer. A socket polls the pipe; a file stream would block a thread of the pool.
  const fd = openSync(path, constants.O_RDONLY | constants.O_NONBLOCK)
  try {
    return new Socket({ fd, readable: true, writable: false })
  } catch (error) {
    closeSync(fd)
    throw error
  }
}
