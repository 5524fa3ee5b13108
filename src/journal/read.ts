/** Reading a journal back, line by line, in memory that does not grow with the file. */
import { createReadStream } from 'node:fs'
import type { Evidence } from '../domain/evidence.ts'
import { type Instant, instant } from '../domain/units.ts'
import { because, JournalError } from './journal-error.ts'
import { parseRecord } from './record-shape.ts'

/** One record and its line in the file, from 1. */
export type JournalEntry = { readonly line: number; readonly record: Evidence }

/** Longest line that is still taken for one; a book of 256 buckets is some 20 kB. */
const LINE_BYTES_MAX = 64 << 20

/**
 * Every record of a journal in order. A line that cannot be read (damaged, of an unknown kind, or torn at the end because
 * its writer was killed) comes as `evidence-lost`, so that it is judged as missing and never skipped silently.
 * Throws JournalError when the file cannot be read, holds no record, is no journal, or has another format.
 */
export async function* readJournal(path: string): AsyncGenerator<JournalEntry, void, undefined> {
  let at = instant(0)
  let line = 0
  for await (const { text, torn } of linesOf(path)) {
    line += 1
    const record = torn ? tornLine(at, line, text) : readLine(path, line, text, at)
    at = record.at
    yield { line, record }
  }
  if (line === 0)
    throw unreadable('journal-empty', `the journal ${path} is empty: its run ended before its first record`)
}

function readLine(path: string, line: number, text: string, at: Instant): Evidence {
  const parsed = parseRecord(text)
  if (line === 1) requireHead(path, parsed)
  return parsed.ok ? parsed.record : lost(at, line, parsed.problem)
}

function requireHead(path: string, head: ReturnType<typeof parseRecord>): void {
  if (!head.ok || head.record.kind !== 'run-started') {
    throw unreadable('journal-not-one', `${path}:1 is not the head of a journal: ${headProblem(head)}`)
  }
  const format: number = head.record.format
  if (format !== 1) {
    throw unreadable('journal-format', `${path}:1 has format ${format}; this version of matchday reads format 1`)
  }
}

const headProblem = (head: ReturnType<typeof parseRecord>): string =>
  head.ok ? `its first record is ${head.record.kind}, not run-started` : `the line ${head.problem}`

const lost = (at: Instant, line: number, problem: string): Evidence => ({
  kind: 'evidence-lost',
  at,
  about: `journal line ${line}`,
  problem: `the line ${problem}`,
})

function tornLine(at: Instant, line: number, text: string): Evidence {
  if (line === 1) {
    const problem = 'the journal has no whole line: its run was killed while it wrote the first record'
    throw unreadable('journal-empty', problem)
  }
  return lost(at, line, `is torn after ${Buffer.byteLength(text)} bytes: its writer was killed while it wrote`)
}

/** Lines as they stand; the last one is `torn` when the file does not end with a line end. */
async function* linesOf(path: string): AsyncGenerator<{ text: string; torn: boolean }> {
  let rest: Buffer[] = []
  let held = 0
  try {
    for await (const chunk of createReadStream(path, { highWaterMark: 1 << 18 }) as AsyncIterable<Buffer>) {
      let start = 0
      for (let end = chunk.indexOf(10); end >= 0; end = chunk.indexOf(10, start)) {
        yield { text: joined(rest, chunk.subarray(start, end)), torn: false }
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
  if (held > 0) yield { text: joined(rest, Buffer.alloc(0)), torn: true }
}

const joined = (parts: readonly Buffer[], last: Buffer): string =>
  parts.length === 0 ? last.toString('utf8') : Buffer.concat([...parts, last]).toString('utf8')

const unreadable = (
  code: 'journal-unreadable' | 'journal-empty' | 'journal-not-one' | 'journal-format',
  problem: string,
  cause?: unknown,
): JournalError =>
  new JournalError(code, problem, 'Give the folder of a run in reports/, as `matchday run` printed it.', cause)
