/** What a kind of fault does to one record. The reconcile loop knows nothing else about it. */

import { messageOf } from '../../domain/unknown.ts'
import type { ChaosObject, ChaosRecord, RecordPhase } from '../../protocols/chaos-mesh/objects.ts'
import type { Fields } from '../../protocols/fields.ts'
import { ApiProblem, type ClusterClient } from '../cluster-access/cluster.ts'
import { partsOfId, podPath } from './paths.ts'

/** The record's phase after a try. With an `error` the loop records a failure and tries again later. */
export type RecordOutcome = { readonly phase: RecordPhase; readonly error?: string; readonly instance?: number }

export type Enactor = {
  apply(object: ChaosObject, record: ChaosRecord): Promise<RecordOutcome>
  recover(object: ChaosObject, record: ChaosRecord): Promise<RecordOutcome>
  /** Called after all records of a pass: sends what they asked for. */
  flush(object: ChaosObject): void
  /** Called before the object's finalizers are removed: nothing of it may be left. @throws when something is left */
  release(object: ChaosObject): Promise<void>
}

export const failed = (phase: RecordPhase, error: unknown): RecordOutcome => ({ phase, error: messageOf(error) })

/** The record's pod; undefined when it no longer exists. @throws when the API server cannot be asked */
export async function podOf(cluster: ClusterClient, record: ChaosRecord): Promise<Fields | undefined> {
  const { namespace, pod } = partsOfId(record.id)
  try {
    return await cluster.get(podPath(namespace, pod))
  } catch (error) {
    if (error instanceof ApiProblem && error.status === 404) return undefined
    throw error
  }
}

export const podNotFound = (record: ChaosRecord): string => `pods "${partsOfId(record.id).pod}" not found`
