/** `matchday compare REHEARSAL`: two releases measured in turn, or both at once. */

import { copyFileSync } from 'node:fs'
import { isDeepStrictEqual } from 'node:util'
import { performComparison } from '../controller/compare.ts'
import { pinActions, pinReleases } from '../controller/pinning.ts'
import { createRollOuts, type DeploySide, type RollOuts, rollOutActions } from '../controller/rolling-out.ts'
import type { SessionPorts, Warm } from '../controller/session.ts'
import type { CompareSession, Release } from '../domain/comparison.ts'
import type { Evidence } from '../domain/evidence.ts'
import { pairsNeeded } from '../domain/paired.ts'
import type { Target } from '../domain/rehearsal.ts'
import type { ScriptFacts } from '../domain/script.ts'
import { compareSettings } from '../files/compare-shape.ts'
import { chooseAmong } from '../files/did-you-mean.ts'
import { openJournal } from '../journal/journal.ts'
import { createComparing } from '../judge/comparing.ts'
import { type ChosenCluster, type ClusterFlags, chooseCluster, contextOf } from './cluster-choice.ts'
import { judgeComparison, printComparison, storedSpread, writeComparison } from './comparing.ts'
import { isEntry } from './entry.ts'
import { BadInput } from './failure.ts'
import { issueOfFlag } from './flags.ts'
import { type Inputs, readInputs, readTargetFile } from './inputs.ts'
import { pinsOf } from './pins.ts'
import { rollOutsOf } from './roll-outs.ts'
import { discardUnused, makeRunFolder, type RunFolder } from './run-folder.ts'
import { refuseRunners } from './runners.ts'
import { scriptFacts } from './script-facts.ts'
import { seedOf } from './seed.ts'
import { planSession } from './session-plan.ts'
import { stopSignal } from './stop-signal.ts'
import { onStderr, say, term } from './terminal.ts'
import { findTool } from './tools.ts'
import { sessionPortsOf } from './wiring.ts'

export type SessionFlags = ClusterFlags & {
  readonly a?: readonly string[]
  readonly b?: readonly string[]
  readonly aa?: boolean
  readonly duet?: boolean
  readonly seed?: string
  readonly reports: string
  readonly output: string
  readonly quiet?: boolean
}

export async function compareReleases(file: string, flags: SessionFlags): Promise<number> {
  const inputs = inputsOf(file, flags)
  refuseRunners(inputs.target)
  const session = sessionOf(inputs, flags)
  const rollOuts = rollOutsOf(inputs.target, session, { duet: session.duet, cluster: touchesCluster(flags) })
  const signal = stopSignal()
  const k6 = await findTool('k6', signal)
  const facts = await scriptFacts(k6.path, inputs)
  const chosen = touchesCluster(flags) ? await chooseCluster(flags, true, signal) : undefined
  try {
    const ports = await sessionPortsOf(chosen?.api, k6.path, inputs.target)
    const folder = makeRunFolder(flags.reports, `${inputs.rehearsal.name.slice(0, 28)}-compare`, new Date())
    try {
      await perform(ports, chosen, { ...inputs, facts }, { session, rollOuts }, folder, k6.version, flags, signal)
    } finally {
      discardUnused(flags.reports, folder)
    }
    const comparison = await judgeComparison(folder.path)
    printComparison(comparison, writeComparison(folder.path, comparison), flags.output)
    return comparison.exitCode
  } finally {
    await chosen?.release()
  }
}

const touchesCluster = ({ lab, context }: ClusterFlags): boolean => lab === true || context !== undefined

/** With a target file alone, the context is the file's own: no cluster is connected. */
function inputsOf(file: string, flags: SessionFlags): Inputs {
  if (touchesCluster(flags)) return readInputs(file, contextOf(flags), flags.target)
  if (flags.target === undefined) {
    const next = 'Say --target FILE to send load only, or --lab or --context NAME to lock and watch the cluster too.'
    throw new BadInput([issueOfFlag('--target', { code: 'no-target', problem: 'there is no target.', next })])
  }
  return readInputs(file, readTargetFile(flags.target).context, flags.target)
}

/** @throws BadInput for a release that is not known */
function sessionOf({ rehearsal, target }: Inputs, flags: SessionFlags): CompareSession {
  const aa = flags.aa === true
  const a = releaseOf('--a', flags.a, target)
  const b = aa ? a : releaseOf('--b', flags.b, target)
  if (!aa && a.entry === b.entry && isDeepStrictEqual(a.rolledOut, b.rolledOut)) {
    const problem = `${a.name} and ${b.name} are entered at the same URL, ${a.entry}, and run the same pods.`
    const next = 'Give two releases with a URL or a rollOut of their own, or --aa to compare one with itself.'
    throw new BadInput([issueOfFlag('--b', { problem, next })])
  }
  const settings = rehearsal.compare ?? compareSettings()
  return { kind: 'compare', a, b, duet: flags.duet === true, aa, settings }
}

