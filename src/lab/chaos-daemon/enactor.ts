/** What a kind of fault does to one record. The reconcile loop knows nothing else about it. */

import { messageOf } from '../../domain/unknown.ts'
import type { ChaosObject, ChaosRecord, RecordPhase } from '../../protocols/chaos-mesh/objects.ts'
import type { Fields } from '../../protocols/fields.ts'
import { ApiProblem, type ClusterClient } from '../cluster-access/cluster.ts'
import type { NetworkAgent } from './network-agent.ts'
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

/** What an enactor needs. */
export type EnactorPorts = {
  readonly cluster: ClusterClient
  readonly agent: NetworkAgent
  readonly runtimeSocket: string
}

/** The lab's part of one kind of fault. One line in the table of `enacted.ts` registers it. */
export type EnactedFault = {
  /** For messages, where the lab enacts only some of its actions: `NetworkChaos (partition, delay, bandwidth)`. */
  readonly title?: string
  /** What the lab cannot do truthfully and therefore refuses. */
  readonly problems: (object: ChaosObject) => readonly string[]
  /** A spec that only the webhooks refuse, without its selector: it shows that they are called. */
  readonly sample: object
  /** How its rules are named in the pod network; undefined where it sets none. */
  readonly sources?: SourceNames
  readonly createEnactor: (ports: EnactorPorts) => Enactor
}

export type ExperimentName = { readonly namespace: string; readonly name: string }
export type SourceNames = {
  readonly of: (experiment: ExperimentName) => string
  /** The experiment that waits for the acknowledgement of this source, if it is one of these. */
  readonly waiting: (source: string) => ExperimentName | undefined
}

/** `httpchaos:orders/slow`; without a prefix `orders/slow`. */
export const prefixed = (prefix?: string): SourceNames => ({
  of: ({ namespace, name }) => `${prefix === undefined ? '' : `${prefix}:`}${namespace}/${name}`,
  waiting: (source) => {
    const [path = '', own] = source.split(':').reverse()
    const [namespace = '', name = ''] = path.split('/')
    return own === prefix ? { namespace, name } : undefined
  },
})

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
