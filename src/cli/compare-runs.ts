/** `matchday compare` of stored runs: two sets of folders, or runs against a baseline. */
import { basename } from 'node:path'
import type { Comparison } from '../domain/comparison.ts'
import { exitCodes } from '../domain/verdict.ts'
import { baselineRuns, keepInBaseline, liesIn } from './baseline.ts'
import { printComparison, writeComparison } from './comparing.ts'
import { BadInput } from './failure.ts'
import { issueOfFlag } from './flags.ts'
import { compareRuns, readStoredRun, type StoredRun } from './stored-runs.ts'
import { say, term } from './terminal.ts'

type Flags = { readonly output: string; readonly quiet?: boolean; readonly keep?: string }

export const refusal = (flag: string, problem: string, next: string): BadInput =>
  new BadInput([issueOfFlag(flag, { problem, next })])

export async function readAll(folders: readonly string[]): Promise<readonly StoredRun[]> {
  const runs: StoredRun[] = []
  for (const folder of folders) runs.push(await readStoredRun(folder))
  return runs
}

/** Compares, writes the reports into the last folder of B, and prints the outcome. */
export function compareStored(a: readonly StoredRun[], b: readonly StoredRun[], { output }: Flags): Comparison {
  const comparison = compareRuns(a, b)
  printComparison(comparison, writeComparison(b.at(-1)?.folder ?? '.', comparison), output)
  return comparison
}

/** @throws BadInput if there is nothing to compare with; with `keep` the runs begin the baseline then. */
export async function compareWithBaseline(b: readonly string[], baseline: string, flags: Flags): Promise<number> {
  const keep = flags.keep === undefined ? undefined : Number(flags.keep)
  if (b.length === 0) throw refusal('what', 'there is no run to compare.', 'Give the folder of a run: release B.')
  if (keep !== undefined && b.some((run) => liesIn(baseline, run)))
    throw refusal('--keep', `${baseline} is the folder of the run itself.`, 'Give the baseline a folder of its own.')
  const runs = await readAll(b)
  const stored = await storedBefore(baseline, runs)
  if (stored.length === 0) throw await nothingStored(baseline, runs, keep)
  const comparison = compareStored(await readAll(stored), runs, flags)
  if (keep === undefined) return comparison.exitCode
  const told =
    comparison.outcome === 'regressed' ? ['nothing was added: B is worse.'] : await keepInBaseline(baseline, runs, keep)
  if (!flags.quiet) for (const line of told) say(term`${baseline}: ${line}`)
  return comparison.exitCode
}

/** A pipeline that is repeated must not compare a run with itself. */
async function storedBefore(baseline: string, runs: readonly StoredRun[]): Promise<readonly string[]> {
  const own = new Set(runs.map(({ run }) => run))
  const stored = await baselineRuns(baseline, runs[0]?.rehearsal.name ?? '')
  return stored.map(({ folder }) => folder).filter((folder) => !own.has(basename(folder)))
}

/** Inconclusive, because nothing was compared. */
async function nothingStored(
  baseline: string,
  runs: readonly StoredRun[],
  keep: number | undefined,
): Promise<BadInput> {
  const told = keep === undefined ? [] : await keepInBaseline(baseline, runs, keep)
  const problem = `${baseline} holds no run of ${runs[0]?.rehearsal.name} to compare with.`
  const next =
    keep === undefined
      ? 'Copy the folders of good runs into it, or let --keep 10 do it.'
      : 'Keep the folder for the next pipeline, which compares with it.'
  const issue = issueOfFlag('--baseline', { code: 'no-runs', problem: [problem, ...told].join(' '), next })
  return new BadInput([issue], keep === undefined ? exitCodes.badInput : exitCodes.inconclusive)
}
