/**
 * Reads the files that users name, and refuses what is no file to read: a FIFO would wait for a writer for ever, a device has no end, and a
 * file of gigabytes would use up the memory before a parser could say that it is too large.
 */
import { closeSync, constants, fstatSync, openSync, readFileSync } from 'node:fs'
import { FileTooLarge } from '../files/files.ts'
import { isErrno } from '../lab/machine/processes.ts'

// Rehearsals are smaller by far (yaml-node.ts has their own limit); a scenario may carry a table of its own.
const BYTES_MAX = 8 * 1024 * 1024

/** The text, or undefined when there is no such file. @throws Error saying why a file that is there can't be read */
export function readInputFile(path: string): string | undefined {
  const file = open(path)
  if (file === undefined) return undefined
  try {
    const found = fstatSync(file)
    // Reading it says what is wrong with a folder.
    if (!found.isFile() && !found.isDirectory())
      throw new Error('it is no regular file but a device, a FIFO or a socket')
    if (found.size > BYTES_MAX) throw new FileTooLarge(`it has ${found.size} bytes; at most ${BYTES_MAX} are read`)
    return readFileSync(file, 'utf8')
  } finally {
    closeSync(file)
  }
}

/** Does not wait for the writer of a FIFO. Whatever is not missing is there, and an issue must not send its reader to look elsewhere. */
function open(path: string): number | undefined {
  try {
    return openSync(path, constants.O_RDONLY | constants.O_NONBLOCK)
  } catch (error) {
    if (isErrno(error, 'ENOENT') || isErrno(error, 'ENOTDIR')) return undefined
    throw error
  }
}
