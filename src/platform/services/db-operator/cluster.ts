/** The operator's view of the cluster, and what it may change there: the role record, and one label of the database's pods. */
import type { ClusterApi } from '../../shared/cluster-api.ts'
import { dataOf, type KeeperStatus, type RoleRecord, recordOf } from '../../shared/role-record.ts'
import { connects } from '../../shared/silence.ts'
import type { DatabaseRole } from './labels.ts'

export const ROLE_LABEL = 'casino.matchday.dev/role'

export type DatabasePod = {
  readonly name: string
  readonly ip: string | undefined
  readonly role: DatabaseRole | undefined
}
export type StoredRecord = { readonly record: RoleRecord | undefined; readonly version: string | undefined }

export type DatabaseCluster = {
  pods(): Promise<readonly DatabasePod[]>
  record(): Promise<StoredRecord>
  /** False when somebody else changed the record meanwhile. */
  write(record: RoleRecord, version: string | undefined): Promise<boolean>
  label(pod: string, role: DatabaseRole | undefined): Promise<void>
  /** undefined when it does not answer. */
  ask(pod: DatabasePod): Promise<KeeperStatus | undefined>
  /** Has the keeper read the record at once; one that does not hear it reads it in its next round. */
  nudge(pod: DatabasePod): Promise<void>
}

// A keeper answers from memory; six of these make a silence.
const ANSWER_MS = 500
// However busy it is, its kernel takes a connection within milliseconds. A primary that handed over is gone a moment later, and a round that
// waited for its answer would know of the new one half a second late. One lost SYN is one answer missed, of the six that make a silence.
const REACH_MS = 100

export function createDatabaseCluster(
  api: ClusterApi,
  selector: string,
  recordName: string,
  keeperPort: number,
): DatabaseCluster {
  const base = `/api/v1/namespaces/${api.namespace}`
  const recordPath = `${base}/configmaps/${recordName}`

  async function write(record: RoleRecord, version: string | undefined): Promise<boolean> {
    // A patch, so that what others have noted on the object stays there; with the version that was read, so that it is still a
    // compare-and-swap.
    const metadata = { name: recordName, namespace: api.namespace, ...(version ? { resourceVersion: version } : {}) }
    const body = { apiVersion: 'v1', kind: 'ConfigMap', metadata, data: dataOf(record) }
    const { status } = version
      ? await api.call({ method: 'PATCH', path: recordPath, body, contentType: 'application/merge-patch+json' })
      : await api.call({ method: 'POST', path: `${base}/configmaps`, body })
    if (status === 409) return false
    if (status >= 300) throw new Error(`the role record was refused with ${status}`)
    return true
  }

  return {
    pods: async () => {
      const answer = await api.call({ path: `${base}/pods?labelSelector=${encodeURIComponent(selector)}` })
      if (answer.status !== 200) throw new Error(`the pods were refused with ${answer.status}`)
      return (answer.body as PodList).items.map(podOf)
    },
    record: async () => {
      const answer = await api.call({ path: recordPath })
      if (answer.status === 404) return { record: undefined, version: undefined }
      if (answer.status !== 200) throw new Error(`the role record was refused with ${answer.status}`)
      const { metadata, data } = answer.body as { metadata: { resourceVersion: string }; data?: Record<string, string> }
      return { record: recordOf(data), version: metadata.resourceVersion }
    },
    write,
    label: async (pod, role) => {
      const body = { metadata: { labels: { [ROLE_LABEL]: role ?? null } } }
      const path = `${base}/pods/${pod}`
      const { status } = await api.call({ method: 'PATCH', path, body, contentType: 'application/merge-patch+json' })
      if (status >= 300 && status !== 404) throw new Error(`the label of ${pod} was refused with ${status}`)
    },
    nudge: async ({ ip }) => {
      if (ip === undefined) return
      const signal = AbortSignal.timeout(ANSWER_MS)
      await fetch(`http://${ip}:${keeperPort}/look`, { method: 'POST', signal })
        .then((answer) => answer.body?.cancel())
        .catch(() => undefined)
    },
    ask: async ({ ip }) => {
      if (ip === undefined || !(await connects(ip, keeperPort, REACH_MS))) return undefined
      try {
        const answer = await fetch(`http://${ip}:${keeperPort}/status`, { signal: AbortSignal.timeout(ANSWER_MS) })
        return answer.ok ? ((await answer.json()) as KeeperStatus) : undefined
      } catch {
        return undefined
      }
    },
  }
}

type PodList = {
  items: { metadata: { name: string; labels?: Record<string, string> }; status?: { podIP?: string } }[]
}

function podOf({ metadata, status }: PodList['items'][number]): DatabasePod {
  const role = metadata.labels?.[ROLE_LABEL]
  return { name: metadata.name, ip: status?.podIP, role: role === 'primary' || role === 'standby' ? role : undefined }
}
