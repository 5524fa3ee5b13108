/**
 * The controller performs a planned rehearsal. It locks the target, watches the cluster, drives the load, starts and undoes faults and actions,
 * settles the books, audits what is left, and writes evidence of all of it. It judges only guardrails, live, with the judge's own fold.
 */
import type { Environment, Evidence, GuardrailTripped, LoadFrame, ResidueItem } from '../domain/evidence.ts'
import type { Decision } from '../domain/people.ts'
import type { Rehearsal, Target } from '../domain/rehearsal.ts'
import type { ScriptFacts } from '../domain/script.ts'
import { showMeasuredPercent } from '../domain/show.ts'
import type { Timeline } from '../domain/timeline.ts'
import { after, type Instant } from '../domain/units.ts'
import { messageOf } from '../domain/unknown.ts'
import { createGuarding } from '../judge/guardrails/guardrails.ts'
import { performAction } from './action.ts'
import { type Canaries, createCanaries } from './canary.ts'
import { readDeliveries } from './deliveries.ts'
import { performFault } from './fault.ts'
import { createGates, type Gates } from './gates.ts'
import { createHealing, createUndoer, healLeftovers } from './healing.ts'
import { type LoadEnd, runLoad, type Stop } from './load-end.ts'
import { createMovedBooks, type MovedBooks } from './moved-books.ts'
import type {
  Books,
  Clock,
  Cluster,
  ClusterActions,
  FaultInjector,
  LoadEvent,
  LoadGenerator,
  LoadInCluster,
  People,
  Probes,
  RunningLoad,
  TargetLock,
  Undoer,
  Visits,
} from './ports.ts'
import { readPosture } from './posture.ts'
import { createRecorder, type EvidenceSink, type Recorder } from './recorder.ts'
import type { Redaction } from './redaction.ts'
import { lastScrape, settle, settleBudget, type UnknownKeys } from './settling.ts'
import { createTriggers, type Triggers } from './triggers.ts'
import { startWatching } from './watching.ts'

export type ControllerPorts = {
  readonly clock: Clock
  readonly load: LoadGenerator
  readonly cluster: Cluster
  readonly faults: FaultInjector
  readonly actions: ClusterActions
  /** Removes what the load made in the cluster. */
  readonly runners: Undoer
  readonly probes: Probes
  readonly books: Books
  readonly lock: TargetLock
  readonly visits: Visits
  /** Hides the credentials of the load in every record. */
  readonly redact?: Redaction['value']
}

export type Performance = {
  readonly rehearsal: Rehearsal
  readonly target: Target
  readonly timeline: Timeline
  readonly environment: Environment
  /** What k6 says of the script; left out for one that takes its load from the plan. */
  readonly facts?: ScriptFacts
  /** Folder of the run; k6's own files go there. */
  readonly folder: string
  /** Who may write notes and decide while it is under way. */
  readonly people?: People
}

/**
 * Performs the whole run. `operator` asks it to stop early: it heals, reads the books once and ends within seconds. Resolves when the journal is
 * complete. Rejects with EnvironmentError only before anything was touched.
 */
