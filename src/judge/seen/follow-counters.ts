/** What both releases of a followed Rollout counted. One source has the pods of both: the hash of the new template is in the names of its pods. */
import { asFollow, type Follow } from '../../domain/action.ts'
import type { FollowGate } from '../../domain/follow.ts'
import { REQUESTS } from '../../domain/metric-names.ts'
import type { Rehearsal } from '../../domain/rehearsal.ts'
import { BAD_CODES, type CountsBetween } from './canary-counters.ts'
import { type Counters, cumulative, type Wanted } from './counters.ts'

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

/** `release`: the hash of the new template. Response times are not counted. */
export function followedBetween(
  counters: Counters,
  action: string,
  { rollout }: Follow,
  gate: FollowGate,
  release: string,
): CountsBetween {
  const isFresh = (pod: string): boolean => pod.slice(pod.indexOf('/') + 1).startsWith(`${rollout}-${release}-`)
  const counted = (counts: Counts, fresh: boolean) =>
    cumulative(
      ...whatOf(gate)
        .filter((what) => what.counts === counts)
        .map(({ id }) => counters.track(idOf(action, id)))
        .map(({ increments, failures }) => ({
          increments: increments.filter(({ pod }) => isFresh(pod) === fresh),
          failures: failures.filter(({ pod }) => isFresh(pod) === fresh),
        })),
    )
  const of = (fresh: boolean) => ({ requests: counted('requests', fresh), bad: counted('bad', fresh) })
  const sides = { stable: of(false), canary: of(true) }
  return (side, fromAt, toAt) => {
    const { requests, bad } = sides[side]
    const all = Math.max(0, Math.round(requests(toAt) - requests(fromAt)))
    return { requests: all, bad: Math.min(all, Math.max(0, Math.round(bad(toAt) - bad(fromAt)))), timed: 0, seconds: 0 }
  }
}
