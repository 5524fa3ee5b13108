import { copyFileSync } from 'node:fs'
import { join } from 'node:path'
import type { Command } from 'commander'
import type { MeasuredLoad } from '../../capacity/seen.ts'
import { createSearching } from '../../controller/capacity.ts'
import { performSession, type SessionPorts } from '../../controller/session.ts'
import type { AskedLoad, CapacitySession } from '../../domain/capacity.ts'
import type { SourcePoint } from '../../domain/issue.ts'
import type { ScriptFacts } from '../../domain/script.ts'
import { isCapacityFile, parseCapacity, usualSession } from '../../files/capacity.ts'
import { flagShapes } from '../../files/flags.ts'
import { parseRehearsal } from '../../files/rehearsal.ts'
import { openJournal } from '../../journal/journal.ts'
import { capacityIssues } from '../../plan/capacity.ts'
import { judgedAgain, printCapacity } from '../capacity-folder.ts'
import { modelOnPaper } from '../capacity-model.ts'
import { askedText, measuredText } from '../capacity-text.ts'
import { type ClusterFlags, chooseCluster, contextOf, withClusterFlags, withLabFlags } from '../cluster-choice.ts'
import { BadInput } from '../failure.ts'
import { aFolderToWrite, aWebAddress, checkedFlag, ofShape, outputFlag } from '../flags.ts'
import { readInputFile } from '../input-file.ts'
import { type Inputs, readInputs } from '../inputs.ts'
import { discardUnused, makeRunFolder, type RunFolder } from '../run-folder.ts'
import { refuseRunners } from '../runners.ts'
import { scriptFacts } from '../script-facts.ts'
import { seedOf } from '../seed.ts'
import { planSession } from '../session-plan.ts'
import { stopSignal } from '../stop-signal.ts'
import { onStderr, say, term } from '../terminal.ts'
import { findTool } from '../tools.ts'
import { targetOfUrl } from '../url-target.ts'
import { sessionPortsOf } from '../wiring.ts'
import { refuseWithoutCluster, someDrain, zoneLossOf } from '../zone-loss.ts'

type Flags = ClusterFlags & {
  readonly url?: string
  readonly model?: boolean
  readonly seed?: string
  readonly reports: string
  readonly output: string
  readonly quiet?: boolean
}

export function addCapacity(root: Command, finish: (code: number) => void): void {
  const command = root
    .command('capacity')
    .description('find the highest load at which the objectives hold, and what limits it')
    .argument(
      '<file...>',
      'a *.capacity.yaml or a *.rehearsal.yaml; with --model, a file of points or folders of searches',
    )
  withLabFlags(withClusterFlags(command))
    .addOption(
      checkedFlag(
        '--url <url>',
        'search the capacity behind this URL, without a cluster: only the load is measured',
        aWebAddress,
      ),
    )
    .option('--model', 'forecast on paper from measured points; no load')
    .addOption(
      checkedFlag(
        '--seed <number>',
        "seed of the players' choices (default: REHEARSAL_SEED, or a new one)",
        ofShape(flagShapes.seed, '--seed'),
      ),
    )
    .addOption(checkedFlag('--reports <folder>', 'where the search gets its folder', aFolderToWrite, 'reports'))
    .addOption(outputFlag())
    .option('-q, --quiet', 'no progress, only the result')
    .addHelpText(
      'after',
      '\nExit code 0: a promise (that covers the event), 1: the platform carries less than the event, or nothing, or is metastable, 3: unproven, 4: stopped.\n\nExamples:\n  matchday capacity scenarios/derby.capacity.yaml --context NAME\n  matchday capacity scenarios/psp-down-at-peak.rehearsal.yaml --lab\n  matchday capacity shop.capacity.yaml --url http://127.0.0.1:8080 -o json\n  matchday capacity --model points.yaml',
    )
    .action(async (files: readonly string[], flags: Flags) => finish(await capacity(files, flags)))
}

