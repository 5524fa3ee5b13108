import type { KeyObject } from 'node:crypto'
import { copyFileSync } from 'node:fs'
import type { Command } from 'commander'
import { type ControllerPorts, perform } from '../../controller/perform.ts'
import { booksRead } from '../../controller/settling.ts'
import { look } from '../../controller/sight.ts'
import type { Issue } from '../../domain/issue.ts'
import type { ScriptFacts } from '../../domain/script.ts'
import type { Timeline } from '../../domain/timeline.ts'
import { exitCodes } from '../../domain/verdict.ts'
import { flagShapes } from '../../files/flags.ts'
import { openJournal } from '../../journal/journal.ts'
import { readSigningKey, SIGNATURE_FILE } from '../../journal/signature.ts'
import { openControl } from '../../live/control.ts'
import { planTimeline } from '../../plan/timeline.ts'
import { admissionsOf } from '../admissions.ts'
import {
  type ClusterFlags,
  chooseCluster,
  contextOf,
  requireBootableLab,
  withClusterFlags,
  withLabFlags,
} from '../cluster-choice.ts'
import { environmentOf } from '../environment.ts'
import { BadInput, issueText } from '../failure.ts'
import {
  aFolderToWrite,
  checkedFlag,
  checkedTogether,
  issueOfFlag,
  ofShape,
  outputFlag,
  type ValueCheck,
} from '../flags.ts'
import { tellGitHub } from '../github.ts'
import { type Inputs, readInputs } from '../inputs.ts'
import { judgeFolder, printJudgment, writeReports } from '../judging.ts'
import { startLivePage } from '../live-child.ts'
import { notificationIssues } from '../notifications.ts'
import { createNotificationChild, type NotificationChild } from '../notify-child.ts'
import { showProgress } from '../progress.ts'
import { createPublishChild, type PublishChild, publishIssues } from '../publish-child.ts'
import { discardUnused, makeRunFolder, type RunFolder } from '../run-folder.ts'
import { scriptFacts } from '../script-facts.ts'
import { seedOf } from '../seed.ts'
import { stopSignal } from '../stop-signal.ts'
import { onStderr, say, term, termLines } from '../terminal.ts'
import { findTool } from '../tools.ts'
import { aKey, keyOf, writeSignature } from '../verifying.ts'
import { clusterPortsOf, loadPortsOf } from '../wiring.ts'

type Flags = ClusterFlags & {
  readonly seed?: string
  readonly reports: string
  readonly output: string
  readonly quiet?: boolean
  readonly signKey?: string
  readonly live?: boolean
  readonly livePort?: string
}

export function addRun(root: Command, finish: (code: number) => void): void {
  const command = root
    .command('run')
    .description('perform a rehearsal, judge it, and leave a report')
    .argument('<rehearsal>', 'a *.rehearsal.yaml')
  checkedTogether(withLabFlags(withClusterFlags(command)), variableIssues)
    .addOption(
      checkedFlag(
        '--seed <number>',
        "seed of matchday's random choices: players, and in the lab the pods that faults pick (default: REHEARSAL_SEED, or a new one)",
        ofShape(flagShapes.seed, '--seed'),
      ),
    )
    .addOption(checkedFlag('--reports <folder>', 'where the run gets its folder', aFolderToWrite, 'reports'))
    .addOption(
      checkedFlag(
        '--sign-key <file>',
        'private key (Ed25519, PEM) that signs the journal (default: MATCHDAY_SIGN_KEY)',
        aKey(readSigningKey),
      ),
    )
    .addOption(outputFlag())
    .option('--live', 'show the run in the browser as it grows, with a stop button and notes (127.0.0.1 only)')
    .addOption(
      checkedFlag(
        '--live-port <number>',
        'port of the live page (default: a free one)',
        ofShape(flagShapes.port, '--live-port'),
      ),
    )
    .option('-q, --quiet', 'no progress, only the verdict')
    .addHelpText(
      'after',
      '\nExamples:\n  matchday run scenarios/psp-down-at-peak.rehearsal.yaml --lab\n  matchday run scenarios/psp-down-at-peak.rehearsal.yaml --context NAME\n  matchday run scenarios/psp-down-at-peak.rehearsal.yaml --lab --overlay test/canary/defects/no-failover\n  matchday run scenarios/psp-down-at-peak.rehearsal.yaml --lab --output json > verdict.json',
    )
    .action(async (file: string, flags: Flags) => finish(await run(file, flags)))
}

/** The variables that stand in for flags are checked with the flags. */
function variableIssues(flags: Readonly<Record<string, unknown>>): readonly Issue[] {
  const { REHEARSAL_SEED: seed, MATCHDAY_SIGN_KEY: key } = process.env
  const wrong = (name: string, check: ValueCheck, value: string | undefined): readonly Issue[] => {
    const complaint = value === undefined ? undefined : check(value)
    return complaint === undefined ? [] : [issueOfFlag(name, complaint)]
  }
  return [
    ...(flags.seed === undefined ? wrong('REHEARSAL_SEED', ofShape(flagShapes.seed, 'REHEARSAL_SEED'), seed) : []),
    ...(flags.signKey === undefined ? wrong('MATCHDAY_SIGN_KEY', aKey(readSigningKey), key) : []),
    ...notificationIssues(),
  ]
}

