/** What else is known of the pods of a source whose readings are missing: when they were asked to end, and how often they are read. */
import { scrapeMsOf } from '../../domain/rehearsal.ts'
import type { Seen } from '../seen/seen.ts'
import type { UnreadOptions } from '../seen/unread.ts'

export function unreadOptions({ run, objects }: Seen, source: string): UnreadOptions {
  const { target } = run.head
  // Names of a track are `source/pod`.
  const leavesAt = (pod: string): number | undefined => {
    const [of = '', name] = pod.split('/')
    const namespace = target.sources[of]?.namespace
    return objects.lives.all.find((life) => life.name === name && life.namespace === namespace)?.deletingAt
  }
  return { leavesAt, everyMs: scrapeMsOf(target, source) }
}
