/** What a note may be about: the steps, faults and actions of the run, from the head of its journal. */
import { join } from 'node:path'
import { type NoteKind, stepKey } from '../domain/people.ts'
import type { Rehearsal } from '../domain/rehearsal.ts'
import { runbookOf } from '../domain/runbook.ts'
import { chooseAmong } from '../files/did-you-mean.ts'
import { readJournal } from '../journal/read.ts'
import type { Complaint } from './flags.ts'

type Written = { readonly is: NoteKind; readonly text: string; readonly about?: string }

/** A mistyped step or name would make the note say nothing, and nobody would learn it before the verdict. */
export async function complaintAbout(folder: string, { is, text, about }: Written): Promise<Complaint | undefined> {
  const rehearsal = await rehearsalOf(folder)
  if (rehearsal === undefined) return undefined
  const harms = [...rehearsal.faults, ...rehearsal.actions].map(({ name }) => name)
  if (about !== undefined && !harms.includes(about))
    return { problem: `the run has no fault or action "${about}".`, next: chooseAmong(about, harms, 'its names') }
  const steps = runbookOf(rehearsal)
  if (is !== 'step' || steps.some((step) => stepKey(step) === stepKey(text))) return undefined
  if (steps.length === 0)
    return { problem: 'the rehearsal has no runbook.', next: 'write it as a note of another kind.' }
  return { problem: `"${text}" is no step of the runbook.`, next: chooseAmong(text, steps, 'its steps') }
}

/** Undefined for a journal that cannot be read: the controller of the run decides then. */
async function rehearsalOf(folder: string): Promise<Rehearsal | undefined> {
  try {
    for await (const { record } of readJournal(join(folder, 'journal.ndjson')))
      return record.kind === 'run-started' ? record.rehearsal : undefined
  } catch {
    // As above.
  }
  return undefined
}
