/** Kubernetes events about an experiment, with the reasons and messages that users of Chaos Mesh know. */

import { messageOf } from '../../domain/unknown.ts'
import type { ChaosObject } from '../../protocols/chaos-mesh/objects.ts'
import type { ClusterClient } from '../cluster-access/cluster.ts'
import type { DaemonLog } from '../machine/daemon.ts'

export type ChaosEvent =
  | { readonly type: 'finalizer-inited' }
  | { readonly type: 'finalizer-removed' }
  | { readonly type: 'started' }
  | { readonly type: 'time-up' }
  | { readonly type: 'paused' }
  | { readonly type: 'deleted' }
  | { readonly type: 'updated'; readonly field: string }
  | { readonly type: 'applied'; readonly id: string }
  | { readonly type: 'recovered'; readonly id: string }
  | { readonly type: 'failed'; readonly activity: string; readonly err: string }

/** The upstream step that an event comes from: it becomes the event's source. */
export type EventComponent = 'initFinalizers' | 'desiredphase' | 'condition' | 'records'
/** Returns at once. An event that cannot be written is logged. */
export type EventRecorder = (object: ChaosObject, component: EventComponent, event: ChaosEvent) => void

type Wording = { readonly reason: string; readonly message: string; readonly warning?: true }

function wordingOf(event: ChaosEvent): Wording {
  switch (event.type) {
    case 'finalizer-inited':
      return { reason: 'FinalizerInited', message: 'Finalizer has been inited' }
    case 'finalizer-removed':
      // Upstream uses the same reason for both.
      return { reason: 'FinalizerInited', message: 'Finalizer has been removed' }
    case 'started':
      return { reason: 'Started', message: 'Experiment has started' }
    case 'time-up':
      return { reason: 'TimeUp', message: 'Time up according to the duration' }
    case 'paused':
      return { reason: 'Paused', message: 'Experiment has been paused' }
    case 'deleted':
      return { reason: 'Deleted', message: 'Experiment has been deleted' }
    case 'updated':
      return { reason: 'Updated', message: `Successfully update ${event.field} of resource` }
    case 'applied':
      return { reason: 'Applied', message: `Successfully apply chaos for ${event.id}` }
    case 'recovered':
      return { reason: 'Recovered', message: `Successfully recover chaos for ${event.id}` }
    case 'failed':
      return { reason: 'Failed', message: `Failed to ${event.activity}: ${event.err}`, warning: true }
  }
}

export function createEventRecorder(cluster: ClusterClient, log: DaemonLog): EventRecorder {
  let serial = 0
  return (object, component, event) => {
    serial += 1
    const { namespace } = object.metadata
    const body = eventObject(object, component, event, serial)
    cluster.create(`/api/v1/namespaces/${namespace}/events`, body).catch((error: unknown) => {
      log(`event of ${namespace}/${object.metadata.name}: ${messageOf(error)}`)
    })
  }
}

function eventObject(object: ChaosObject, component: EventComponent, event: ChaosEvent, serial: number): unknown {
  const { name, namespace, uid, resourceVersion } = object.metadata
  const { reason, message, warning } = wordingOf(event)
  const now = new Date().toISOString().replace(/\.\d+Z$/, 'Z')
  return {
    apiVersion: 'v1',
    kind: 'Event',
    // Unique over restarts of the daemon: the time, and a number within this process.
    metadata: {
      name: `${name}.${Date.now().toString(16)}${serial.toString(16).padStart(6, '0')}`,
      namespace,
      annotations: annotationsOf(event),
    },
    involvedObject: { apiVersion: object.apiVersion, kind: object.kind, name, namespace, uid, resourceVersion },
    reason,
    message,
    type: warning ? 'Warning' : 'Normal',
    source: { component },
    firstTimestamp: now,
    lastTimestamp: now,
    count: 1,
  }
}

const annotationsOf = (event: ChaosEvent): Readonly<Record<string, string>> =>
  Object.fromEntries(Object.entries(event).map(([field, value]) => [`chaos-mesh.org/${field}`, value]))
