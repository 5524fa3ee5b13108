/**
 * One pass over one experiment, in Chaos Mesh's order: add finalizer, desired phase, conditions, records, remove finalizers. Each step that
 * changes something writes the object, so that a restarted daemon continues from what is in the cluster.
 */

import { messageOf } from '../../domain/unknown.ts'
import {
  conditionsOf,
  desireOf,
  endsAtMs,
  isForced,
  mayGo,
  operationFor,
  recorded,
  recordsOf,
  type StopReason,
  sameConditions,
} from '../../protocols/chaos-mesh/experiment.ts'
import type { ChaosObject, ChaosRecord, ChaosStatus } from '../../protocols/chaos-mesh/objects.ts'
import { isChaosObject, RECORDS_FINALIZER } from '../../protocols/chaos-mesh/objects.ts'
import { type ClusterClient, isConflict, isNotFound } from '../cluster-access/cluster.ts'
import type { Enactor } from './enactor.ts'
import { type ExperimentKey, objectPath } from './paths.ts'
import type { ChaosEvent, EventRecorder } from './recorder.ts'
import { selectRecords } from './targets.ts'

export type PassResult = {
  /** The object after the pass; undefined when it no longer exists. */
  readonly object: ChaosObject | undefined
  readonly wrote: boolean
  /** A record failed: retry after a while. */
  readonly failed: boolean
  /** When the duration ends, if it is still running. */
  readonly wakeAtMs?: number
}

export type Reconciler = {
  readonly cluster: ClusterClient
  readonly record: EventRecorder
  enactorOf(object: ChaosObject): Enactor
}

export async function reconcile(parts: Reconciler, key: ExperimentKey): Promise<PassResult> {
  const found = await read(parts.cluster, key)
  if (found === undefined) return { object: undefined, wrote: false, failed: false }
  const pass: Pass = { ...parts, key, object: found, wrote: false }
  await initFinalizer(pass)
  await writeDesire(pass)
  await writeConditions(pass)
  const failed = await moveRecords(pass)
  // A failed try ends the pass. The object stays until a try succeeds, or until its removal is forced.
  if (!failed || isForced(pass.object)) await removeFinalizers(pass)
  const endMs = endsAtMs(pass.object)
  const running = pass.object.status?.experiment?.desiredPhase === 'Run' && endMs !== undefined
  return { object: pass.object, wrote: pass.wrote, failed, ...(running && { wakeAtMs: endMs }) }
}

type Pass = Reconciler & { readonly key: ExperimentKey; object: ChaosObject; wrote: boolean }

async function read(cluster: ClusterClient, key: ExperimentKey): Promise<ChaosObject | undefined> {
  try {
    const object: unknown = await cluster.get(objectPath(key))
    return isChaosObject(object) ? object : undefined
  } catch (error) {
    if (isNotFound(error)) return undefined
    throw error
  }
}

const CONFLICTS_MAX = 10

/** Writes one part of the newest version. A concurrent change by somebody else is read and kept. */
async function write(pass: Pass, patch: (object: ChaosObject) => object): Promise<void> {
  for (let conflicts = 0; ; conflicts++) {
    const { resourceVersion } = pass.object.metadata
    const { metadata = {}, ...rest }: { metadata?: object } = patch(pass.object)
    try {
      const body = { metadata: { ...metadata, resourceVersion }, ...rest }
      const written: unknown = await pass.cluster.merge(objectPath(pass.key), body)
      if (!isChaosObject(written)) throw new Error(`${objectPath(pass.key)} is no longer a chaos object`)
      pass.object = written
      pass.wrote = true
      return
    } catch (error) {
      if (!isConflict(error) || conflicts === CONFLICTS_MAX) throw error
      const newer = await read(pass.cluster, pass.key)
      if (newer === undefined) throw new Error(`${objectPath(pass.key)} is gone`)
      pass.object = newer
    }
  }
}

/** `experiment` is required when there is a status. */
const statusPatch = (object: ChaosObject, status: ChaosStatus): object => ({
  status: { ...status, experiment: { ...(object.status?.experiment ?? {}), ...status.experiment } },
})

async function initFinalizer(pass: Pass): Promise<void> {
  const { deletionTimestamp, finalizers = [] } = pass.object.metadata
  if (deletionTimestamp !== undefined || finalizers.includes(RECORDS_FINALIZER)) return
  pass.record(pass.object, 'initFinalizers', { type: 'finalizer-inited' })
  await write(pass, ({ metadata }) => ({
    metadata: { finalizers: [...(metadata.finalizers ?? []), RECORDS_FINALIZER] },
  }))
  pass.record(pass.object, 'initFinalizers', { type: 'updated', field: 'finalizer' })
}

const stopEvents: Readonly<Record<StopReason, ChaosEvent>> = {
  Deleted: { type: 'deleted' },
  TimeUp: { type: 'time-up' },
  Paused: { type: 'paused' },
}

