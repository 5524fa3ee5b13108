import { messageOf } from '../../domain/unknown.ts'
import type { ClusterClient } from '../cluster-access/cluster.ts'
import type { NodeContext, PodName } from './node-context.ts'

// All pods of an owner are alike. The first is told at once; storing the same event thirty times more would slow down a boot, so those wait.
const OWNER_LABELS = ['pod-template-hash', 'controller-revision-hash', 'batch.kubernetes.io/job-name']
const LATER_MS = 30_000

/** Reports what a pod asked for and does not get, as an Event on each pod, and as one line in the log for each owner. */
export function createEventNotices(cluster: ClusterClient, log: (line: string) => void): NodeContext['notice'] {
  const told = new Set<string>()
  const create = (pod: PodName, message: string) => {
    cluster
      .create(`/api/v1/namespaces/${pod.namespace}/events`, eventOf(pod, message))
      .catch((error) => log(`event for ${pod.name}: ${messageOf(error)}`))
  }
  return (pod, lines) => {
    if (lines.length === 0) return
    const message = lines.join('; ')
    const owner = OWNER_LABELS.map((label) => pod.labels[label]).find((value) => value !== undefined)
    const [forOwner, forPod] = [owner ?? pod.uid, pod.uid].map((who) => `${pod.namespace}/${who}: ${message}`)
    if (forPod === undefined || forOwner === undefined || told.has(forPod)) return
    const isFirst = !told.has(forOwner)
    told.add(forPod).add(forOwner)
    if (isFirst) log(`${pod.namespace}/${pod.name}: ${message}`)
    if (isFirst) create(pod, message)
    else setTimeout(create, LATER_MS, pod, message).unref()
  }
}

function eventOf(pod: PodName, message: string): object {
  const now = new Date().toISOString()
  return {
    apiVersion: 'v1',
    kind: 'Event',
    metadata: { generateName: `${pod.name}.`, namespace: pod.namespace },
    involvedObject: { apiVersion: 'v1', kind: 'Pod', namespace: pod.namespace, name: pod.name, uid: pod.uid },
    type: 'Warning',
    reason: 'NotEnforcedInLab',
    message,
    firstTimestamp: now,
    lastTimestamp: now,
    count: 1,
    source: { component: 'matchday-lab', host: pod.node },
  }
}
