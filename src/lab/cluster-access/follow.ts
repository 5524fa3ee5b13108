/** A list that stays true: it is read once and then follows its watch, over broken connections and expired versions. */

import { setTimeout as sleep } from 'node:timers/promises'
import { type Fields, fieldsOf, listOf, messageOf, textOf } from '../machine/json.ts'
import type { Cluster } from './cluster.ts'

export type Follower = {
  /** Everything there is, at the beginning and after each gap. Whatever is missing is gone. */
  replaced(items: readonly Fields[]): void
  changed(item: Fields): void
  removed(item: Fields): void
}

const FIRST_PAUSE_MS = 100
const LONGEST_PAUSE_MS = 5000
// The API server ends a watch after this long; the follower goes on where it ended.
const WATCH_SECONDS = 300

/** Follows until `signal` aborts. Troubles are told to `trouble` and tried again. */
export async function follow(
  cluster: Cluster,
  path: string,
  follower: Follower,
  signal: AbortSignal,
  trouble: (problem: string) => void,
): Promise<void> {
  let pauseMs = FIRST_PAUSE_MS
  while (!signal.aborted) {
    try {
      const list = await cluster.get(path)
      follower.replaced(listOf(list.items).map(fieldsOf))
      pauseMs = FIRST_PAUSE_MS
      await watchFrom(cluster, path, textOf(fieldsOf(list.metadata).resourceVersion), follower, signal)
    } catch (error) {
      if (signal.aborted) return
      trouble(`${path}: ${messageOf(error)}`)
      await sleep(pauseMs, undefined, { signal }).catch(() => {})
      pauseMs = Math.min(pauseMs * 2, LONGEST_PAUSE_MS)
    }
  }
}

/** Returns when the list must be read again; throws when the connection broke. */
async function watchFrom(
  cluster: Cluster,
  path: string,
  from: string,
  follower: Follower,
  signal: AbortSignal,
): Promise<void> {
  let version = from
  while (!signal.aborted) {
    const query = `watch=true&allowWatchBookmarks=true&timeoutSeconds=${WATCH_SECONDS}&resourceVersion=${version}`
    for await (const line of cluster.lines(`${path}${path.includes('?') ? '&' : '?'}${query}`, signal)) {
      if (line === '') continue
      const event = fieldsOf(JSON.parse(line))
      const object = fieldsOf(event.object)
      // The version is too old, or the server wants the list to be read again: both are an ERROR event.
      if (event.type === 'ERROR') return
      version = textOf(fieldsOf(object.metadata).resourceVersion) || version
      if (event.type === 'DELETED') follower.removed(object)
      else if (event.type === 'ADDED' || event.type === 'MODIFIED') follower.changed(object)
    }
  }
}
