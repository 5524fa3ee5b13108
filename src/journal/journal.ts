/**
 * The journal: append-only evidence, one JSON record a line, each line chained to the one before it (`chain.ts`). It promises four
 * things: what was appended is readable after `kill -9`, what was flushed survives the machine, nothing is lost silently, and a reader
 * needs no more memory for an hour than for a second.
 *
 * Each record is handed to the kernel at once, so that a killed process leaves every record that it appended, and a test can kill at
 * a given one. A write costs about ten microseconds, its hash about three, and there are at most a few hundred records a second.
 * Only `flush` waits for the disk; it is called before any harm is done.
 */
import { closeSync, fstatSync, fsync, fsyncSync, ftruncateSync, openSync, readSync, writeSync } from 'node:fs'
import { dirname } from 'node:path'
import type { Evidence } from '../domain/evidence.ts'
import { CHAIN_START, chained, statedHash } from './chain.ts'
import { encodeRecord } from './format/encode.ts'
import { because, JournalError } from './journal-error.ts'

export type Journal = {
  readonly path: string
  /**
   * Writes one record and returns its line number, from 1. Throws JournalError when it could not; and from then on always.
   * Throws TypeError for a record with a number that is not finite, which is a defect of whoever made the record.
   */
  append(record: Evidence): number
  /** Lines so far, and the hash of the last one; the hash is undefined in a journal of an earlier version, which has no chain. */
  readonly head: { readonly lines: number; readonly hash: string | undefined }
  /** Resolves when everything appended so far is on the disk. Rejects with JournalError. */
  flush(): Promise<void>
  /** Flushes and closes; idempotent. */
  close(): Promise<void>
}

type Head = Journal['head']

/**
 * Creates the journal, or continues one with its chain. A torn last line of a killed writer was never a record and is cut off. A journal of
 * an earlier version has no chain, and gets none halfway.
 */
export async function openJournal(path: string): Promise<Journal> {
  const fd = attempt(path, 'opened', () => openSync(path, 'a+', 0o644))
  let head: Head
  try {
    head = attempt(path, 'continued', () => continueAt(fd))
    attempt(path, 'made durable', () => syncFolder(dirname(path)))
  } catch (error) {
    closeSync(fd)
    throw error
  }
  return journalOn(path, fd, head)
}

function journalOn(path: string, fd: number, before: Head): Journal {
  let { lines, hash } = before
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
      const json = encodeRecord(record)
      const link = hash === undefined ? { line: json, hash } : chained(json, lines + 1, hash)
      guarded('written', () => writeWhole(fd, Buffer.from(`${link.line}\n`)))
      lines += 1
      hash = link.hash
      return lines
    },
    get head() {
      return { lines, hash }
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

/** Where the file's last whole line ends, after cutting off a last one without its end. */
function continueAt(fd: number): Head {
  // A device such as /dev/full would be read for ever.
  const size = fstatSync(fd).size
  const chunk = Buffer.alloc(1 << 16)
  let lines = 0
  let end = 0
  let lastFrom = 0
  for (let position = 0; position < size; ) {
    const count = readSync(fd, chunk, 0, chunk.length, position)
    if (count === 0) break
    for (let at = chunk.indexOf(10); at >= 0 && at < count; at = chunk.indexOf(10, at + 1)) {
      lines += 1
      lastFrom = end
      end = position + at + 1
    }
    position += count
  }
  if (end < size) ftruncateSync(fd, end)
  return { lines, hash: lines === 0 ? CHAIN_START : hashOfLine(fd, lastFrom, end - 1) }
}

function hashOfLine(fd: number, from: number, to: number): string | undefined {
  const line = Buffer.alloc(to - from)
  readSync(fd, line, 0, line.length, from)
  return statedHash(line)
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
