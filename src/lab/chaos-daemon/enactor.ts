/** What a kind of fault can do to one record; the loop knows nothing else about it. */

import type { ChaosObject, ChaosRecord, RecordPhase } from '../../protocols/chaos-mesh/objects.ts'
import { ApiProblem, type Cluster } from '../cluster-access/cluster.ts'
import { type Fields, messageOf } from '../machine/json.ts'
import { partsOfId, podPath } from './paths.ts'

/** Where the record stands after a try. With an `error` the loop notes a failure and tries again later. */
export type Outcome = { readonly phase: RecordPhase; readonly error?: string; readonly instance?: number }

export type Enactor = {
  apply(object: ChaosObject, record: ChaosRecord): Promise<Outcome>
  recover(object: ChaosObject, record: ChaosRecord): Promise<Outcome>
  /** After all records of a pass had their turn: what they asked for is sent. */
  flush(object: ChaosObject): void
  /** Before the object's finalizers go: nothing of it may be left behind. @throws when something is */
  release(object: ChaosObject): Promise<void>
}

export const failed = (phase: RecordPhase, error: unknown): Outcome => ({ phase, error: messageOf(error) })

/** The record's pod, or undefined when there is none any more. @throws when the API server can't be asked */
export async function podOf(cluster: Cluster, record: ChaosRecord): Promise<Fields | undefined> {
  const { namespace, pod } = partsOfId(record.id)
  try {
    return await cluster.get(podPath(namespace, pod))
  } catch (error) {
    if (error instanceof ApiProblem && error.status === 404) return undefined
    throw error
  }
}

export const podNotFound = (record: ChaosRecord): string => `pods "${partsOfId(record.id).pod}" not found`
