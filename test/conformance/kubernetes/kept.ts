/**
 * What was measured, kept with the code: one entry for each spec and kind of network, written the moment the spec has ended. The page is made from it
 * and from nothing else, so that a spec that was not run cannot claim anything.
 */
import { existsSync, readFileSync, writeFileSync } from 'node:fs'
import { z } from 'zod'
import type { Networking, Suite } from './flags.ts'

export const KEPT_FILE = 'test/conformance/kubernetes/measured.json'

const trial = z.object({
  outcome: z.enum(['passed', 'failed']),
  seconds: z.number(),
  /** What the spec said when it failed. */
  message: z.string().optional(),
  commit: z.string(),
  date: z.string(),
  /** Who ran the lab: root, or an ordinary user. */
  user: z.enum(['root', 'ordinary']),
})

const names = z.array(z.string()).readonly().default([])
const kept = z.object({
  versions: z.object({ kubernetes: z.string(), 'cri-tools': z.string() }),
  specs: z.object({ e2e: names, others: names, critest: names }),
  trials: z.record(z.string(), trial),
})

export type SpecTrial = z.infer<typeof trial>
export type Measured = z.infer<typeof kept>

export const idOf = (networking: Networking, suite: Suite, spec: string): string => `${networking} ${suite} ${spec}`

const NOTHING: Measured = {
  versions: { kubernetes: '', 'cri-tools': '' },
  specs: { e2e: [], others: [], critest: [] },
  trials: {},
}

export const readMeasured = (file = KEPT_FILE): Measured =>
  existsSync(file) ? kept.parse(JSON.parse(readFileSync(file, 'utf8'))) : NOTHING

/** Sorted, so that a run changes only the lines of its own specs. */
export function writeMeasured(measured: Measured, file = KEPT_FILE): void {
  const trials = Object.fromEntries(Object.entries(measured.trials).sort(([a], [b]) => (a < b ? -1 : 1)))
  writeFileSync(file, `${JSON.stringify({ ...measured, trials }, undefined, 1)}\n`)
}

export function keepTrial(id: string, found: SpecTrial, file = KEPT_FILE): void {
  const measured = readMeasured(file)
  writeMeasured({ ...measured, trials: { ...measured.trials, [id]: found } }, file)
}