function releaseOf(flag: string, names: readonly string[] | undefined, { releases = {}, file }: Target): Release {
  const [name, ...more] = names ?? []
  const known = Object.keys(releases)
  if (name === undefined || more.length > 0) {
    const problem = name === undefined ? 'it is missing.' : `it names ${1 + more.length} releases.`
    throw new BadInput([issueOfFlag(flag, { problem, next: `Give one name in releases of ${file}, or a URL.` })])
  }
  const deployed = Object.hasOwn(releases, name) ? releases[name] : undefined
  if (deployed !== undefined) {
    const { entry, rollOut } = deployed
    if (rollOut === undefined) return { name, entry }
    const { deployment, images, annotations } = rollOut
    return { name, entry, rolledOut: { deployment, images, annotations } }
  }
  if (isEntry(name)) return { name, entry: name.replace(/\/+$/, '') }
  const problem = `${file} has no release "${name}", and it is no URL.`
  const next = known.length === 0 ? `Add it to releases in ${file}.` : chooseAmong(name, known, 'releases')
  throw new BadInput([issueOfFlag(flag, { problem, next })])
}

async function perform(
  ports: SessionPorts,
  chosen: ChosenCluster | undefined,
  inputs: Inputs & { readonly facts: ScriptFacts },
  { session, rollOuts }: { readonly session: CompareSession; readonly rollOuts: RollOuts },
  folder: RunFolder,
  k6: string,
  flags: SessionFlags,
  signal: AbortSignal,
): Promise<void> {
  const seed = seedOf(flags)
  const { rehearsal } = inputs
  const pins = chosen === undefined ? [] : pinsOf(inputs.target, session)
  const touched = { faults: [], actions: [...pinActions(pins), ...rollOutActions(rollOuts)] }
  const plan = await planSession(ports, inputs, folder, k6, seed, rehearsal, touched)
  signal.throwIfAborted()
  copyFileSync(rehearsal.file, folder.file('rehearsal.yaml'))
  tellStart(rehearsal.name, session, seed, flags, { cluster: chosen !== undefined, rollOuts })
  if (rehearsal.faults.length + rehearsal.actions.length > 0)
    say(term`the faults and actions of the rehearsal are left out`)
  const journal = await openJournal(folder.file('journal.ndjson'))
  try {
    const prepare = async (warm: Warm): Promise<DeploySide> => {
      const { healing } = warm
      if (ports.cluster === undefined || healing === undefined) return async () => false
      const { actions } = ports.cluster
      const acting = { clock: ports.clock, actions, warm, healing, target: plan.target, run: folder.run }
      if (pins.length > 0)
        say(
          term`restarting ${pins.map(({ deployment, replicas }) => `${deployment} (held at ${replicas} replicas)`).join(' and ')}`,
        )
      await pinReleases(acting, pins)
      return createRollOuts(acting, rollOuts)
    }
    await performComparison(ports, { ...plan, session }, journal, progress(flags.quiet === true), signal, prepare)
  } finally {
    await journal.close()
  }
}

function tellStart(
  rehearsal: string,
  { a, b, duet, aa, settings }: CompareSession,
  seed: number,
  flags: SessionFlags,
  { cluster, rollOuts }: { readonly cluster: boolean; readonly rollOuts: RollOuts },
): void {
  const most = settings.looks.at(-1) ?? 0
  const block = (settings.settleMs + settings.measuredMs) / 1000
  const minutes = ((most + 1) * (duet ? 1 : 2) * (block + 3)) / 60
  say(
    term`${onStderr('bold', rehearsal)}: ${aa ? `${a.name} against itself` : `${b.name} against ${a.name}`}, ${duet ? 'both at once' : 'in turn'}, seed ${seed}; at most ${most} pairs of ${block} s (${minutes.toFixed(0)} min)`,
  )
  if (!cluster) say(term`load only: no cluster is locked or watched`)
  if (rollOuts.a !== rollOuts.b)
    say(term`both releases use one Deployment: each pair adds about one rolling update and one warm-up block`)
  const spread = storedSpread(flags.reports, rehearsal)
  if (spread === undefined) return
  const widest = spread.spreads.filter(({ statistic }) => statistic === 'p95').sort((x, y) => y.sd - x.sd)[0]
  if (widest === undefined) return
  const needed = pairsNeeded(widest.sd, Math.log(1.2), settings.alpha)
  say(
    term`at the spread of ${spread.run} (${widest.sli} p95: ${widest.sd.toFixed(2)}), a slowdown of 20 % takes about ${needed} pairs`,
  )
}

/** A line for each pair: what it showed, and where the comparison stands. */
function progress(quiet: boolean): (record: Evidence) => void {
  if (quiet) return () => undefined
  const judge = createComparing()
  let [kept, voided] = [0, 0]
  return (record) => {
    judge.add(record)
    if (record.kind === 'stop-requested') say(term`stopping: ${record.reason}`)
    if (record.kind === 'action-step' && record.step.is === 'done') say(term`${record.action}: ${record.step.note}`)
    if (record.kind === 'undo-done' && record.outcome === 'undone') say(term`${record.id} undone`)
    if (record.kind !== 'block-ended') return
    const { pairs, voidPairs, summary } = judge.result()
    const fresh = voidPairs.slice(voided)
    for (const { pair, reasons } of fresh) say(term`pair ${pair} is void: ${reasons.join('; ')}`)
    if (pairs > kept) say(term`pair ${pairs + voidPairs.length}: ${summary}`)
    kept = pairs
    voided = voidPairs.length
  }
}