export async function perform(
  ports: ControllerPorts,
  performance: Performance,
  sink: EvidenceSink,
  onEvidence: (record: Evidence) => void,
  operator: AbortSignal,
): Promise<{ readonly healed: boolean }> {
  const { rehearsal, target, timeline, environment } = performance
  const stopping = new AbortController()
  const lock = await ports.lock.acquire(target, timeline.run)
  const triggers = createTriggers(ports.clock, target, timeline)
  const canaries = createCanaries(ports, rehearsal, target, timeline.run)
  const moved = createMovedBooks(rehearsal, target)
  const recorder = createRecorder(
    sink,
    ports.clock,
    (record) => {
      onEvidence(record)
      triggers.see(record)
      canaries.add(record)
      moved.see(record)
    },
    (error) => stop('failure', `the journal cannot be written: ${messageOf(error)}`),
    ports.redact,
  )
  const stop = (by: 'operator' | 'guardrail' | 'failure', reason: string) => {
    if (stopping.signal.aborted) return
    stopping.abort(new Error(reason))
    recorder.record({ kind: 'stop-requested', by, reason })
  }
  whenAborted(operator, () => stop('operator', 'the operator asked to stop'))
  whenAborted(lock.lost, () => stop('failure', `the lock on the target was lost: ${messageOf(lock.lost.reason)}`))

  const gates = createGates(ports.clock)
  const undoer = createUndoer(ports)
  const heal = createHealing(recorder, undoer, ports.actions)
  try {
    recorder.record({ kind: 'run-started', run: timeline.run, rehearsal, target, timeline, environment })
    await recorder.flush()
    performance.people?.attend((spoken) => {
      recorder.record(spoken)
      if (spoken.kind !== 'decision') return
      gates.hear(spoken)
      if (spoken.what === 'stop') stop('operator', stopWords(spoken))
    })
    // We hold the lock, so every object with a run's label was left by a dead run.
    await healLeftovers(undoer, target, [])
    recorder.record({ kind: 'residue', when: 'before', items: await undoer.residue(target) })
    await readPosture(ports.cluster, rehearsal, target, recorder)
    await rehearse(
      { ...ports, canaries, moved },
      performance,
      recorder,
      heal,
      { gates, triggers },
      stop,
      stopping.signal,
    )
  } catch (error) {
    stop('failure', messageOf(error))
  } finally {
    for (const problem of await heal.healAll())
      recorder.record({ kind: 'evidence-lost', about: 'healing', problem, of: 'undo-done' })
    await lock
      .release()
      .catch((error: unknown) =>
        recorder.record({ kind: 'evidence-lost', about: 'the lock', problem: messageOf(error), of: 'residue' }),
      )
  }
  return { healed: await audit(undoer, ports.lock, target, recorder) }
}

const stopWords = ({ by, reason }: Omit<Decision, 'at'>): string =>
  `${by} asked to stop${reason === undefined ? '' : `: ${reason}`}`

export const whenAborted = (signal: AbortSignal, then: () => void): void => {
  if (signal.aborted) then()
  else signal.addEventListener('abort', then, { once: true })
}

/** Everything from the first watch to the last book. */
async function rehearse(
  ports: ControllerPorts & { readonly canaries: Canaries; readonly moved: MovedBooks },
  performance: Performance,
  recorder: Recorder,
  heal: ReturnType<typeof createHealing>,
  waits: { readonly gates: Gates; readonly triggers: Triggers },
  stop: Stop,
  stopping: AbortSignal,
): Promise<void> {
  const { rehearsal, timeline } = performance
  const looking = new AbortController()
  const watch = startWatching(ports, performance, recorder, looking.signal)
  const client = clientSide(rehearsal, recorder, stop)
  try {
    const load = await startLoad(ports, performance, recorder, { owe: heal.prepare, stopping }, client.onEvent)
    const held = new Set<string>()
    const harmPorts = { ...ports, recorder, healing: heal, closely: watch.closely, ...waits }
    const work = [
      runLoad(ports.clock, timeline, load, client.end, stop, stopping),
      announcePhases(ports.clock, timeline, load.zeroAt, recorder, stopping),
      ...timeline.faults.map((fault) => performFault(harmPorts, fault, performance, load.zeroAt, held, stopping)),
      ...timeline.actions.map((action) => performAction(harmPorts, action, performance, load.zeroAt, held, stopping)),
    ]
    await Promise.all(work)
    const scraped = untilScraped(ports.clock, performance, stopping)
    const budget = settleBudget(rehearsal, stopping.aborted)
    if (budget) await settle(ports, ports.moved.target(), timeline.run, client.unknown, budget, recorder)
    if (!stopping.aborted)
      await readDeliveries(
        ports.books,
        { rehearsal, target: ports.moved.target(), run: timeline.run },
        client.receivers,
        recorder,
      )
    await scraped
  } finally {
    looking.abort()
    await watch.stopped
  }
}

/** After a stop nobody waits: the objectives of a Prometheus are inconclusive then. */
async function untilScraped(clock: Clock, { rehearsal, target }: Performance, stopping: AbortSignal): Promise<void> {
  const waitMs = lastScrape(rehearsal, target)
  if (waitMs !== undefined) await clock.until(after(clock.now(), waitMs), stopping).catch(() => undefined)
}

