/** Evidence → the JSON of a journal line. */
import type { Evidence } from '../../domain/evidence.ts'

/** The format that this version writes. `upgrade.ts` has a step from each earlier one. */
export const FORMAT = 2

/** @throws TypeError for a number that is not finite: JSON would turn it into null, and a reading that was never made would look like one. */
export function encodeRecord(record: Evidence): string {
  const text = JSON.stringify(record.kind === 'run-started' ? headOf(record) : record)
  // Looked for only where a null stands in the text: that costs nothing for all other records.
  if (text.includes('null')) requireFinite(record, record.kind)
  return text
}

function headOf({ kind, ...rest }: Extract<Evidence, { kind: 'run-started' }>): object {
  return { kind, format: FORMAT, ...rest }
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
