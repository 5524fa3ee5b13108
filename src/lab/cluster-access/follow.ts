/** The lab's one list-watch: lists once, then watches from there. It lists again after a gap, such as an expired version. */

import { setTimeout as sleep } from 'node:timers/promises'
import { messageOf } from '../../domain/unknown.ts'
import type { Fields } from '../../protocols/fields.ts'
import { fieldsOf, listOf, numberOf, textOf } from '../machine/json.ts'
import { ApiProblem, type ClusterClient } from './cluster.ts'

/** Called for one change after the other; the next change waits for the promise. An error lists everything again. */
export type ListFollower = {
  /** All objects there are, at the beginning and after each gap. An object that is not in the list is gone. */
  replaced(items: readonly Fields[]): void | Promise<void>
  changed(item: Fields): void | Promise<void>
  removed(item: Fields): void | Promise<void>
}

const FIRST_PAUSE_MS = 100
// A watch that lasted longer than this was healthy: come back at once.
const LONGEST_PAUSE_MS = 2_000
// The API server ends a watch after this long. The follower goes on from the last version that it saw.
const WATCH_SECONDS = 300
/** Gone: the API server no longer knows the version to watch from. A new list is the normal answer to it. */
const EXPIRED = 410

/** Follows until `signal` aborts. Other problems are reported once to `trouble` and retried. `open` is asked before each list. */
export async function follow(
  open: () => ClusterClient,
  path: string,
  follower: ListFollower,
  signal: AbortSignal,
  trouble: (problem: string) => void,
): Promise<void> {
  let pauseMs = FIRST_PAUSE_MS
  let reported = ''
  while (!signal.aborted) {
    const startedMs = performance.now()
    const problem = await listAndWatch(open, path, follower, signal)
    if (signal.aborted) return
    if (problem !== reported && problem !== '') trouble(`${path}: ${problem}`)
    reported = problem
    if (performance.now() - startedMs > LONGEST_PAUSE_MS) pauseMs = FIRST_PAUSE_MS
    await sleep(pauseMs, undefined, { signal }).catch(() => {})
    pauseMs = Math.min(pauseMs * 2, LONGEST_PAUSE_MS)
  }
}

/** Why it ended; empty when only the version expired. */
async function listAndWatch(open: () => ClusterClient, path: string, follower: ListFollower, signal: AbortSignal) {
  try {
    const cluster = open()
    const list = await cluster.get(path, signal)
    await follower.replaced(listOf(list.items).map(fieldsOf))
    await watchFrom(cluster, path, versionOf(list), follower, signal)
    return ''
  } catch (error) {
    return error instanceof ApiProblem && error.status === EXPIRED ? '' : messageOf(error)
  }
}

/** @throws ApiProblem when the server ends the watch with an error event, and whatever broke the connection */
async function watchFrom(
  cluster: ClusterClient,
  path: string,
  from: string,
  follower: ListFollower,
  signal: AbortSignal,
) {
  let version = from
  while (!signal.aborted) {
    const query = `watch=true&allowWatchBookmarks=true&timeoutSeconds=${WATCH_SECONDS}&resourceVersion=${version}`
    for await (const line of cluster.lines(`${path}${path.includes('?') ? '&' : '?'}${query}`, signal)) {
      const event = fieldsOf(JSON.parse(line))
      const object = fieldsOf(event.object)
      if (event.type === 'ERROR')
        throw new ApiProblem(numberOf(object.code), textOf(object.reason), textOf(object.message) || 'watch failed')
      version = versionOf(object) || version
      if (event.type === 'DELETED') await follower.removed(object)
      else if (event.type === 'ADDED' || event.type === 'MODIFIED') await follower.changed(object)
    }
  }
}

const versionOf = (object: Fields): string => textOf(fieldsOf(object.metadata).resourceVersion)