async function startLoad(
  ports: ControllerPorts,
  performance: Performance,
  recorder: Recorder,
  run: LoadInCluster,
  onEvent: (event: LoadEvent) => void,
): Promise<RunningLoad> {
  const { rehearsal, timeline, folder } = performance
  const load = await ports.load.start(rehearsal.load.script, timeline.load, folder, onEvent, run)
  const { runners, zeroAt, instance, pid } = load
  for (const runner of runners ?? []) recorder.record({ kind: 'load-started', ...runner, pid: 0 })
  if (runners === undefined) recorder.record({ kind: 'load-started', zeroAt, instance, pid: pid ?? 0 })
  return load
}

async function announcePhases(
  clock: Clock,
  timeline: Timeline,
  zeroAt: Instant,
  recorder: Recorder,
  stopping: AbortSignal,
): Promise<void> {
  for (const [index, phase] of timeline.phases.entries()) {
    await clock.until(after(zeroAt, phase.fromMs), stopping).catch(() => undefined)
    if (stopping.aborted) return
    recorder.record({ kind: 'phase-started', phase: phase.name, index })
  }
}

/** Events of the load generator: frames go to the journal and the guardrails, unknown keys are collected for the books. */
function clientSide(
  rehearsal: Rehearsal,
  recorder: Recorder,
  stop: Stop,
): {
  readonly onEvent: (event: LoadEvent) => void
  readonly unknown: UnknownKeys
  /** Watched clients, by stream. */
  readonly receivers: ReadonlyMap<string, readonly string[]>
  readonly end: () => LoadEnd | undefined
} {
  let ended: LoadEnd | undefined
  const guard = createGuarding(rehearsal)
  const unknown = new Map<string, string[]>()
  const receivers = new Map<string, string[]>()
  const frames = new Map<string, number>()
  const onFrame = (frame: LoadFrame) => {
    frames.set(frame.instance, (frames.get(frame.instance) ?? 0) + 1)
    recorder.record(frame)
    for (const { operation, key } of frame.unknownKeys) unknown.set(operation, [...(unknown.get(operation) ?? []), key])
    const trip = guard.add(frame)
    if (!trip) return
    recorder.record(trip)
    stop('guardrail', `guardrail ${trip.id}: ${tripText(trip)}`)
  }
  const onEvent = (event: LoadEvent) => {
    switch (event.kind) {
      case 'frame':
        return onFrame({ kind: 'load-frame', ...event.frame })
      case 'health':
        return recorder.record({ kind: 'generator-health', ...event.health })
      case 'receipts':
        receivers.set(event.receipts.stream, [...(receivers.get(event.receipts.stream) ?? []), event.receipts.receiver])
        return recorder.record({ kind: 'receipts-told', ...event.receipts })
      case 'ended': {
        const { outcome, exitCode, problems, thresholds, instances } = event
        ended = event
        const told = thresholds === undefined ? {} : { thresholds }
        const ends = instances ?? [{ instance: 'k6', outcome, exitCode, problems, ...told }]
        for (const each of ends)
          recorder.record({ kind: 'load-ended', ...each, frames: frames.get(each.instance) ?? 0 })
        return
      }
    }
  }
  return { onEvent, unknown, receivers, end: () => ended }
}

function tripText({ sli, measured, below, burn }: GuardrailTripped): string {
  if (burn) return `${sli} burns its budget ${burn.factor.toFixed(1)} times too fast, more than ${burn.limit}`
  return `${sli} at ${showMeasuredPercent(measured)}, below ${showMeasuredPercent(below)}`
}

/** The final audit: lists what matchday made and is still there. The run ends healed only if the list is empty. */
export async function audit(undoer: Undoer, lock: TargetLock, target: Target, recorder: Recorder): Promise<boolean> {
  let healed = false
  try {
    const items = [...(await undoer.residue(target)), ...(await lockResidue(lock, target))]
    recorder.record({ kind: 'residue', when: 'after', items })
    healed = items.length === 0
  } catch (error) {
    recorder.record({ kind: 'evidence-lost', about: 'the residue audit', problem: messageOf(error), of: 'residue' })
  }
  recorder.record({ kind: 'run-ended', healed })
  await recorder.flush().catch(() => undefined)
  return healed
}

async function lockResidue(lock: TargetLock, target: Target): Promise<readonly ResidueItem[]> {
  const holder = await lock.holder(target)
  if (holder === undefined) return []
  return [
    {
      what: `the lock of run ${holder}`,
      where: `Lease in ${target.namespace}`,
      next: `matchday heal --context ${target.context}`,
    },
  ]
}
