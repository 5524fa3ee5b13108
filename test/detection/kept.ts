/**
 * Measurements that are kept with the code: `test/detection/measured.json`, one entry for each row, written the moment its run has ended. The
 * page is made from it and from nothing else, so that a row that was not measured cannot claim anything.
 */
import { existsSync, readFileSync, writeFileSync } from 'node:fs'
import type { Trial } from './outcome.ts'
import type { Kept, Row } from './tasks.ts'

export const KEPT_FILE = 'test/detection/measured.json'

export const readKept = (file = KEPT_FILE): Kept =>
  existsSync(file) ? (JSON.parse(readFileSync(file, 'utf8')) as Kept) : {}

/** What a row seeds stands in the matrix, and is not kept twice. */
export function keep(id: string, { seeded: _, ...trial }: Trial, file = KEPT_FILE): void {
  const all: Kept = { ...readKept(file), [id]: trial }
  const sorted = Object.fromEntries(Object.entries(all).sort(([a], [b]) => (a < b ? -1 : 1)))
  writeFileSync(file, `${JSON.stringify(sorted, undefined, 1)}\n`)
}

/** The measurement of a row, with what the row seeds today. */
export function trialFor({ id, seeded }: Row, kept: Kept): Trial | undefined {
  const trial = kept[id]
  return trial === undefined ? undefined : { ...trial, ...(seeded ? { seeded } : {}) }
}
