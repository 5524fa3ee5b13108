/**
 * The stored runs of the last good releases, in a folder that a pipeline keeps (a cache or an artifact): one folder for each run, with its journal
 * and signature. It may hold runs of several rehearsals.
 */
import { copyFileSync, existsSync, mkdirSync, readdirSync, realpathSync, renameSync, rmSync } from 'node:fs'
import { basename, dirname, join } from 'node:path'
import { EnvironmentError } from '../controller/ports.ts'
import { messageOf } from '../domain/unknown.ts'
import { exitCodes } from '../domain/verdict.ts'
import { SIGNATURE_FILE } from '../journal/signature.ts'
import { runFolders } from './run-folder.ts'
import { startOf } from './runs.ts'
import type { StoredRun } from './stored-runs.ts'

const JOURNAL = 'journal.ndjson'

/** The name of a run comes from its journal, which may be somebody else's: it must not lead out of the baseline. */
const FOLDER_NAME = /^[A-Za-z0-9][A-Za-z0-9._-]*$/

type Kept = { readonly folder: string; readonly startedAt: number }

/** Runs of a rehearsal in a baseline, newest first; what is no run is passed over. */
export async function baselineRuns(baseline: string, rehearsal: string): Promise<readonly Kept[]> {
  const runs: Kept[] = []
  for (const folder of runFolders(baseline)) {
    const started = await startOf(join(folder, JOURNAL))
    if (started?.rehearsal === rehearsal) runs.push({ folder, startedAt: started.startedAt })
  }
  return runs.sort((a, b) => b.startedAt - a.startedAt)
}

/** Whether a run lies in the baseline itself: to keep only some of its runs would remove reports. */
export const liesIn = (baseline: string, run: string): boolean =>
  existsSync(baseline) && existsSync(run) && dirname(realpathSync(run)) === realpathSync(baseline)

/** Only a run that passed is one of a good release. Accepted findings are no obstacle. */
const isGood = ({ judgment }: StoredRun): boolean =>
  judgment.verdict.kind === 'pass' && judgment.exitCode === exitCodes.pass

/** Adds the good ones of these runs, and removes the oldest beyond `keep`. Answers what was done, in sentences. @throws EnvironmentError */
export async function keepInBaseline(
  baseline: string,
  runs: readonly StoredRun[],
  keep: number,
): Promise<readonly string[]> {
  const told: string[] = []
  try {
    for (const run of runs) {
      if (!FOLDER_NAME.test(run.run)) told.push(`${run.run} was not added: its name cannot be that of a folder.`)
      else if (!isGood(run)) told.push(`${run.run} was not added: its verdict is ${run.judgment.verdict.kind}.`)
      else if (add(baseline, run)) told.push(`${run.run} was added.`)
    }
    const [first] = runs
    if (first === undefined) return told
    for (const { folder } of (await baselineRuns(baseline, first.rehearsal.name)).slice(keep)) told.push(remove(folder))
    return told
  } catch (error) {
    const problem = messageOf(error)
    throw new EnvironmentError(
      `${baseline} could not be changed: ${problem}`,
      'Make room, or choose another folder.',
      error,
    )
  }
}

/** The journal gets its name last: a folder without it is no run. False if the run is there already. */
function add(baseline: string, { run, folder }: StoredRun): boolean {
  const to = join(baseline, run)
  if (existsSync(join(to, JOURNAL))) return false
  mkdirSync(to, { recursive: true })
  const signature = join(folder, SIGNATURE_FILE)
  if (existsSync(signature)) copyFileSync(signature, join(to, SIGNATURE_FILE))
  copyFileSync(join(folder, JOURNAL), join(to, `${JOURNAL}.new`))
  renameSync(join(to, `${JOURNAL}.new`), join(to, JOURNAL))
  return true
}

/** Only what `add` wrote is removed: a folder with reports in it is somebody's. */
function remove(folder: string): string {
  const others = readdirSync(folder).filter((name) => name !== JOURNAL && name !== SIGNATURE_FILE)
  if (others.length > 0)
    return `${basename(folder)} is one too many, and was left: it holds more than a journal (${others[0]}).`
  rmSync(folder, { recursive: true })
  return `${basename(folder)} was removed.`
}
