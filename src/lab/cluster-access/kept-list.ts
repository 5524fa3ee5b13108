import type { Fields } from '../../protocols/fields.ts'
import { type ClusterClient, createClusterClient } from './cluster.ts'
import { follow } from './follow.ts'
import type { ApiObject } from './kube-object.ts'
import { readKubeconfig } from './kubeconfig.ts'

/** All objects of one kind, kept current in memory. Starts before the API server does and outlives its restarts. */
export type KeptList<T> = {
  items(): readonly T[]
  /** False until the first list arrived. */
  isSynced(): boolean
  stop(): void
}

export type KeptListOptions = {
  readonly kubeconfig: string
  /** `/api/v1/pods` */
  readonly path: string
  /** `server` is where the API server is now. */
  onChange(server: URL): void
  log(line: string): void
}

export function keepList<T extends ApiObject>({ kubeconfig, path, onChange, log }: KeptListOptions): KeptList<T> {
  const objects = new Map<string, T>()
  const ended = new AbortController()
  let cluster: ClusterClient | undefined
  let synced = false
  // The kubeconfig is read again: after a restart the API server may be elsewhere.
  const open = (): ClusterClient => {
    cluster?.close()
    cluster = createClusterClient(readKubeconfig(kubeconfig))
    return cluster
  }
  const changed = (): void => {
    if (cluster) onChange(cluster.server)
  }
  const keep = (item: Fields): void => {
    const object = item as Fields & T // the API server's own objects
    objects.set(keyOf(object), object)
  }
  const follower = {
    replaced(items: readonly Fields[]) {
      objects.clear()
      items.forEach(keep)
      synced = true
      changed()
    },
    changed(item: Fields) {
      keep(item)
      changed()
    },
    removed(item: Fields) {
      objects.delete(keyOf(item as Fields & T))
      changed()
    },
  }
  // Before the first list the API server may not be up yet, so a failure is normal.
  const trouble = (problem: string): void => {
    if (synced) log(`watch of ${problem}`)
  }
  void follow(open, path, follower, ended.signal, trouble).finally(() => cluster?.close())
  return { items: () => [...objects.values()], isSynced: () => synced, stop: () => ended.abort() }
}

const keyOf = ({ metadata }: ApiObject): string => `${metadata.namespace ?? ''}/${metadata.name}`
