import { existsSync } from 'node:fs'
import { join } from 'node:path'
import type { Command } from 'commander'
import { createUndoer, type HealReport, healLeftovers } from '../../controller/healing.ts'
import { TargetHeld } from '../../controller/ports.ts'
import type { ResidueItem, UndoWritten } from '../../domain/evidence.ts'
import type { Target } from '../../domain/rehearsal.ts'
import { messageOf } from '../../domain/unknown.ts'
import { exitCodes } from '../../domain/verdict.ts'
import { openJournal } from '../../journal/journal.ts'
import { type JournalEntry, readJournal } from '../../journal/read.ts'
import { resumeUndos } from '../../journal/resume.ts'
import { systemClock } from '../clock.ts'
import { type ClusterFlags, chooseCluster, contextOf, withClusterFlags } from '../cluster-choice.ts'
import { reportFailure } from '../failure.ts'
import { aFolder, checkedFlag, outputFlag } from '../flags.ts'
import { readTarget, usualTargetPath } from '../inputs.ts'
import { deliverAfterHeal } from '../notifications.ts'
import { runFolders } from '../run-folder.ts'
import { stopSignal } from '../stop-signal.ts'
import { jsonText, onStderr, print, say, term } from '../terminal.ts'
import { clusterPortsOf } from '../wiring.ts'

type Flags = ClusterFlags & { readonly reports: string; readonly output: string }
type Dead = { readonly folder: string; readonly run: string; readonly undos: readonly UndoWritten[] }

export function addHeal(root: Command, finish: (code: number) => void): void {
  const command = root
    .command('heal')
    .description('undo whatever a dead run left, from its journal and from its marks on the cluster')
  withClusterFlags(command)
    .addOption(checkedFlag('--reports <folder>', 'where the runs have their folders', aFolder, 'reports'))
    .addOption(outputFlag())
    .addHelpText(
      'after',
      '\nExamples:\n  matchday heal --lab\n  matchday heal --context NAME\n  matchday heal --context NAME --reports ci-reports --output json',
    )
    .action(async (flags: Flags) => finish(await heal(flags)))
}

async function heal(flags: Flags): Promise<number> {
  const target = await targetOf(flags)
  const journals = await readJournals(flags.reports, target)
  // Once the cluster is known to answer, an object that cannot be read may hide a fault.
  const state = { unknown: journals.unreadable > 0 }
  try {
    return await healCluster(flags, target, journals.dead, () => {
      state.unknown = true
    })
  } catch (error) {
    const code = reportFailure(error)
    if (code !== exitCodes.environment || error instanceof TargetHeld) return code
    const owed = journals.dead.flatMap(({ run, undos }) => undos.map(({ id }) => `${id} of run ${run}`))
    for (const each of owed) say(term`${onStderr('red', 'still owed')} ${each}`)
    if (owed.length === 0 && !state.unknown) return code
    say(term`  Next: run matchday heal again as soon as the cluster answers.`)
    return exitCodes.notHealed
  }
}

/** `reached`: the answer came from a cluster. */
async function healCluster(flags: Flags, target: Target, dead: readonly Dead[], reached: () => void): Promise<number> {
  const { api } = await chooseCluster({ ...flags, workload: '', overlay: [] }, false, stopSignal())
  const ports = clusterPortsOf(api)
  await ports.cluster.identify()
  reached()
  // Refuses while a live run holds the target: its faults are not leftovers.
  await ports.lock.breakDead(target)
  const undoer = createUndoer(ports)
  const report = await healLeftovers(
    undoer,
    target,
    dead.flatMap(({ run, undos }) => undos.map(({ undo }) => ({ undo, run }))),
  )
  await noteHealed(dead, report.healed)
  const left = await undoer.residue(target)
  tell(flags, report, left)
  await deliverAfterHeal(
    flags.reports,
    dead.map(({ folder }) => folder),
  )
  return report.problems.length === 0 && left.length === 0 ? exitCodes.pass : exitCodes.notHealed
}

const outcomeWords = { undone: 'undone', 'already-gone': 'already gone', completed: 'completed' } as const

function tell(flags: Flags, report: HealReport, left: readonly ResidueItem[]): void {
  if (flags.output === 'json') return print(jsonText({ format: 1, ...report, left }))
  for (const each of report.healed)
    say(
      term`${onStderr('green', outcomeWords[each.outcome])} ${each.id} of run ${each.run}${each.note === undefined ? '' : `: ${each.note}`}`,
    )
  for (const problem of report.problems) say(term`${onStderr('red', 'not undone')} ${problem}`)
  for (const item of left) say(term`${onStderr('red', 'still there')} ${item.what} (${item.where})`)
  if (report.healed.length === 0 && report.problems.length === 0 && left.length === 0)
    say(term`nothing was left to undo`)
}

/** The target file, or what the newest run on that context recorded: the rehearsal may be in any folder, and healing is urgent. @throws BadInput */
async function targetOf(flags: Flags): Promise<Target> {
  const context = contextOf(flags)
  if (flags.target === undefined && !existsSync(usualTargetPath(context))) {
    for (const folder of runFolders(flags.reports)) {
      const target = await targetOfRun(join(folder, 'journal.ndjson'))
      if (target?.context === context) return target
    }
  }
  return readTarget(context, flags.target)
}

async function targetOfRun(journal: string): Promise<Target | undefined> {
  if (!existsSync(journal)) return undefined
  try {
    for await (const { record } of readJournal(journal))
      return record.kind === 'run-started' ? record.target : undefined
  } catch {
    // The search for undos reports it.
  }
  return undefined
}

type Journals = { readonly dead: readonly Dead[]; readonly unreadable: number }

/** Runs on this target whose journal has outstanding undos, and the number of journals that cannot be read. */
async function readJournals(reports: string, target: Target): Promise<Journals> {
  const dead: Dead[] = []
  let unreadable = 0
  for (const folder of runFolders(reports)) {
    const path = join(folder, 'journal.ndjson')
    if (!existsSync(path)) continue
    try {
      const found = await readDead(folder, path, target)
      if (found) dead.push(found)
    } catch (error) {
      unreadable += 1
      say(term`${path} cannot be read, so only marks on the cluster tell what its run left: ${messageOf(error)}`)
    }
  }
  return { dead, unreadable }
}

async function readDead(folder: string, path: string, target: Target): Promise<Dead | undefined> {
  let run: string | undefined
  const entries = async function* (): AsyncGenerator<JournalEntry> {
    for await (const entry of readJournal(path)) {
      if (entry.record.kind === 'run-started' && entry.record.target.context === target.context) run = entry.record.run
      yield entry
    }
  }
  const undos = await resumeUndos(entries())
  return run === undefined || undos.length === 0 ? undefined : { folder, run, undos }
}

/** Adds the healing to the dead run's journal, so that the next heal skips it. */
async function noteHealed(dead: readonly Dead[], healed: HealReport['healed']): Promise<void> {
  for (const { folder, run, undos } of dead) {
    const done = healed.filter((each) => each.run === run && undos.some(({ id }) => id === each.id))
    if (done.length === 0) continue
    const journal = await openJournal(join(folder, 'journal.ndjson'))
    for (const { id, outcome } of done)
      journal.append({ kind: 'undo-done', at: systemClock.now(), id, by: 'heal', outcome })
    await journal.close()
  }
}
