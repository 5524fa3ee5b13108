/** Pods whose counts in a stretch of time are not known, because they could not be read. */
import { type CanarySide, releaseWords } from '../../domain/canary.ts'
import type { Increment, Track } from './counters.ts'

/** Three scrapes of a second each: a shorter gap hardly moves requests over the edge of a stretch. */
const PATIENCE_MS = 3000

export type UnreadOptions = {
  /** When a pod was asked to end. It need not be read after that. */
  readonly leavesAt?: (pod: string) => number | undefined
  /** How often the source is read, if not by the run itself. */
  readonly everyMs?: number | undefined
}

/**
 * Pods with a gap over an edge of the stretch, or up to its end. A pod that was never read counts only if its scrapes failed for the whole stretch, because a
 * new pod is not scraped at once. Returns `source/pod`, as in the track.
 */
export function unreadPods(
  { increments, failures }: Track,
  fromAt: number,
  toAt: number,
  { leavesAt = () => undefined, everyMs = 0 }: UnreadOptions = {},
): readonly string[] {
  const patienceMs = Math.max(PATIENCE_MS, 2 * everyMs)
  const byPod = Map.groupBy(increments, ({ pod }) => pod)
  const failed = Map.groupBy(failures, ({ pod }) => pod)
  const isTorn = ({ fromAt: since, toAt: until, count }: Increment) =>
    count > 0 && until - since > patienceMs && ((since < fromAt && until > fromAt) || (since < toAt && until > toAt))
  return [...new Set([...byPod.keys(), ...failed.keys()])].sort().filter((pod) => {
    const own = byPod.get(pod) ?? []
    if (own.some(isTorn)) return true
    const readAt = own.reduce((last, each) => Math.max(last, each.toAt), Number.NEGATIVE_INFINITY)
    const firstAt = failed.get(pod)?.find(({ at }) => at > readAt && at <= toAt)?.at
    if (firstAt === undefined || (own.length === 0 && firstAt > fromAt + patienceMs)) return false
    const sinceAt = Math.max(fromAt, own.length === 0 ? firstAt : readAt)
    return Math.min(toAt, leavesAt(pod) ?? toAt) - sinceAt > patienceMs
  })
}

/** Whether any pod was read in the stretch. */
export const isRead = ({ increments }: Track, fromAt: number, toAt: number): boolean =>
  increments.some((each) => each.toAt > fromAt && each.fromAt < toAt)

type Span = { readonly fromAt: number; readonly toAt: number }

/**
 * Why the requests of one release in a stretch are not known, such as `gateway/gateway-7c9d8f6b54-fghij could not be read`. Undefined if they are. Asked only
 * before a breach is reported from these counts.
 */
export function whyUnread(
  track: Track,
  side: CanarySide,
  { fromAt, toAt }: Span,
  options: UnreadOptions,
): string | undefined {
  if (!isRead(track, fromAt, toAt)) return `no pod of the ${releaseWords[side]} release could be read`
  const unread = unreadPods(track, fromAt, toAt, options)
  return unread.length === 0 ? undefined : `${unread.join(', ')} could not be read`
}

/** The same for both releases while they share requests: a release that gets none of them need not be read. `asked`: the share of the new one. */
export const whySharesUnread = (
  readingsOf: (side: CanarySide) => Track,
  span: Span,
  asked: number,
  options: UnreadOptions,
): string | undefined =>
  (asked > 0 ? whyUnread(readingsOf('canary'), 'canary', span, options) : undefined) ??
  (asked < 1 ? whyUnread(readingsOf('stable'), 'stable', span, options) : undefined)
