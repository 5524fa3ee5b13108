/** The runs below a reports folder, read from the first and last lines of each journal and from its verdict. Nothing is judged here. */
import { closeSync, existsSync, fstatSync, openSync, readFileSync, readSync } from 'node:fs'
import { basename, join } from 'node:path'
import { z } from 'zod'
import { readJournal } from '../journal/read.ts'
import { runFolders } from './run-folder.ts'

/** Without a journal that can be read there is neither a time nor a duration, without reports no verdict. */
export type RunListed = {
  readonly run: string
  readonly folder: string
  readonly rehearsal?: string
  readonly context?: string
  /** Milliseconds since 1970. */
  readonly startedAt?: number
  readonly durationMs?: number
  readonly verdict?: string
  readonly exitCode?: number
}

/** Newest first. */
export const listRuns = (reports: string): Promise<readonly RunListed[]> => Promise.all(runFolders(reports).map(listed))

async function listed(folder: string): Promise<RunListed> {
  const started = await startOf(join(folder, 'journal.ndjson'))
  const endedAt = endOf(join(folder, 'journal.ndjson'))
  const known = started !== undefined && endedAt !== undefined
  return {
    run: basename(folder),
    folder,
    ...started,
    ...(known ? { durationMs: Math.max(0, Math.round(endedAt - started.startedAt)) } : {}),
    ...verdictIn(join(folder, 'verdict.json')),
  }
}

type Started = { readonly rehearsal: string; readonly context: string; readonly startedAt: number }

/** Undefined if the journal cannot be read, or is none. */
export async function startOf(journal: string): Promise<Started | undefined> {
  try {
    for await (const { record } of readJournal(journal)) {
      if (record.kind !== 'run-started') return undefined
      return { rehearsal: record.rehearsal.name, context: record.target.context, startedAt: Math.round(record.at) }
    }
  } catch {
    // The run is listed without what its journal would tell. `judge` reports what is wrong with the journal.
  }
  return undefined
}

const TAIL_BYTES = 64 << 10
const ending = z.looseObject({ kind: z.string(), at: z.number() })

/** The time of the last record of the run itself. `heal` may have added what it undid, later. */
export function endOf(journal: string): number | undefined {
  for (const line of tailOf(journal).split('\n').reverse()) {
    const record = ending.safeParse(parsed(line)).data
    if (record !== undefined && record.kind !== 'undo-done') return record.at
  }
  return undefined
}

/** Whether the run came to its end. `heal` may have added what it undid, later. */
export const hasEnded = (journal: string): boolean =>
  tailOf(journal)
    .split('\n')
    .some((line) => ending.safeParse(parsed(line)).data?.kind === 'run-ended')

function tailOf(path: string): string {
  if (!existsSync(path)) return ''
  const file = openSync(path, 'r')
  try {
    const { size } = fstatSync(file)
    const bytes = Buffer.alloc(Math.min(size, TAIL_BYTES))
    readSync(file, bytes, 0, bytes.length, size - bytes.length)
    return bytes.toString('utf8')
  } catch {
    return ''
  } finally {
    closeSync(file)
  }
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}

const judged = z.looseObject({ verdict: z.looseObject({ kind: z.string() }), exitCode: z.int() })

function verdictIn(path: string): Pick<RunListed, 'verdict' | 'exitCode'> {
  const found = existsSync(path) ? judged.safeParse(parsed(readFileSync(path, 'utf8'))).data : undefined
  return found === undefined ? {} : { verdict: found.verdict.kind, exitCode: found.exitCode }
}
