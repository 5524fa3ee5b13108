/** What a dead run left to do, from its journal alone. */
import type { UndoWritten } from '../domain/evidence.ts'
import type { JournalEntry } from './read.ts'

/** Undos that were written and never done, the latest first: harm is taken back in reverse order. */
export async function resumeUndos(
  entries: AsyncIterable<JournalEntry> | Iterable<JournalEntry>,
): Promise<readonly UndoWritten[]> {
  const open = new Map<string, UndoWritten>()
  for await (const { record } of entries) {
    if (record.kind === 'undo-written') open.set(record.id, record)
    if (record.kind === 'undo-done') open.delete(record.id)
  }
  return [...open.values()].reverse()
}
