/** What a dead run left to do, from its journal alone. */
import type { UndoWritten } from '../domain/evidence.ts'
import type { JournalEntry } from './read.ts'

/** Undos that were written and never done, the latest first: harm is taken back in reverse order. */
export async function resumeUndos(
  entries: AsyncIterable<JournalEntry> | Iterable<JournalEntry>,
): Promise<readonly UndoWritten[]> {
  const open = new Map<string, UndoWritten>()
  for await (const { record } of entries) {
    if (record.kind !== 'undo-written' && record.kind !== 'undo-done') continue
    // Taken out first: an undo that was written again is owed again, and is the latest one.
    open.delete(record.id)
    if (record.kind === 'undo-written') open.set(record.id, record)
  }
  return [...open.values()].reverse()
}