async function run(file: string, flags: Flags): Promise<number> {
  const inputs = readInputs(file, contextOf(flags), flags.target)
  const unpublishable = publishIssues(inputs.target)
  if (unpublishable.length > 0) throw new BadInput(unpublishable, exitCodes.environment)
  const key = signKeyOf(flags)
  const signal = stopSignal()
  await requireBootableLab(flags)
  const k6 = await findTool('k6', signal)
  const facts = await scriptFacts(k6.path, inputs)
  const keda = inputs.rehearsal.expectations.some((each) => each.kind === 'keda')
  const { load } = inputs.target
  const runners = load && { k6: k6.path, namespace: load.namespace }
  const chosen = await chooseCluster({ ...flags, keda, runners }, true, signal)
  try {
    const ports = { ...clusterPortsOf(chosen.api), ...(await loadPortsOf(chosen.api, k6.path, inputs.target)) }
    const folder = makeRunFolder(flags.reports, inputs.rehearsal.name, new Date())
    const notifications = createNotificationChild(folder.path)
    const publishing = createPublishChild(folder.path, inputs.target)
    const beside = { notifications, publishing }
    try {
      await performRun(ports, { ...inputs, facts }, folder, k6.version, flags, key, beside, signal)
      const judged = await judgeFolder(folder.path)
      await writeReports(folder.path, judged)
      printJudgment(judged.judgment, folder.path, flags.output)
      tellGitHub(judged, process.env)
      return judged.judgment.exitCode
    } finally {
      discardUnused(flags.reports, folder)
      await Promise.all([notifications.end(), publishing.end()])
    }
  } finally {
    await chosen.release()
  }
}

async function performRun(
  ports: ControllerPorts,
  inputs: Inputs & { readonly facts: ScriptFacts },
  folder: RunFolder,
  k6Version: string,
  flags: Flags,
  key: KeyObject | undefined,
  beside: { readonly notifications: NotificationChild; readonly publishing: PublishChild },
  signal: AbortSignal,
): Promise<void> {
  const { rehearsal, target, facts } = inputs
  const seed = seedOf(flags)
  const planned = planTimeline(rehearsal, target, { run: folder.run, seed }, facts)
  if (!planned.ok) throw new BadInput(planned.issues)
  const cluster = await ports.cluster.identify()
  const problems = await ports.cluster.preflight(rehearsal, target)
  if (problems.length > 0) throw new BadInput(problems, exitCodes.environment)
  await refuseIfBlind(ports, inputs)
  await admitNow(ports, inputs, planned.value, flags)
  signal.throwIfAborted()
  copyFileSync(rehearsal.file, folder.file('rehearsal.yaml'))
  const environment = environmentOf(inputs, k6Version, seed, cluster)
  say(
    term`${onStderr('bold', rehearsal.name)} on ${target.context}/${target.namespace} (${cluster.kubernetes}), seed ${seed}\n${termLines(rehearsal.hypothesis)}`,
  )
  const journal = await openJournal(folder.file('journal.ndjson'))
  const people = await openControl(folder.path)
  beside.notifications.start()
  beside.publishing.start()
  const page = flags.live ? startLivePage(folder.path, flags.livePort) : undefined
  const progress = showProgress(planned.value, flags.quiet === true)
  try {
    await perform(
      ports,
      { rehearsal, target, timeline: planned.value, environment, folder: folder.path, people },
      journal,
      progress.add,
      signal,
    )
  } finally {
    progress.end()
    // A journal that cannot be closed, as on a full disk, must not keep the process alive.
    people.close()
    await journal.close().finally(() => page?.end())
  }
  if (key) writeSignature(folder.file(SIGNATURE_FILE), folder.run, journal, key)
}

/** The sources and books that judge the run must be readable before anything is touched. */
async function refuseIfBlind(ports: ControllerPorts, { rehearsal, target }: Inputs): Promise<void> {
  const issues = (await look(ports, target, booksRead(rehearsal, target), rehearsal)).flatMap(
    ({ issue }) => issue ?? [],
  )
  if (issues.length > 0) throw new BadInput(issues, exitCodes.environment)
}

/**
 * An action that would harm too much now is refused before anything is touched. A fault that would be refused is only a warning: it may be admitted
 * at its time, because its pods may start with the load. A fault refused at its time makes the run inconclusive.
 */
async function admitNow(ports: ControllerPorts, inputs: Inputs, timeline: Timeline, flags: Flags): Promise<void> {
  const admissions = await admissionsOf(ports, inputs, timeline)
  const problemsOf = (harms: readonly { readonly name: string }[]): readonly Issue[] =>
    harms.flatMap(({ name }) => [...(admissions.get(name)?.problems ?? [])])
  const refused = problemsOf(timeline.actions)
  if (refused.length > 0) throw new BadInput(refused)
  if (flags.quiet) return
  for (const issue of problemsOf(timeline.faults))
    say(term`${onStderr('yellow', 'would be refused now')} ${issueText(issue)}`)
}

function signKeyOf(flags: Flags): KeyObject | undefined {
  const flag = flags.signKey === undefined ? 'MATCHDAY_SIGN_KEY' : '--sign-key'
  return keyOf(flag, flags.signKey ?? process.env.MATCHDAY_SIGN_KEY, readSigningKey)
}
