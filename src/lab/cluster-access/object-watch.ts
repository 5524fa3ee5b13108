// All objects of one kind, kept current: list, watch from there, list again when the server has forgotten the place. Starts before the
// API server does and outlives its restarts. Also used by the ingress.

import { type ApiConnection, ApiError, connectApi } from './api-stream.ts'
import type { KubeObject } from './kube-object.ts'

export type ObjectWatch<T> = {
  items(): readonly T[]
  /** False until the first list arrived. */
  isSynced(): boolean
  stop(): void
}

export type WatchOptions = {
  kubeconfig: string
  /** `/api/v1/pods` */
  path: string
  onChange(connection: ApiConnection): void
  log(line: string): void
}

const RETRY_FIRST_MS = 100
const RETRY_MOST_MS = 2_000
// The server ends a watch by itself after some time; asked for here so that it is known.
const WATCH_SECONDS = 300

export function watchObjects<T extends KubeObject>(options: WatchOptions): ObjectWatch<T> {
  const objects = new Map<string, T>()
  const ended = new AbortController()
  let synced = false

  async function follow(): Promise<void> {
    const connection = connectApi(options.kubeconfig)
    let version = await list(connection)
    synced = true
    options.onChange(connection)
    while (!ended.signal.aborted) version = await watch(connection, version)
  }

  async function list(connection: ApiConnection): Promise<string> {
    const answer = (await connection.getJson(options.path, ended.signal)) as {
      metadata?: KubeObject['metadata']
      items?: T[]
    }
    objects.clear()
    for (const item of answer.items ?? []) objects.set(keyOf(item), item)
    return answer.metadata?.resourceVersion ?? ''
  }

  async function watch(connection: ApiConnection, from: string): Promise<string> {
    let version = from
    const query = new URLSearchParams({
      watch: 'true',
      allowWatchBookmarks: 'true',
      resourceVersion: from,
      timeoutSeconds: String(WATCH_SECONDS),
    })
    await connection.readLines(`${options.path}?${query}`, ended.signal, (line) => {
      const event = JSON.parse(line) as { type: string; object: T & { code?: number; message?: string } }
      if (event.type === 'ERROR') throw new ApiError(event.object.code ?? 500, event.object.message ?? 'watch failed')
      version = event.object.metadata.resourceVersion ?? version
      if (event.type === 'BOOKMARK') return
      if (event.type === 'DELETED') objects.delete(keyOf(event.object))
      else objects.set(keyOf(event.object), event.object)
      options.onChange(connection)
    })
    return version
  }

  async function keepFollowing(): Promise<void> {
    let waitMs = RETRY_FIRST_MS
    let complained = ''
    while (!ended.signal.aborted) {
      const startedMs = Date.now()
      try {
        await follow()
      } catch (error) {
        if (ended.signal.aborted) return
        const reason = error instanceof Error ? error.message : String(error)
        if (reason !== complained && synced) options.log(`watch of ${options.path}: ${reason}`)
        complained = reason
      }
      // A watch that lasted was healthy: come back at once, as after a 410 Gone.
      waitMs = Date.now() - startedMs > RETRY_MOST_MS ? RETRY_FIRST_MS : Math.min(waitMs * 2, RETRY_MOST_MS)
      await pause(waitMs, ended.signal)
    }
  }

  void keepFollowing()
  return { items: () => [...objects.values()], isSynced: () => synced, stop: () => ended.abort() }
}

function keyOf({ metadata }: KubeObject): string {
  return `${metadata.namespace ?? ''}/${metadata.name}`
}

function pause(waitMs: number, signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    const done = () => {
      clearTimeout(timer)
      signal.removeEventListener('abort', done)
      resolve()
    }
    const timer = setTimeout(done, waitMs)
    signal.addEventListener('abort', done)
  })
}
