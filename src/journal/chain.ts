/**
 * The hash chain over the lines of a journal. Each line ends with its sequence number and a hash:
 *
 *   {"kind":"phase-started", … ,"seq":12,"chain":"<64 hex digits>"}
 *
 * `seq` is the number of the line, from 1. `chain` is SHA-256 (FIPS 180-4) in hex over these bytes: the 64 hex digits of the line
 * before (64 zeros for the first line), followed by this line's own bytes up to and without `,"chain":"`. A changed, dropped, repeated or
 * moved line breaks the chain at that line. docs/how-to/keep-the-evidence.md says what this proves and what it does not.
 */
import { hash } from 'node:crypto'

/** What stands for the hash of the line before the first one. */
export const CHAIN_START = '0'.repeat(64)

const OPEN = ',"chain":"'
/** `,"chain":"`, 64 digits, `"}`. */
const TAIL_BYTES = OPEN.length + 64 + 2
const TAIL = /^,"chain":"([0-9a-f]{64})"\}$/

export type Link = { readonly line: string; readonly hash: string }

/** A record's JSON → its line in the file, without the line end, and the hash that the next line continues. */
export function chained(json: string, seq: number, previous: string): Link {
  const body = `${json.slice(0, -1)},"seq":${seq}`
  const own = hash('sha256', previous + body, 'hex')
  return { line: `${body}${OPEN}${own}"}`, hash: own }
}

/** A line taken apart. A line without a link was never chained, or was damaged. */
export type Unlinked = { readonly json: string; readonly seq?: number; readonly hash?: string }

const SEQ = /^(.*),"seq":(\d{1,15})$/s

export function unlinked(line: Buffer): Unlinked {
  const hash = statedHash(line)
  if (hash === undefined) return { json: line.toString('utf8') }
  const [, record, seq] = SEQ.exec(line.toString('utf8', 0, line.length - TAIL_BYTES)) ?? []
  if (record === undefined) return { json: line.toString('utf8'), hash }
  return { json: `${record}}`, seq: Number(seq), hash }
}

/** The hash that a line states; undefined if it states none. */
export function statedHash(line: Buffer): string | undefined {
  return TAIL.exec(line.toString('latin1', line.length - TAIL_BYTES))?.[1]
}

/** Follows the chain from the first line on. */
export type ChainCheck = {
  /** What is wrong at this line, if anything. Goes on from there, so that one change is told once. */
  next(line: Buffer, link: Unlinked): string | undefined
  /** The hash of the last line that states one. */
  readonly head: string
}

export function createChainCheck(): ChainCheck {
  let head = CHAIN_START
  let wanted = 1
  /** False after a line that states no hash: the next one cannot be checked, and the change is told already. */
  let known = true

  const problemOf = (line: Buffer, { seq, hash }: Unlinked): string | undefined => {
    if (hash === undefined) return 'it carries no hash'
    if (seq !== wanted) return outOfOrder(seq, wanted)
    return known && hashOf(head, line) !== hash ? 'its hash does not fit the line and the one before it' : undefined
  }
  return {
    next(line, link) {
      const problem = problemOf(line, link)
      known = link.hash !== undefined
      head = link.hash ?? head
      wanted = (link.seq ?? wanted) + 1
      return problem
    },
    get head() {
      return head
    },
  }
}

function outOfOrder(seq: number | undefined, wanted: number): string {
  if (seq === undefined) return 'it carries no sequence number'
  const what = seq < wanted ? 'lines were repeated or moved' : 'lines are missing or were moved'
  return `its sequence number is ${seq} where ${wanted} was due: ${what}`
}

/** Over the bytes as they are in the file, not over the text that they decode to. */
const hashOf = (previous: string, line: Buffer): string =>
  hash('sha256', Buffer.concat([Buffer.from(previous, 'latin1'), line.subarray(0, line.length - TAIL_BYTES)]), 'hex')
