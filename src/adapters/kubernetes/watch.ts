/** Lists, then watches from there, repeatedly until aborted. No change is lost while the server still knows our version. */
import { setTimeout as sleep } from 'node:timers/promises'
import { messageOf } from '../../domain/unknown.ts'
import {
  demand,
  isKubeObject,
  itemsOf,
  type KubeObject,
  type KubernetesApi,
  type WatchRequest,
} from '../../protocols/kubernetes/api.ts'
import { quoted } from '../../protocols/kubernetes/api-error.ts'
import type { Transport } from './transport.ts'

/** The pause after a round that failed or brought nothing. It doubles up to the longest; a round with changes resets it. */
const RETRY_MS = 500
const RETRY_MS_MAX = 8000
/** The server sends a bookmark about once a minute. A watch that is silent for longer may hang; it is restarted from the same version. */
const SILENT_MS = 30_000
/**
 * A page of pods is then about 500 KB and short-lived. With kubectl's pages of 500 the data outlives the young generation and stays in memory: 301 MB
 * instead of 215 MB at the peak of ten thousand pods (a server that plays those of `npm run bench watch`).
 */
const PAGE = 100

export async function watchResource<T>(
  transport: Transport,
  api: KubernetesApi,
  watching: WatchRequest<T>,
  signal: AbortSignal,
): Promise<void> {
  const known = knownObjects(watching)
  let version: string | undefined
  let pauseMs = RETRY_MS
  while (!signal.aborted) {
    const beganAt = performance.now()
    let shown = false
    try {
      version ??= await relist(api, watching.path, known, signal)
      const ended = await watchFrom(transport, watching.path, version, known, signal)
      version = ended.expired ? undefined : ended.version
      shown = ended.shown
    } catch (error) {
      if (signal.aborted) return
      watching.onLost(messageOf(error))
      version = undefined
    }
    // A server or proxy that ends each watch at once must not be called in a tight loop.
    if (shown || performance.now() - beganAt > RETRY_MS_MAX) pauseMs = RETRY_MS
    else {
      await sleep(pauseMs, undefined, { signal }).catch(() => undefined)
      pauseMs = Math.min(RETRY_MS_MAX, pauseMs * 2)
    }
  }
}

type KnownObjects = {
  /** An object in a list. It is a change only if its version is new. */
  listed(object: KubeObject): void
  changed(change: keyof typeof changes, object: KubeObject): void
  /** Objects missing in the list were deleted while there was no watch. */
  forgetAllBut(present: ReadonlySet<string>): void
}

/** Each existing object as last seen, reduced to text: 600 bytes per pod, a fifth of the whole object. */
function knownObjects<T>({ reduce, onEvent }: WatchRequest<T>): KnownObjects {
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

/** Syncs `known` with the server; returns the list's version. */
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
 * All pages of one list; returns its version. The server keeps the list as it was at the first page. If the continue token is too old, the request
 * fails and everything is listed again.
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

type Ended = { readonly version: string; readonly expired: boolean; readonly shown: boolean }

/** One watch connection. When it ends, resolves with the last version seen, or with expired if the server no longer knows it. */
async function watchFrom(
  transport: Transport,
  path: string,
  from: string,
  known: KnownObjects,
  signal: AbortSignal,
): Promise<Ended> {
  const silence = new AbortController()
  const timer = setTimeout(() => silence.abort(), SILENT_MS).unref()
  let ended: Ended = { version: from, expired: false, shown: false }
  try {
    for await (const line of watchLines(transport, path, from, AbortSignal.any([signal, silence.signal]))) {
      timer.refresh()
      ended = received(line, known, ended)
      if (ended.expired) return ended
    }
  } catch (error) {
    if (!silence.signal.aborted) throw error
  } finally {
    clearTimeout(timer)
    silence.abort()
  }
  return ended
}

/** The lines of a watch, one JSON document each (https://kubernetes.io/docs/reference/using-api/api-concepts/#efficient-detection-of-changes). */
async function* watchLines(
  transport: Transport,
  path: string,
  from: string,
  signal: AbortSignal,
): AsyncGenerator<string, void, undefined> {
  const query = new URLSearchParams({ watch: 'true', resourceVersion: from, allowWatchBookmarks: 'true' })
  const sent = {
    method: 'GET',
    path: `${path}${path.includes('?') ? '&' : '?'}${query}`,
    headers: { accept: 'application/json' },
    signal,
    endless: true,
  }
  const opened = await transport.open(sent)
  let { response } = opened
  if (response.statusCode === 401) {
    response.resume()
    response = (await opened.renew()) ?? response
  }
  if (response.statusCode !== 200) {
    response.destroy()
    throw new Error(`the watch was answered with ${response.statusCode} ${response.statusMessage ?? ''}`.trim())
  }
  let rest = ''
  for await (const chunk of response.setEncoding('utf8') as AsyncIterable<string>) {
    const lines = (rest + chunk).split('\n')
    rest = lines.pop() ?? ''
    yield* lines.filter((line) => line !== '')
  }
  if (rest !== '') yield rest
}

/** Parses one line. Throws for a line that is no watch event, because it must not be skipped. */
function received(line: string, known: KnownObjects, before: Ended): Ended {
  const { type, object } = newsOf(line)
  if (type === 'ERROR') return { ...before, expired: true }
  // A bookmark has only a version; its object has no name.
  if (isChange(type) && isKubeObject(object)) known.changed(type, object)
  return { ...before, version: versionOf(object) ?? before.version, shown: true }
}

function newsOf(line: string): { readonly type: string; readonly object: unknown } {
  try {
    const news: unknown = JSON.parse(line)
    if (typeof news === 'object' && news !== null && 'type' in news && typeof news.type === 'string')
      return { type: news.type, object: 'object' in news ? news.object : undefined }
  } catch {
    // Reported below, like every other line that is no watch event.
  }
  throw new Error(`the watch showed a line that is none: ${quoted(line)}`)
}

const versionOf = (value: unknown): string | undefined =>
  typeof value === 'object' && value !== null && 'metadata' in value
    ? (value as Partial<KubeObject>).metadata?.resourceVersion
    : undefined
