/** Lines of a journal → its records, one after the other: for a file that is read as a whole, and for one that still grows. */
import type { Evidence } from '../domain/evidence.ts'
import { type Instant, instant } from '../domain/units.ts'
import type { EvidenceSeal } from '../domain/verdict.ts'
import { createChainCheck, unlinked } from './chain.ts'
import { decodeHead, decodeLine, type Head } from './format/decode.ts'
import { FORMAT } from './format/encode.ts'
import type { LineKind } from './format/record-shape.ts'
import { JournalError } from './journal-error.ts'

/** One record and its line in the file, from 1. */
export type JournalEntry = { readonly line: number; readonly record: Evidence }

export type Lines = {
  /** A whole line, without its line end. @throws JournalError when the first line is no head, or of a newer format. */
  take(bytes: Buffer): readonly JournalEntry[]
  /** A last line without its end: its writer was killed. @throws JournalError when it is the first one. */
  torn(bytes: Buffer): JournalEntry
  /** What was read so far: the format, the lines, and of a chained journal the hash of the last one. */
  readonly seal: EvidenceSeal
  /** The hash of the line that was asked for; undefined until it was read, or when the journal is shorter. */
  readonly askedHash: string | undefined
}

/**
 * A line that cannot be read (damaged, or of an unknown kind) comes as `evidence-lost`, so that it is judged as missing and never skipped silently.
 * Where the chain of lines is broken, or a second run begins, `evidence-doubted` follows the record. `hashOf` is the line whose hash the caller
 * wants to know.
 */
export function createLines(path: string, hashOf?: number): Lines {
  const chain = createChainCheck()
  let askedHash: string | undefined
  let format = 0
  let lines = 0
  let at = instant(0)
  return {
    take(bytes) {
      lines += 1
      const line = lines
      const link = unlinked(bytes)
      let record: Evidence
      if (line === 1) ({ version: format, record } = headOf(path, link.json))
      else record = recordOf(link.json, format, at, line)
      at = record.at
      const broken = format >= CHAINED_FROM ? chain.next(bytes, link) : undefined
      if (line === hashOf) askedHash = chain.head
      return [
        { line, record },
        ...(broken === undefined ? [] : [{ line, record: doubted(at, line, broken) }]),
        ...(line > 1 && record.kind === 'run-started' ? [{ line, record: doubted(at, line, SECOND_HEAD) }] : []),
      ]
    },
    torn(bytes) {
      lines += 1
      return { line: lines, record: tornLine(at, lines, bytes) }
    },
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
  return decoded.ok ? decoded.record : lost(at, line, decoded.problem, decoded.kind)
}

const lost = (at: Instant, line: number, problem: string, of?: LineKind): Evidence => ({
  kind: 'evidence-lost',
  at,
  about: `journal line ${line}`,
  problem: `the line ${problem}`,
  ...(of && { of }),
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

export const unreadable = (
  code: 'journal-unreadable' | 'journal-empty' | 'journal-not-one' | 'journal-format',
  problem: string,
  cause?: unknown,
): JournalError =>
  new JournalError(code, problem, 'Give the folder of a run in reports/, as `matchday run` printed it.', cause)
