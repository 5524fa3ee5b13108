/**
 * Reads the files that users name. Refuses anything but regular files of moderate size: a FIFO would wait for a writer for ever, a device has no end,
 * and a file of gigabytes would use up the memory before the parser could refuse it.
 */
import { closeSync, constants, fstatSync, openSync, readFileSync } from 'node:fs'
import { FileTooLarge } from '../files/files.ts'
import { isErrno } from '../lab/machine/processes.ts'

// Rehearsals are far smaller (yaml-node.ts has its own limit); a scenario may include a table.
const BYTES_MAX = 8 * 1024 * 1024

/** The text, or undefined if the file does not exist. @throws Error with the reason if it exists and cannot be read */
export function readInputFile(path: string): string | undefined {
  const file = open(path)
  if (file === undefined) return undefined
  try {
    const found = fstatSync(file)
    // For a folder, the read itself reports the error.
    if (!found.isFile() && !found.isDirectory())
      throw new Error('it is no regular file but a device, a FIFO or a socket')
    if (found.size > BYTES_MAX) throw new FileTooLarge(`it has ${found.size} bytes; at most ${BYTES_MAX} are read`)
    return readFileSync(file, 'utf8')
  } finally {
    closeSync(file)
  }
}

/** Does not wait for the writer of a FIFO. Any other error than "missing" means that the file exists, so that the issue points to the right file. */
function open(path: string): number | undefined {
  try {
    return openSync(path, constants.O_RDONLY | constants.O_NONBLOCK)
  } catch (error) {
    if (isErrno(error, 'ENOENT') || isErrno(error, 'ENOTDIR')) return undefined
    throw error
  }
}
