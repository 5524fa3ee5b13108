/** An undo is recorded before its change is made, and recorded as done once the change is undone. The open ones show what a run left behind, even if it was killed. */
import type { Evidence } from '../../domain/evidence.ts'

export type Undos = {
  /** `line`: of the record. It decides what came first, because records of different kinds may be read in another order. */
  add(record: Evidence, line: number): void
  /** Written and not done, by id, with the line. An undo that is done and then written again is outstanding again. */
  readonly open: ReadonlyMap<string, number>
  /** Done and never written, by id, with the line. `heal` also undoes what it finds by its label. */
  readonly unwritten: ReadonlyMap<string, number>
}

export function createUndos(): Undos {
  const written = new Map<string, number>()
  const done = new Map<string, number>()
  const healed = new Set<string>()
  return {
    add(record, line) {
      if (record.kind === 'undo-written') written.set(record.id, Math.max(line, written.get(record.id) ?? 0))
      if (record.kind !== 'undo-done') return
      if (record.by === 'heal') healed.add(record.id)
      done.set(record.id, Math.max(line, done.get(record.id) ?? 0))
    },
    get open() {
      return new Map([...written].filter(([id, line]) => line > (done.get(id) ?? 0)))
    },
    get unwritten() {
      return new Map([...done].filter(([id]) => !written.has(id) && !healed.has(id)))
    },
  }
}
