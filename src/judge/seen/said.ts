/** What people wrote while the run was under way, in the order of the journal. */
import type { EvidenceOf } from '../../domain/evidence.ts'
import type { NoteKind } from '../../domain/people.ts'

export type Said = {
  readonly at: number
  readonly line: number
  readonly is: NoteKind
  readonly text: string
  readonly by: string
  readonly about?: string
}

export type SaidSeen = { add(note: EvidenceOf<'note'>, line: number): void; readonly all: readonly Said[] }

export function createSaid(): SaidSeen {
  const all: Said[] = []
  return {
    add({ at, is, text, by, about }, line) {
      all.push({ at, line, is, text, by, ...(about === undefined ? {} : { about }) })
    },
    all,
  }
}
