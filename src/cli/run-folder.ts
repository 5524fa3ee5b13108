/** reports/<run>/: one folder per run, made before anything else. `latest` points to the newest. */
import { existsSync, mkdirSync, readdirSync, rmSync, statSync, symlinkSync } from 'node:fs'
import { basename, join, resolve } from 'node:path'
import { EnvironmentError } from '../controller/ports.ts'
import { messageOf } from '../domain/unknown.ts'

export type RunFolder = { readonly run: string; readonly path: string; readonly file: (name: string) => string }

const STAMP = /[-:]/g

/** Makes a new folder below `reports`. The run's name is the rehearsal's with the UTC time, and unique. */
export function makeRunFolder(reports: string, rehearsal: string, now: Date): RunFolder {
  const stamp = now.toISOString().slice(0, 19).replace(STAMP, '').replace('T', '-')
  // Labels hold 63 characters, and object names add a suffix to the run's name.
  const base = `${rehearsal.slice(0, 36)}-${stamp}`
  for (let attempt = 1; ; attempt++) {
    const run = attempt === 1 ? base : `${base}-${attempt}`
    const path = resolve(reports, run)
    if (!makeNew(reports, path)) continue
    pointLatest(reports, run)
    return { run, path, file: (name) => join(path, name) }
  }
}

/** Removes the folder of a run that never began: without a journal there is nothing to judge or to heal. */
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
      `cannot make the run's folder ${path}: ${messageOf(error)}`,
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

/** The start time at the end of a run's name. Text order is time order, whatever the rehearsal. */
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
