/** Reports folders with stored runs in them. */
import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import type { Evidence } from '../../src/domain/evidence.ts'
import { instant } from '../../src/domain/units.ts'
import { journalText } from './journal-text.ts'

/** Writes the journal of a run into `reports/<run>/` and returns that folder. The run is named as its folder. */
export function store(reports: string, run: string, records: readonly Evidence[]): string {
  const folder = join(reports, run)
  mkdirSync(folder, { recursive: true })
  const named = records.map((record) => (record.kind === 'run-started' ? { ...record, run } : record))
  writeFileSync(join(folder, 'journal.ndjson'), journalText(named))
  return folder
}

/** The same run at another time. */
export const later = (records: readonly Evidence[], ms: number): Evidence[] =>
  records.map((record) => ({
    ...record,
    at: instant(record.at + ms),
    ...(record.kind === 'load-started' ? { zeroAt: instant(record.zeroAt + ms) } : {}),
  }))
