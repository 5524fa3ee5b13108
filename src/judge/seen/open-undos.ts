/** Undos that are written and not done: what a session left behind, also if it was killed before it could say so. */
import type { Evidence } from '../../domain/evidence.ts'

export type OpenUndos = {
  add(record: Evidence): void
  /** Their ids. The same undo may be written, done and written again: then it is outstanding again. */
  readonly ids: readonly string[]
}

export function createOpenUndos(): OpenUndos {
  const open = new Set<string>()
  return {
    add(record) {
      if (record.kind === 'undo-written') open.add(record.id)
      if (record.kind === 'undo-done') open.delete(record.id)
    },
    get ids() {
      return [...open]
    },
  }
}
