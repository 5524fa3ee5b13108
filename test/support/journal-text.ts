/**
 * Journals as text, for tests that change recorded evidence. A test about the judge chains its mutation anew, so that the chain does not
 * give the change away; a test about tampering leaves the chain as it is.
 */
import type { Evidence } from '../../src/domain/evidence.ts'
import { CHAIN_START, chained } from '../../src/journal/chain.ts'
import { encodeRecord, FORMAT } from '../../src/journal/format/encode.ts'
import { upgraded, versionOf } from '../../src/journal/format/upgrade.ts'

/** The journal that a run with these records would have written. */
export const journalText = (records: readonly Evidence[]): string => chainedLines(records.map(encodeRecord))

/**
 * A journal's text of any format after a mutation, as one that was written so: in today's format, with whole sequence and chain.
 * Lines that are no JSON object cannot be chained and stay as they are.
 */
export function chainedAnew(text: string): string {
  const lines = text.split('\n').filter((line) => line !== '')
  return chainedLines(lines.map((line, index) => unchained(line, index === 0)))
}

/** Lines as a journal with whole sequence and chain, whatever the lines hold. */
export function chainedLines(jsons: readonly string[]): string {
  let previous = CHAIN_START
  return jsons
    .map((json, index) => {
      if (!json.endsWith('}')) return `${json}\n`
      const link = chained(json, index + 1, previous)
      previous = link.hash
      return `${link.line}\n`
    })
    .join('')
}

function unchained(line: string, isHead: boolean): string {
  if (!line.endsWith('}')) return line
  const { seq: _seq, chain: _chain, ...record } = JSON.parse(line) as Record<string, unknown>
  return JSON.stringify(isHead ? { ...upgraded(record, Number(versionOf(record))), format: FORMAT } : record)
}
