/**
 * A session of blocks: many short stretches of load on a warm target, chosen one after the other by a strategy (a comparison, a search for capacity).
 * It locks and watches the target like a run, and everything goes into one journal. Without a cluster only the load is measured: enough to compare
 * two URLs.
 */
import { mkdir } from 'node:fs/promises'
import { join } from 'node:path'
import type { BlockPlan, BlockResult } from '../domain/blocks.ts'
import type { Evidence } from '../domain/evidence.ts'
import type { Session } from '../domain/session.ts'
import { after, type Millis, millis, type Some, seconds } from '../domain/units.ts'
import { messageOf } from '../domain/unknown.ts'
import { createAtRest, type RestRules } from '../judge/blocks/at-rest.ts'
import { createBlocks } from '../judge/blocks/blocks.ts'
import { performBlock } from './blocks.ts'
import { createHealing, createUndoer, healLeftovers } from './healing.ts'
import { audit, type ControllerPorts, type Performance, whenAborted } from './perform.ts'
import type { Clock, LoadGenerator } from './ports.ts'
import { createRecorder, type EvidenceSink, type Recorder } from './recorder.ts'
import { startWatching } from './watching.ts'

export type SessionPorts = {
  readonly clock: Clock
  readonly load: LoadGenerator
  /** Left out: no cluster is touched or watched. */
  readonly cluster?: Omit<ControllerPorts, 'clock' | 'load' | 'redact'>
  /** Hides the credentials of the load in every record. */
  readonly redact?: ControllerPorts['redact']
}

/** What a strategy does on the warm target. */
export type Warm = {
  /** Performs these blocks at the same time, and answers what they showed in the same order. Rejects when the session is stopped. */
  measure(plans: Some<BlockPlan>): Promise<readonly BlockResult[]>
  /** Waits until the platform is at rest, at most this long. Answers what still moved. Without a cluster it does not wait. */
  untilAtRest(atMostMs: Millis): Promise<readonly string[]>
  /** Ctrl-C, a lost lock, or a journal that cannot be written. */
  readonly stopping: AbortSignal
  readonly recorder: Recorder
  readonly healing?: ReturnType<typeof createHealing>
}

export type SessionPlan = Performance & {
  readonly session: Session
  /** When the platform counts as at rest. */
  readonly rest?: RestRules
}

const LOOK_EVERY = seconds(1)

/**
 * Performs a session. Resolves when its journal is complete, also when the strategy failed or was stopped: the journal says so. Rejects with
 * EnvironmentError only before anything was touched.
 */
export async function performSession(
  ports: SessionPorts,
  plan: SessionPlan,
  sink: EvidenceSink,
  onEvidence: (record: Evidence) => void,
  operator: AbortSignal,
  strategy: (warm: Warm) => Promise<void>,
): Promise<{ readonly healed: boolean }> {
  const { rehearsal, target, timeline, environment, session } = plan
  const { clock, cluster } = ports
  const stopping = new AbortController()
  const seen = createBlocks()
  const rest = createAtRest(target, plan.rest)
  const lock = await cluster?.lock.acquire(target, timeline.run)
  const listen = (record: Evidence) => {
    seen.add(record)
    rest.add(record)
    onEvidence(record)
  }
  const recorder = createRecorder(
    sink,
    clock,
    listen,
    (error) => stop('failure', `the journal cannot be written: ${messageOf(error)}`),
    ports.redact,
  )
  const stop = (by: 'operator' | 'failure', reason: string) => {
    if (stopping.signal.aborted) return
    stopping.abort(new Error(reason))
    recorder.record({ kind: 'stop-requested', by, reason })
  }
  whenAborted(operator, () => stop('operator', 'the operator asked to stop'))
  if (lock) whenAborted(lock.lost, () => stop('failure', 'the lock on the target was lost'))

  const undoer = cluster && createUndoer(cluster)
  const heal = cluster && undoer && createHealing(recorder, undoer, cluster.actions)
  const looking = new AbortController()
  let watch: ReturnType<typeof startWatching> | undefined
  const warm: Warm = {
    recorder,
    stopping: stopping.signal,
    ...(heal ? { healing: heal } : {}),
    measure: (plans) => measure(ports, plan, recorder, seen, plans, stopping.signal),
    untilAtRest: async (atMostMs) =>
      cluster ? untilAtRest(clock, recorder, rest.unrest, atMostMs, stopping.signal) : [],
  }
  try {
    recorder.record({ kind: 'run-started', run: timeline.run, rehearsal, target, timeline, environment })
    recorder.record({ kind: 'session-started', session })
    await recorder.flush()
    if (cluster && undoer) {
      await healLeftovers(undoer, target, [])
      recorder.record({ kind: 'residue', when: 'before', items: await undoer.residue(target) })
      watch = startWatching({ ...cluster, clock }, plan, recorder, looking.signal)
    }
    await strategy(warm)
  } catch (error) {
    stop('failure', messageOf(error))
  } finally {
    for (const problem of (await heal?.healAll()) ?? [])
      recorder.record({ kind: 'evidence-lost', about: 'healing', problem, of: 'undo-done' })
    looking.abort()
    await watch?.stopped
    await lock?.release().catch((error: unknown) => {
      recorder.record({ kind: 'evidence-lost', about: 'the lock', problem: messageOf(error) })
    })
  }
  if (cluster && undoer) return { healed: await audit(undoer, cluster.lock, target, recorder) }
  recorder.record({ kind: 'run-ended', healed: true })
  await recorder.flush().catch(() => undefined)
  return { healed: true }
}

/** All blocks of a call begin together. One that fails ends the others, so that no load generator is left running. */
async function measure(
  { clock, load }: SessionPorts,
  { rehearsal, folder }: Performance,
  recorder: Recorder,
  seen: ReturnType<typeof createBlocks>,
  plans: Some<BlockPlan>,
  stopping: AbortSignal,
): Promise<readonly BlockResult[]> {
  const failing = new AbortController()
  const ending = AbortSignal.any([stopping, failing.signal])
  const folderOf = async (block: string): Promise<string> => {
    const path = join(folder, 'blocks', block)
    await mkdir(path, { recursive: true })
    return path
  }
  const work = plans.map((plan) =>
    performBlock({ clock, load, recorder, folderOf }, rehearsal, plan, ending).catch((error: unknown) => {
      failing.abort(error)
      throw error
    }),
  )
  const ended = await Promise.allSettled(work)
  stopping.throwIfAborted()
  const failed = ended.find((each) => each.status === 'rejected')
  if (failed) throw failed.reason
  return plans.flatMap(({ block }) => seen.of(block) ?? [])
}

async function untilAtRest(
  clock: Clock,
  recorder: Recorder,
  unrest: (at: number) => readonly string[],
  atMostMs: Millis,
  stopping: AbortSignal,
): Promise<readonly string[]> {
  const from = clock.now()
  const deadline = after(from, atMostMs)
  for (;;) {
    const now = clock.now()
    const moving = unrest(now)
    if (moving.length === 0 || now >= deadline) {
      recorder.record({ kind: 'rest-awaited', waitedMs: millis(now - from), unrest: moving })
      return moving
    }
    await clock.until(after(now, millis(Math.min(LOOK_EVERY, deadline - now))), stopping)
  }
}
