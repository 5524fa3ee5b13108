/** What a folder holds: a run of a rehearsal, or a session of blocks. Judged as a run, a session would give nonsense. */
import { existsSync } from 'node:fs'
import { join } from 'node:path'
import type { Session } from '../domain/session.ts'
import { readJournal } from '../journal/read.ts'

/** Undefined for a run, and where there is no journal. Reads two records. */
export async function sessionIn(folder: string): Promise<Session['kind'] | undefined> {
  const path = join(folder, 'journal.ndjson')
  if (!existsSync(path)) return undefined
  for await (const { record, line } of readJournal(path)) {
    if (record.kind === 'session-started') return record.session.kind
    if (line >= 2) return undefined
  }
  return undefined
}