async function writeDesire(pass: Pass): Promise<void> {
  const desire = desireOf(pass.object, Date.now())
  if (pass.object.status?.experiment?.desiredPhase === desire.phase) return
  pass.record(pass.object, 'desiredphase', desire.phase === 'Run' ? { type: 'started' } : stopEvents[desire.because])
  await write(pass, (object) => statusPatch(object, { experiment: { desiredPhase: desire.phase } }))
  pass.record(pass.object, 'desiredphase', { type: 'updated', field: 'desiredPhase' })
}

async function writeConditions(pass: Pass): Promise<void> {
  const conditions = conditionsOf(pass.object)
  if (sameConditions(conditions, pass.object.status?.conditions ?? [])) return
  await write(pass, (object) => statusPatch(object, { conditions }))
}

/** True when a record failed and must be retried. */
async function moveRecords(pass: Pass): Promise<boolean> {
  const before = recordsOf(pass.object)
  const records = before ?? (await select(pass))
  if (records === undefined) return false
  // The enactor reads the other records from the object, so it must see the freshly selected ones.
  const object = withRecords(pass.object, records)
  const enactor = pass.enactorOf(object)
  const moved: ChaosRecord[] = []
  const instances: Record<string, number> = { ...pass.object.status?.instances }
  let failed = false
  for (const record of records) {
    const step = await moveRecord(pass, enactor, object, record)
    moved.push(step.record)
    failed ||= step.failed
    if (step.instance !== undefined) instances[record.id] = step.instance
  }
  enactor.flush(object)
  if (before === undefined || moved.some((record, index) => record !== before[index])) {
    const custom = object.kind === 'NetworkChaos' || object.kind === 'HTTPChaos' ? { instances } : {}
    await write(pass, (newest) => statusPatch(newest, { ...custom, experiment: { containerRecords: moved } }))
    pass.record(pass.object, 'records', { type: 'updated', field: 'records' })
  }
  return failed
}

const withRecords = (object: ChaosObject, containerRecords: readonly ChaosRecord[]): ChaosObject => ({
  ...object,
  status: { ...object.status, experiment: { ...object.status?.experiment, containerRecords } },
})

async function select(pass: Pass): Promise<readonly ChaosRecord[] | undefined> {
  const selected = await selectRecords(pass.cluster, pass.object).catch((error: unknown) => ({
    ok: false as const,
    reason: messageOf(error),
  }))
  if (selected.ok) return selected.records
  pass.record(pass.object, 'records', { type: 'failed', activity: 'select targets', err: selected.reason })
  return undefined
}

type Step = { readonly record: ChaosRecord; readonly failed: boolean; readonly instance?: number }

async function moveRecord(pass: Pass, enactor: Enactor, object: ChaosObject, record: ChaosRecord): Promise<Step> {
  const operation = operationFor(record.phase, object.status?.experiment?.desiredPhase ?? 'Run')
  if (operation === undefined) return { record, failed: false }
  const outcome = await (operation === 'Apply' ? enactor.apply(object, record) : enactor.recover(object, record))
  const instance = outcome.instance === undefined ? {} : { instance: outcome.instance }
  if (outcome.error === undefined && outcome.phase === record.phase) return { record, failed: false, ...instance }
  const timestamp = new Date().toISOString().replace(/\.\d+Z$/, 'Z')
  const moved = recorded(record, operation, outcome, timestamp)
  const event = eventOf(operation, record, moved, outcome.error)
  if (event !== undefined) pass.record(object, 'records', event)
  return { record: moved, failed: outcome.error !== undefined, ...instance }
}

function eventOf(
  operation: 'Apply' | 'Recover',
  before: ChaosRecord,
  after: ChaosRecord,
  error: string | undefined,
): ChaosEvent | undefined {
  if (error !== undefined) return { type: 'failed', activity: `${operation.toLowerCase()} chaos`, err: error }
  if (after.injectedCount > before.injectedCount) return { type: 'applied', id: before.id }
  if (after.recoveredCount > before.recoveredCount) return { type: 'recovered', id: before.id }
  return undefined
}

/** Removes all finalizers, including foreign ones, as upstream. */
async function removeFinalizers(pass: Pass): Promise<void> {
  const { finalizers = [] } = pass.object.metadata
  if (!mayGo(pass.object) || finalizers.length === 0) return
  // Forced means without recovery: the pods keep their rules, and an audit will find them.
  if (!isForced(pass.object)) await pass.enactorOf(pass.object).release(pass.object)
  pass.record(pass.object, 'initFinalizers', { type: 'finalizer-removed' })
  await write(pass, () => ({ metadata: { finalizers: [] } }))
  pass.record(pass.object, 'initFinalizers', { type: 'updated', field: 'finalizer' })
}
