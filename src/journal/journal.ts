/**
 * The journal: append-only evidence, one JSON record a line. It lives apart because everything else hangs on its promises: what
 * was appended is readable after `kill -9`, what was flushed survives the machine, nothing is lost silently, and a reader
 * needs no more memory for an hour than for a second.
 *
 * Each record is handed to the kernel at once (a write of some hundred bytes costs about ten microseconds, and there are at
 * most a few hundred a second), so that a killed process leaves every record that it appended, and a test can kill at
 * a given one. Only `flush` waits for the disk; it is called before any harm is done.
 */
import { closeSync, fstatSync, fsync, fsyncSync, ftruncateSync, openSync, readSync, writeSync } from 'node:fs'
import { dirname } from 'node:path'
import type { Evidence } from '../domain/evidence.ts'
import { because, JournalError } from './journal-error.ts'

export type Journal = {
  readonly path: string
  /** Writes one record and returns its line number, from 1. Throws JournalError when it could not; and from then on always. */
  append(record: Evidence): number
  /** Resolves when everything appended so far is on the disk. Rejects with JournalError. */
  flush(): Promise<void>
  /** Flushes and closes; idempotent. */
  close(): Promise<void>
}

/** Creates the journal, or continues one: a torn last line of a killed writer was never a record and is cut off. */
export async function openJournal(path: string): Promise<Journal> {
  const fd = attempt(path, 'opened', () => openSync(path, 'a+', 0o644))
  let lines = 0
  try {
    lines = attempt(path, 'continued', () => continueAt(fd))
    attempt(path, 'made durable', () => syncFolder(dirname(path)))
  } catch (error) {
    closeSync(fd)
    throw error
  }
  return journalOn(path, fd, lines)
}

function journalOn(path: string, fd: number, linesBefore: number): Journal {
  let lines = linesBefore
  let closed = false
  let broken: JournalError | undefined

  const guarded = (done: string, action: () => void) => {
    if (broken) throw broken
    if (closed) throw new Error(`journal ${path} is closed`)
    try {
      action()
    } catch (error) {
      broken = unwritable(path, done, error)
      throw broken
    }
  }

  const journal: Journal = {
    path,
    append(record) {
      guarded('written', () => writeWhole(fd, Buffer.from(`${JSON.stringify(record)}\n`)))
      lines += 1
      return lines
    },
    flush() {
      return new Promise((resolve, reject) => {
        if (broken) return reject(broken)
        if (closed) return resolve()
        fsync(fd, (error) => {
          if (!error) return resolve()
          broken = unwritable(path, 'flushed', error)
          reject(broken)
        })
      })
    },
    async close() {
      if (closed) return
      try {
        await journal.flush()
      } finally {
        if (!closed) closeSync(fd)
        closed = true
      }
    },
  }
  return journal
}

/** A short write is how a full disk begins: the rest is tried until the kernel takes it or says why not. */
function writeWhole(fd: number, bytes: Buffer): void {
  for (let offset = 0; offset < bytes.length; ) {
    offset += writeSync(fd, bytes, offset)
  }
}

/** Lines that the file holds, after cutting off a last one without its end. */
function continueAt(fd: number): number {
  const size = fstatSync(fd).size
  const chunk = Buffer.alloc(1 << 16)
  let lines = 0
  let end = 0
  for (let position = 0; position < size; ) {
    const count = readSync(fd, chunk, 0, chunk.length, position)
    if (count === 0) break
    for (let at = chunk.indexOf(10); at >= 0 && at < count; at = chunk.indexOf(10, at + 1)) {
      lines += 1
      end = position + at + 1
    }
    position += count
  }
  if (end < size) ftruncateSync(fd, end)
  return lines
}

/** A new file survives a power cut only when its folder's entry does. */
function syncFolder(folder: string): void {
  const fd = openSync(folder, 'r')
  try {
    fsyncSync(fd)
  } finally {
    closeSync(fd)
  }
}

function attempt<T>(path: string, done: string, action: () => T): T {
  try {
    return action()
  } catch (error) {
    throw unwritable(path, done, error)
  }
}

const unwritable = (path: string, done: string, error: unknown): JournalError =>
  new JournalError(
    'journal-unwritable',
    `the journal ${path} could not be ${done}: ${because(error)}`,
    'Make room or choose another folder for reports, then run `matchday heal` if a fault was under way.',
    error,
  )