async function capacity(files: readonly string[], flags: Flags): Promise<number> {
  if (flags.model) return modelOnPaper(files, flags.output)
  const [file, second] = files
  if (file === undefined || second !== undefined) {
    const at = { file: 'file', line: 0, column: 0 }
    throw new BadInput([{ at, code: 'wrong-value', problem: 'a search takes one file.', next: 'Give one file.' }])
  }
  const wanted = readWanted(file, flags)
  refuseRunners(wanted.inputs.target)
  const signal = stopSignal()
  const k6 = await findTool('k6', signal)
  const facts = await scriptFacts(k6.path, wanted.inputs)
  const cluster = flags.url === undefined ? await chooseCluster(flags, true, signal) : undefined
  try {
    const ports = await sessionPortsOf(cluster?.api, k6.path, wanted.inputs.target)
    const folder = makeRunFolder(flags.reports, wanted.name, new Date())
    try {
      await performSearch(ports, wanted, facts, file, folder, k6.version, flags, signal)
    } finally {
      discardUnused(flags.reports, folder)
    }
    const result = await judgedAgain(folder.path)
    printCapacity(result, folder.path, flags.output)
    return result.exitCode
  } finally {
    await cluster?.release()
  }
}

type Wanted = {
  readonly name: string
  readonly inputs: Inputs
  readonly session: CapacitySession
  /** Where the file asks for one zone less. */
  readonly zoneLessAt?: SourcePoint
}

/** A capacity file with its rehearsal, or a rehearsal alone, which is searched with the defaults. @throws BadInput */
function readWanted(path: string, flags: Flags): Wanted {
  const files = { read: readInputFile }
  if (!isCapacityFile(files.read(path) ?? '')) {
    const inputs = inputsOf(path, flags)
    return proven({ name: inputs.rehearsal.name, inputs, session: usualSession(inputs.target, inputs.rehearsal) })
  }
  const file = parseCapacity(files, path)
  if (!file.ok) throw new BadInput(file.issues)
  const { name, zoneLessAt } = file.value
  if (flags.url !== undefined) refuseWithoutCluster(zoneLessAt)
  const inputs = inputsOf(file.value.rehearsal, flags)
  const session = file.value.sessionOn(inputs.target, inputs.rehearsal)
  if (!session.ok) throw new BadInput(session.issues)
  return proven({ name, inputs, session: session.value, ...(zoneLessAt && { zoneLessAt }) })
}

function proven(wanted: Wanted): Wanted {
  const issues = capacityIssues(wanted.inputs.rehearsal, wanted.inputs.target, wanted.session)
  if (issues.length > 0) throw new BadInput(issues)
  return wanted
}

function inputsOf(path: string, flags: Flags): Inputs {
  if (flags.url === undefined) return readInputs(path, contextOf(flags), flags.target)
  const rehearsal = parseRehearsal({ read: readInputFile }, path)
  if (!rehearsal.ok) throw new BadInput(rehearsal.issues)
  return { rehearsal: rehearsal.value, target: targetOfUrl(flags.url) }
}

async function performSearch(
  ports: SessionPorts,
  { inputs, session: asked, zoneLessAt }: Wanted,
  facts: ScriptFacts,
  file: string,
  folder: RunFolder,
  k6: string,
  flags: Flags,
  signal: AbortSignal,
): Promise<void> {
  const { rehearsal, target } = inputs
  const seed = seedOf(flags)
  // The faults and actions of the rehearsal are left out.
  const loadOnly = { ...rehearsal, faults: [], actions: [] }
  const touched = { faults: [], actions: zoneLessAt === undefined ? [] : [someDrain(zoneLessAt)] }
  const performance = await planSession(ports, { ...inputs, facts }, folder, k6, seed, loadOnly, touched)
  const loss = zoneLessAt && ports.cluster && (await zoneLossOf(ports.cluster.actions, loadOnly, target, zoneLessAt))
  const session = { ...asked, ...(loss && { withoutZone: loss.zone }) }
  signal.throwIfAborted()
  copyFileSync(file, folder.file('capacity.yaml'))
  if (!flags.quiet) say(term`${onStderr('bold', rehearsal.name)} on ${target.entry}, seed ${String(seed)}`)
  const events = {
    asked: (load: AskedLoad) => flags.quiet || say(askedText(load)),
    measured: (point: MeasuredLoad) => flags.quiet || say(measuredText(point, onStderr)),
  }
  const search = createSearching(performance, session, events, async (warm) =>
    loss?.take(ports, warm, target, folder.run),
  )
  const journal = await openJournal(join(folder.path, 'journal.ndjson'))
  try {
    await performSession(ports, { ...performance, session }, journal, search.add, signal, search.strategy)
  } finally {
    await journal.close()
  }
}
