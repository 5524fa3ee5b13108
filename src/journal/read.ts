/** Reading a journal back, line by line, in memory that does not grow with the file. */
import { createReadStream, type Stats, statSync } from 'node:fs'
import type { EvidenceSeal } from '../domain/verdict.ts'
import { because } from './journal-error.ts'
import { createLines, type JournalEntry, unreadable } from './lines.ts'

export type { JournalEntry } from './lines.ts'

/** A journal as it is read, once. */
export type JournalReading = AsyncIterable<JournalEntry> & {
  readonly seal: EvidenceSeal
  readonly askedHash: string | undefined
}

/** Longest line that is still taken for one; a book of 256 buckets is some 20 kB. */
const LINE_BYTES_MAX = 64 << 20

/**
 * Every record of a journal in order, as `createLines` says. A line that is torn at the end, because its writer was killed, comes as `evidence-lost`.
 * Throws JournalError when the file cannot be read, holds no record, is no journal, or has a format that this version does not know.
 */
export function readJournal(path: string, hashOf?: number): JournalReading {
  const lines = createLines(path, hashOf)
  const entries = async function* (): AsyncGenerator<JournalEntry, void, undefined> {
    for await (const { bytes, torn } of linesOf(path)) {
      if (torn) yield lines.torn(bytes)
      else yield* lines.take(bytes)
    }
    if (lines.seal.lines === 0)
      throw unreadable('journal-empty', `the journal ${path} is empty: its run ended before its first record`)
  }
  return {
    [Symbol.asyncIterator]: entries,
    get askedHash() {
      return lines.askedHash
    },
    get seal() {
      return lines.seal
    },
  }
}

/** An hour of evidence is some 50 MB; beyond this it is not a run's journal, and reading it would take minutes and the machine's memory. */
const JOURNAL_BYTES_MAX = 4 * 2 ** 30

/** A device or a FIFO would be read for ever. @throws JournalError */
function requireFile(path: string): void {
  let stats: Stats
  try {
    stats = statSync(path)
  } catch (error) {
    throw unreadable('journal-unreadable', `the journal ${path} could not be read: ${because(error)}`, error)
  }
  if (!stats.isFile()) throw unreadable('journal-unreadable', `the journal ${path} is ${typeOf(stats)}, not a file`)
  if (stats.size > JOURNAL_BYTES_MAX) {
    const size = `${(stats.size / 2 ** 30).toFixed(1)} GiB`
    const limit = `${JOURNAL_BYTES_MAX / 2 ** 30} GiB`
    throw unreadable('journal-unreadable', `the journal ${path} holds ${size}; matchday reads at most ${limit}`)
  }
}

function typeOf(stats: Stats): string {
  if (stats.isDirectory()) return 'a folder'
  if (stats.isFIFO()) return 'a FIFO'
  if (stats.isSocket()) return 'a socket'
  return 'a device'
}

/** Lines as they stand; the last one is `torn` when the file does not end with a line end. */
async function* linesOf(path: string): AsyncGenerator<{ bytes: Buffer; torn: boolean }> {
  requireFile(path)
  let rest: Buffer[] = []
  let held = 0
  try {
    for await (const chunk of createReadStream(path, { highWaterMark: 1 << 18 }) as AsyncIterable<Buffer>) {
      let start = 0
      for (let end = chunk.indexOf(10); end >= 0; end = chunk.indexOf(10, start)) {
        yield { bytes: joined(rest, chunk.subarray(start, end)), torn: false }
        rest = []
        held = 0
        start = end + 1
      }
      if (start < chunk.length) rest.push(chunk.subarray(start))
      held += chunk.length - start
      if (held > LINE_BYTES_MAX) throw new Error(`a line is longer than ${LINE_BYTES_MAX >> 20} MiB`)
    }
  } catch (error) {
    throw unreadable('journal-unreadable', `the journal ${path} could not be read: ${because(error)}`, error)
  }
  if (held > 0) yield { bytes: joined(rest, Buffer.alloc(0)), torn: true }
}

const joined = (parts: readonly Buffer[], last: Buffer): Buffer =>
  parts.length === 0 ? last : Buffer.concat([...parts, last])
