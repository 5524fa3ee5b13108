import type { Cluster } from '../cluster-access/cluster.ts'
import { messageOf } from './fault.ts'
import type { NodeContext } from './node-context.ts'

// All pods of an owner are alike, and storing the same event fifty times would slow down a boot.
const OWNER_LABELS = ['pod-template-hash', 'controller-revision-hash', 'batch.kubernetes.io/job-name']

/** Reports what a pod asked for and does not get, as an Event: one for all pods of a template, on the first of them. */
export function eventNotices(cluster: Cluster, log: (line: string) => void): NodeContext['notice'] {
  const told = new Set<string>()
  return (pod, lines) => {
    if (lines.length === 0) return
    const owner = OWNER_LABELS.map((label) => pod.labels[label]).find((value) => value !== undefined)
    const message = lines.join('; ')
    const key = `${pod.namespace}/${owner ?? pod.uid}: ${message}`
    if (told.has(key)) return
    told.add(key)
    log(`${pod.namespace}/${pod.name}: ${message}`)
    const now = new Date().toISOString()
    const event = {
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
    cluster
      .create(`/api/v1/namespaces/${pod.namespace}/events`, event)
      .catch((error) => log(`event for ${pod.name}: ${messageOf(error)}`))
  }
}
