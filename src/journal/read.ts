/** Reading a journal back, line by line, in memory that does not grow with the file. */
import { createReadStream, type Stats, statSync } from 'node:fs'
import type { Evidence } from '../domain/evidence.ts'
import { type Instant, instant } from '../domain/units.ts'
import type { EvidenceSeal } from '../domain/verdict.ts'
import { checkingChain, unlinked } from './chain.ts'
import { decodeHead, decodeLine, type Head } from './format/decode.ts'
import { FORMAT } from './format/encode.ts'
import { because, JournalError } from './journal-error.ts'

/** One record and its line in the file, from 1. */
export type JournalEntry = { readonly line: number; readonly record: Evidence }

/** A journal as it is read, once. */
export type JournalReading = AsyncIterable<JournalEntry> & {
  /** What was read so far: the format, the lines, and of a chained journal the hash of the last one. */
  readonly seal: EvidenceSeal
  /** The hash of the line that was asked for; undefined until it was read, or when the journal is shorter. */
  readonly askedHash: string | undefined
}

/** Longest line that is still taken for one; a book of 256 buckets is some 20 kB. */
const LINE_BYTES_MAX = 64 << 20

/**
 * Every record of a journal in order. A line that cannot be read (damaged, of an unknown kind, or torn at the end because
 * its writer was killed) comes as `evidence-lost`, so that it is judged as missing and never skipped silently. Where the chain of lines
 * is broken, or a second run begins, `evidence-doubted` follows the record.
 * `hashOf` is the line whose hash the caller wants to know.
 * Throws JournalError when the file cannot be read, holds no record, is no journal, or has a format that this version does not know.
 */
export function readJournal(path: string, hashOf?: number): JournalReading {
  const chain = checkingChain()
  let askedHash: string | undefined
  let format = 0
  let lines = 0
  const entries = async function* (): AsyncGenerator<JournalEntry, void, undefined> {
    let at = instant(0)
    for await (const { bytes, torn } of linesOf(path)) {
      lines += 1
      const line = lines
      if (torn) {
        yield { line, record: tornLine(at, line, bytes) }
        continue
      }
      const link = unlinked(bytes)
      let record: Evidence
      if (line === 1) ({ version: format, record } = headOf(path, link.json))
      else record = recordOf(link.json, format, at, line)
      at = record.at
      const broken = format >= CHAINED_FROM ? chain.next(bytes, link) : undefined
      if (line === hashOf) askedHash = chain.head
      yield { line, record }
      if (broken !== undefined) yield { line, record: doubted(at, line, broken) }
      if (line > 1 && record.kind === 'run-started') yield { line, record: doubted(at, line, SECOND_HEAD) }
    }
    if (lines === 0)
      throw unreadable('journal-empty', `the journal ${path} is empty: its run ended before its first record`)
  }
  return {
    [Symbol.asyncIterator]: entries,
    get askedHash() {
      return askedHash
    },
    get seal(): EvidenceSeal {
      return format >= CHAINED_FROM
        ? { kind: 'chained', format, lines, head: chain.head }
        : { kind: 'unchained', format, lines }
    },
  }
}

/** Lines carry a chain from this format on. */
const CHAINED_FROM = 2
const SECOND_HEAD = 'it is a second run-started, so this is not the journal of one run'

/** @throws JournalError when the first line is no head, or of a newer format. */
function headOf(path: string, json: string): Extract<Head, { is: 'head' }> {
  const head = decodeHead(json)
  switch (head.is) {
    case 'head':
      return head
    case 'no-head':
      throw unreadable('journal-not-one', `${path}:1 is not the head of a journal: ${head.problem}`)
    case 'other-format':
      throw unreadable(
        'journal-format',
        `${path}:1 has format ${head.format}; this version of matchday reads formats up to ${FORMAT}`,
      )
  }
}

function recordOf(json: string, version: number, at: Instant, line: number): Evidence {
  const decoded = decodeLine(json, version)
  return decoded.ok ? decoded.record : lost(at, line, decoded.problem)
}

const lost = (at: Instant, line: number, problem: string): Evidence => ({
  kind: 'evidence-lost',
  at,
  about: `journal line ${line}`,
  problem: `the line ${problem}`,
})

const doubted = (at: Instant, line: number, problem: string): Evidence => ({
  kind: 'evidence-doubted',
  at,
  doubt: 'changed',
  problem: `line ${line}: ${problem}`,
})

function tornLine(at: Instant, line: number, bytes: Buffer): Evidence {
  if (line === 1) {
    const problem = 'the journal has no whole line: its run was killed while it wrote the first record'
    throw unreadable('journal-empty', problem)
  }
  return lost(at, line, `is torn after ${bytes.length} bytes: its writer was killed while it wrote`)
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

const unreadable = (
  code: 'journal-unreadable' | 'journal-empty' | 'journal-not-one' | 'journal-format',
  problem: string,
  cause?: unknown,
): JournalError =>
  new JournalError(code, problem, 'Give the folder of a run in reports/, as `matchday run` printed it.', cause)
