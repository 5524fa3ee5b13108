/** reports/<run>/: one folder a run, made before anything else, with `latest` leading to the newest. */
import { existsSync, mkdirSync, readdirSync, rmSync, statSync, symlinkSync } from 'node:fs'
import { basename, join, resolve } from 'node:path'
import { EnvironmentError } from '../controller/ports.ts'

export type RunFolder = { readonly run: string; readonly path: string; readonly file: (name: string) => string }

const STAMP = /[-:]/g

/** Makes a new folder below `reports`; the run's name is the rehearsal's with the UTC time, and never taken twice. */
export function makeRunFolder(reports: string, rehearsal: string, now: Date): RunFolder {
  const stamp = now.toISOString().slice(0, 19).replace(STAMP, '').replace('T', '-')
  // Labels hold 63 characters; objects get the run's name plus a suffix.
  const base = `${rehearsal.slice(0, 36)}-${stamp}`
  for (let attempt = 1; ; attempt++) {
    const run = attempt === 1 ? base : `${base}-${attempt}`
    const path = resolve(reports, run)
    if (!makeNew(reports, path)) continue
    pointLatest(reports, run)
    return { run, path, file: (name) => join(path, name) }
  }
}

/** Takes the folder of a run away that never began: without a journal there is nothing to judge or to heal. */
export function discardUnused(reports: string, folder: RunFolder): void {
  if (existsSync(folder.file('journal.ndjson'))) return
  rmSync(folder.path, { recursive: true, force: true })
  const [newest] = runFolders(reports)
  if (newest === undefined) rmSync(join(reports, 'latest'), { force: true })
  else pointLatest(reports, basename(newest))
}

function makeNew(reports: string, path: string): boolean {
  try {
    mkdirSync(reports, { recursive: true })
    mkdirSync(path)
    return true
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'EEXIST') return false
    throw new EnvironmentError(
      `cannot make the run's folder ${path}: ${error instanceof Error ? error.message : String(error)}`,
      'Choose another place with --reports.',
      error,
    )
  }
}

function pointLatest(reports: string, run: string): void {
  const link = join(reports, 'latest')
  rmSync(link, { force: true })
  symlinkSync(run, link)
}

/** When a run of whatever rehearsal began, by the end of its name, so that text order is time order. */
const startOf = (path: string): string => /\d{8}-\d{6}(-\d+)?$/.exec(basename(path))?.[0] ?? ''

/** Folders of finished and unfinished runs, newest first. */
export function runFolders(reports: string): readonly string[] {
  try {
    return readdirSync(reports)
      .filter((name) => name !== 'latest' && name !== 'example')
      .map((name) => join(reports, name))
      .filter((path) => statSync(path).isDirectory())
      .sort((a, b) => (startOf(a) < startOf(b) ? 1 : -1))
  } catch {
    return []
  }
}
