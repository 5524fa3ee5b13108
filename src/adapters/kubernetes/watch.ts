/** List, then watch from there, again and again until aborted: no change is lost while the server still knows our version. */
import { setTimeout as sleep } from 'node:timers/promises'
import {
  demand,
  isKubeObject,
  itemsOf,
  type KubeObject,
  type KubernetesApi,
  type Watching,
} from '../../protocols/kubernetes/api.ts'
import { quoted } from '../../protocols/kubernetes/api-error.ts'
import type { Transport } from './transport.ts'

/** The pause after a round that failed or showed nothing, doubled up to the longest; a round that shows something starts anew. */
const RETRY_MS = 500
const RETRY_MS_MAX = 8000
/** The server sends a bookmark about once a minute. A watch that is silent this long may hang; it goes on from the same version. */
const SILENT_MS = 30_000
/**
 * A page of pods is then some 500 KB and dies young. With kubectl's pages of 500 what was read outlives the young generation and is kept
 * until there is need: 301 MB instead of 215 MB at the peak of ten thousand pods (a server that plays those of `npm run bench watch`).
 */
const PAGE = 100

export async function watchResource<T>(
  transport: Transport,
  api: KubernetesApi,
  watching: Watching<T>,
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
      watching.onLost(error instanceof Error ? error.message : String(error))
      version = undefined
    }
    // A server or a proxy that ends each watch at once would be asked without a pause.
    if (shown || performance.now() - beganAt > RETRY_MS_MAX) pauseMs = RETRY_MS
    else {
      await sleep(pauseMs, undefined, { signal }).catch(() => undefined)
      pauseMs = Math.min(RETRY_MS_MAX, pauseMs * 2)
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

type Ended = { readonly version: string; readonly expired: boolean; readonly shown: boolean }

/** One watch connection. Resolves when it ends: with the last version seen, or expired when the server no longer knows it. */
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

/** What one line tells. Throws for a line that is no news of a watch: it must not be passed over. */
function received(line: string, known: KnownObjects, before: Ended): Ended {
  const { type, object } = newsOf(line)
  if (type === 'ERROR') return { ...before, expired: true }
  // A bookmark is only a version, of an object without a name.
  if (isChange(type) && isKubeObject(object)) known.changed(type, object)
  return { ...before, version: versionOf(object) ?? before.version, shown: true }
}

function newsOf(line: string): { readonly type: string; readonly object: unknown } {
  try {
    const news: unknown = JSON.parse(line)
    if (typeof news === 'object' && news !== null && 'type' in news && typeof news.type === 'string')
      return { type: news.type, object: 'object' in news ? news.object : undefined }
  } catch {
    // Told below, like every other line that is none of a watch.
  }
  throw new Error(`the watch showed a line that is none: ${quoted(line)}`)
}

const versionOf = (value: unknown): string | undefined =>
  typeof value === 'object' && value !== null && 'metadata' in value
    ? (value as Partial<KubeObject>).metadata?.resourceVersion
    : undefined
