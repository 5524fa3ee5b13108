/** List, then watch from there, again and again until aborted: no change is lost while the server still knows our version. */
import { setTimeout as sleep } from 'node:timers/promises'
import type { KubeConfig } from '@kubernetes/client-node'
import {
  demand,
  isKubeObject,
  itemsOf,
  type KubeObject,
  type KubernetesApi,
  type Watching,
} from '../../protocols/kubernetes/api.ts'

const RETRY_MS = 500
/**
 * A page of pods is then some 500 KB and dies young. With kubectl's pages of 500 what was read outlives the young generation and is kept
 * until there is need: 301 MB instead of 215 MB at the peak of ten thousand pods (a server that plays those of `npm run bench watch`).
 */
const PAGE = 100

export async function watchResource<T>(
  config: KubeConfig,
  api: KubernetesApi,
  watching: Watching<T>,
  signal: AbortSignal,
): Promise<void> {
  const known = knownObjects(watching)
  let version: string | undefined
  while (!signal.aborted) {
    try {
      version ??= await relist(api, watching.path, known, signal)
      const ended = await watchFrom(config, watching.path, version, known, signal)
      version = ended.expired ? undefined : ended.version
    } catch (error) {
      if (signal.aborted) return
      watching.onLost(error instanceof Error ? error.message : String(error))
      version = undefined
      await sleep(RETRY_MS, undefined, { signal }).catch(() => undefined)
    }
  }
}

type KnownObjects = {
  /** What a list shows: news only if its version is new. */
  listed(object: KubeObject): void
  changed(change: keyof typeof changes, object: KubeObject): void
  /** What was listed no more has gone while nobody looked. */
  forgetAllBut(present: ReadonlySet<string>): void
}

/** Each object that is there as it was last seen, reduced and as text: 600 bytes a pod that way, and five times that as the whole object. */
function knownObjects<T>({ reduce, onEvent }: Watching<T>): KnownObjects {
  const known = new Map<string, { readonly version: string | undefined; readonly text: string }>()
  const keep = (object: KubeObject): T => {
    const seen = reduce(object)
    known.set(keyOf(object), { version: object.metadata.resourceVersion, text: JSON.stringify(seen) })
    return seen
  }
  return {
    listed: (object) => {
      const before = known.get(keyOf(object))
      if (before !== undefined && before.version === object.metadata.resourceVersion) return
      onEvent({ change: before ? 'modified' : 'present', object: keep(object) })
    },
    changed: (change, object) => {
      if (change !== 'DELETED') return onEvent({ change: changes[change], object: keep(object) })
      known.delete(keyOf(object))
      onEvent({ change: 'deleted', object: reduce(object) })
    },
    forgetAllBut: (present) => {
      for (const [key, { text }] of known) {
        if (present.has(key)) continue
        known.delete(key)
        onEvent({ change: 'deleted', object: JSON.parse(text) as T })
      }
    },
  }
}

const keyOf = (object: KubeObject): string => `${object.metadata.namespace ?? ''}/${object.metadata.name}`

/** Brings `known` in step with the server; the list's version. */
async function relist(api: KubernetesApi, path: string, known: KnownObjects, signal: AbortSignal): Promise<string> {
  const present = new Set<string>()
  const version = await eachPage(api, path, signal, (objects) => {
    for (const object of objects) {
      present.add(keyOf(object))
      known.listed(object)
    }
  })
  known.forgetAllBut(present)
  return version
}

type ListAnswer = { readonly metadata?: { readonly resourceVersion?: string; readonly continue?: string } }

/**
 * All pages of one list, which the server keeps as it was when the first was asked for; its version. A token that is too old ends as an
 * error, and everything is listed again.
 */
async function eachPage(
  api: KubernetesApi,
  path: string,
  signal: AbortSignal,
  take: (objects: readonly KubeObject[]) => void,
): Promise<string> {
  let token = ''
  for (;;) {
    const query = `limit=${PAGE}${token ? `&continue=${encodeURIComponent(token)}` : ''}`
    const list = await demand(api, { method: 'GET', path: `${path}${path.includes('?') ? '&' : '?'}${query}`, signal })
    take(itemsOf(list))
    const { metadata } = list as ListAnswer
    token = metadata?.continue ?? ''
    if (token === '') return metadata?.resourceVersion ?? ''
  }
}

const changes = { ADDED: 'added', MODIFIED: 'modified', DELETED: 'deleted' } as const
const isChange = (phase: string): phase is keyof typeof changes => phase in changes

/** One watch connection. Resolves when it ends: with the last version seen, or expired when the server no longer knows it. */
async function watchFrom(config: KubeConfig, path: string, from: string, known: KnownObjects, signal: AbortSignal) {
  const { Watch } = await import('@kubernetes/client-node')
  return new Promise<{ version: string; expired: boolean }>((resolve, reject) => {
    let version = from
    let expired = false
    let stop = () => {}
    const url = new URL(path, 'https://api')
    const query = { ...Object.fromEntries(url.searchParams), resourceVersion: from, allowWatchBookmarks: true }
    const receive = (phase: string, object: unknown) => {
      if (phase === 'ERROR') expired = true
      if (!hasMetadata(object)) return
      // A bookmark is nothing but a version, of an object without a name.
      version = object.metadata.resourceVersion ?? version
      try {
        if (isChange(phase) && isKubeObject(object)) known.changed(phase, object)
      } catch (error) {
        // The library would pass over it, and over the line with it.
        reject(error)
        stop()
      }
    }
    // The library ends an idle watch after 30 s by itself; that is not a loss, since the version is kept.
    const done = (error: unknown) => {
      signal.removeEventListener('abort', stop)
      if (error === null || error === undefined || isIdleEnd(error) || signal.aborted) resolve({ version, expired })
      else reject(error instanceof Error ? error : new Error(String(error)))
    }
    new Watch(config).watch(url.pathname, query, receive, done).then((controller) => {
      stop = () => controller.abort()
      if (signal.aborted) stop()
      signal.addEventListener('abort', stop, { once: true })
    }, reject)
  })
}

const isIdleEnd = (error: unknown): boolean =>
  error instanceof Error && (error.name === 'TimeoutError' || error.name === 'AbortError')

const hasMetadata = (value: unknown): value is { readonly metadata: { readonly resourceVersion?: string } } =>
  typeof value === 'object' && value !== null && 'metadata' in value && Boolean(value.metadata)
