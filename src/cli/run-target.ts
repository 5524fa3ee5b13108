/** The target of a run, from the head of its journal. */
import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import type { Target } from '../domain/rehearsal.ts'
import { readJournal } from '../journal/read.ts'

const TRIES = 100
const PAUSE_MS = 100

/** Waits some seconds for the head where the journal was just opened; undefined if there is none then. */
export async function targetOfRun(folder: string, tries = TRIES): Promise<Target | undefined> {
  const path = join(folder, 'journal.ndjson')
  for (let left = tries; left > 0; left--) {
    const head = existsSync(path) ? await headOf(path) : undefined
    if (head !== undefined) return head
    if (left > 1) await sleep(PAUSE_MS)
  }
  return undefined
}

async function headOf(path: string): Promise<Target | undefined> {
  for await (const { record } of readJournal(path)) return record.kind === 'run-started' ? record.target : undefined
  return undefined
}
