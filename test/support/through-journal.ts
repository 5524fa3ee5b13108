import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import type { Evidence } from '../../src/domain/evidence.ts'
import { readJournal } from '../../src/journal/read.ts'
import { journalText } from './journal-text.ts'
import { tempFolder } from './temp-folder.ts'

/** Records as a stored journal gives them back. */
export async function throughJournal(records: readonly Evidence[]): Promise<readonly Evidence[]> {
  const path = join(tempFolder(), 'journal.ndjson')
  writeFileSync(path, journalText(records))
  const read: Evidence[] = []
  for await (const { record } of readJournal(path)) read.push(record)
  return read
}
