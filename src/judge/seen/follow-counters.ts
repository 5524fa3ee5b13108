/** What both releases of a followed Rollout counted. One source has the pods of both: the hash of the new template is in the names of its pods. */
import { asFollow, type Follow } from '../../domain/action.ts'
import type { CanarySide } from '../../domain/canary.ts'
import type { FollowGate } from '../../domain/follow.ts'
import { REQUESTS } from '../../domain/metric-names.ts'
import type { Rehearsal } from '../../domain/rehearsal.ts'
import { BAD_CODES, type CountsBetween } from './canary-counters.ts'
import { type Counters, cumulative, type Track, type Wanted } from './counters.ts'
import { type UnreadOptions, whySharesUnread } from './unread.ts'

type Counts = 'requests' | 'bad'
type What = { readonly counts: Counts; readonly id: string } & Pick<Wanted, 'labels' | 'sparse'>

const whatOf = ({ where }: FollowGate): readonly What[] =>
  (where.length === 0 ? [{}] : where).flatMap((labels, index): readonly What[] => [
    { counts: 'requests', id: `requests:${index}`, labels },
    ...BAD_CODES.map(
      (code): What => ({ counts: 'bad', id: `${code}:${index}`, labels: { ...labels, code }, sparse: true }),
    ),
  ])

const idOf = (action: string, id: string): string => `follow:${action}:${id}`

export const followCounters = ({ actions }: Rehearsal): readonly Wanted[] =>
  actions.flatMap(({ name, act }) => {
    const gate = asFollow(act)?.gate
    if (gate === undefined) return []
    return whatOf(gate).map(
      ({ id, labels, sparse }): Wanted => ({
        id: idOf(name, id),
        source: gate.source,
        metric: REQUESTS,
        labels,
        ...(sparse === undefined ? {} : { sparse }),
      }),
    )
  })

type Followed = { readonly action: string; readonly act: Follow; readonly gate: FollowGate; readonly release: string }

/** The counters of one release, one track for each of its sets of labels. */
function tracksOf(
  counters: Counters,
  { action, act, gate, release }: Followed,
  counts: Counts,
  fresh: boolean,
): readonly Track[] {
  const isFresh = (pod: string): boolean => pod.slice(pod.indexOf('/') + 1).startsWith(`${act.rollout}-${release}-`)
  return whatOf(gate)
    .filter((what) => what.counts === counts)
    .map(({ id }) => counters.track(idOf(action, id)))
    .map(({ increments, failures }) => ({
      increments: increments.filter(({ pod }) => isFresh(pod) === fresh),
      failures: failures.filter(({ pod }) => isFresh(pod) === fresh),
    }))
}

/** Why the share that each release got in a stretch is not known; see `whySharesUnread`. */
export const whyFollowedUncounted = (
  counters: Counters,
  followed: Followed,
  span: { readonly fromAt: number; readonly toAt: number },
  asked: number,
  options: UnreadOptions,
): string | undefined => {
  const readingsOf = (side: CanarySide) =>
    tracksOf(counters, followed, 'requests', side === 'canary')[0] ?? { increments: [], failures: [] }
  return whySharesUnread(readingsOf, span, asked, options)
}

/** `release`: the hash of the new template. Response times are not counted. */
export function followedBetween(counters: Counters, followed: Followed): CountsBetween {
  const counted = (counts: Counts, fresh: boolean) => cumulative(...tracksOf(counters, followed, counts, fresh))
  const of = (fresh: boolean) => ({ requests: counted('requests', fresh), bad: counted('bad', fresh) })
  const sides = { stable: of(false), canary: of(true) }
  return (side, fromAt, toAt) => {
    const { requests, bad } = sides[side]
    const all = Math.max(0, Math.round(requests(toAt) - requests(fromAt)))
    return { requests: all, bad: Math.min(all, Math.max(0, Math.round(bad(toAt) - bad(fromAt)))), timed: 0, seconds: 0 }
  }
}
