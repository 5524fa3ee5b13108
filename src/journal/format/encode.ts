/** Evidence → the JSON of a journal line. */
import type { Evidence } from '../../domain/evidence.ts'
import { withoutFaults } from './faults.ts'
import type { JournalLine } from './record-shape.ts'

/** The format that this version writes. `upgrade.ts` has a step from each earlier one. */
export const FORMAT = 3

/** @throws TypeError for a number that is not finite: JSON would turn it into null, and a reading that was never made would look like one. */
export function encodeRecord(record: Evidence): string {
  const text = JSON.stringify(lineOf(record))
  // Looked for only where a null stands in the text: that costs nothing for all other records.
  if (text.includes('null')) requireFinite(record, record.kind)
  return text
}

/** The other place where the domain's types meet the file's: see `decode.ts`. */
function lineOf(record: Evidence): JournalLine {
  if (record.kind === 'evidence-doubted') throw new TypeError('a doubt about a journal is not written into it')
  if (record.kind !== 'run-started') return record
  const { kind, ...rest } = record
  return { kind, format: FORMAT, ...withoutFaults(rest) }
}

function requireFinite(value: unknown, where: string): void {
  if (typeof value === 'number' && !Number.isFinite(value)) {
    throw new TypeError(
      `evidence must not hold ${value}: ${where}. Whoever measured it records a failed reading instead.`,
    )
  }
  if (typeof value !== 'object' || value === null) return
  for (const [key, each] of Object.entries(value)) requireFinite(each, `${where}.${key}`)
}
