/** A run as a folder with a journal, at times that end now: receivers refuse what is old. */
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import type { Evidence } from '../../src/domain/evidence.ts'
import type { PublishTarget } from '../../src/domain/rehearsal.ts'
import { type Instant, instant } from '../../src/domain/units.ts'
import { evidence } from '../support/evidence.ts'
import { journalText } from '../support/journal-text.ts'
import { tempFolder } from '../support/temp-folder.ts'

export function recentRun(publish: PublishTarget, endsAt: number): readonly Evidence[] {
  const records = evidence()
  const shift = endsAt - (records.at(-1)?.at ?? 0)
  const moved = (at: Instant): Instant => instant(at + shift)
  return records.map((record): Evidence => {
    if (record.kind === 'load-started') return { ...record, at: moved(record.at), zeroAt: moved(record.zeroAt) }
    if (record.kind === 'run-started') return { ...record, at: moved(record.at), target: { ...record.target, publish } }
    return { ...record, at: moved(record.at) }
  })
}

export function runFolder(records: readonly Evidence[]): string {
  const folder = tempFolder()
  writeFileSync(join(folder, 'journal.ndjson'), journalText(records))
  return folder
}
