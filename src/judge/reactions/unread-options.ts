/** Helps to tell a gap in the readings of a pod from its end: when it was asked to end, and how often its source is scraped. */
import { scrapeMsOf } from '../../domain/rehearsal.ts'
import type { Seen } from '../seen/seen.ts'
import type { UnreadOptions } from '../seen/unread.ts'

export function unreadOptions({ run, objects }: Seen, source: string): UnreadOptions {
  const { target } = run.head
  // A track calls its pods `source/pod`.
  const leavesAt = (pod: string): number | undefined => {
    const [of = '', name] = pod.split('/')
    const namespace = target.sources[of]?.namespace
    return objects.lives.all.find((life) => life.name === name && life.namespace === namespace)?.deletingAt
  }
  return { leavesAt, everyMs: scrapeMsOf(target, source) }
}
