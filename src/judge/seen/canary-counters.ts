/** The counters of both releases of a canary, and what they counted between two moments. */
import { asCanary, type CanaryRelease } from '../../domain/action.ts'
import { type CanarySide, canarySides } from '../../domain/canary.ts'
import { REQUESTS } from '../../domain/metric-names.ts'
import type { Rehearsal } from '../../domain/rehearsal.ts'
import { type Counters, cumulative, type Track, type Wanted } from './counters.ts'
import { type UnreadOptions, unreadPods, whySharesUnread, whyUnread } from './unread.ts'

/** Statuses by which a server or its proxy says that it failed (RFC 9110, 15.6). */
export const BAD_CODES = ['500', '501', '502', '503', '504'] as const

export type ReleaseCounts = {
  readonly requests: number
  readonly bad: number
  /** Requests in the histogram and their time in all. */
  readonly timed: number
  readonly seconds: number
}

export type CountsBetween = (side: CanarySide, fromAt: number, toAt: number) => ReleaseCounts

const idOf = (action: string, side: CanarySide, what: string): string => `canary:${action}:${side}:${what}`

export type NamedCanary = { readonly action: string; readonly release: CanaryRelease }

export const canariesOf = ({ actions }: Rehearsal): readonly NamedCanary[] =>
  actions.flatMap(({ name, act }) => {
    const release = asCanary(act)
    return release === undefined ? [] : [{ action: name, release }]
  })

export const canaryCounters = (rehearsal: Rehearsal): readonly Wanted[] =>
  canariesOf(rehearsal).flatMap(({ action, release }) =>
    canarySides.flatMap((side) => whatOf(release).map((what) => wantedOf(action, side, release, what))),
  )

/** One counter of one set of labels. */
type What = { readonly counts: 'requests' | 'bad' | 'timed' | 'seconds'; readonly id: string } & Pick<
  Wanted,
  'metric' | 'labels' | 'sparse'
>

function whatOf({ canary: { gate } }: CanaryRelease): readonly What[] {
  const histogram = gate.latency?.histogram
  return (gate.where.length === 0 ? [{}] : gate.where).flatMap((labels, index): readonly What[] => [
    { counts: 'requests', id: `requests:${index}`, metric: REQUESTS, labels },
    ...BAD_CODES.map(
      (code): What => ({
        counts: 'bad',
        id: `${code}:${index}`,
        metric: REQUESTS,
        labels: { ...labels, code },
        sparse: true,
      }),
    ),
    ...(histogram === undefined
      ? []
      : [
          { counts: 'timed', id: `timed:${index}`, metric: `${histogram}_count`, labels } as const,
          { counts: 'seconds', id: `seconds:${index}`, metric: `${histogram}_sum`, labels } as const,
        ]),
  ])
}

const wantedOf = (
  action: string,
  side: CanarySide,
  { canary: { gate } }: CanaryRelease,
  { id, metric, labels, sparse }: What,
): Wanted => ({
  id: idOf(action, side, id),
  source: gate[side],
  metric,
  labels,
  ...(sparse === undefined ? {} : { sparse }),
})

/** The increments of one side. A source that scrapes the pods of both releases is split by the names of the pods. */
function tracksOf(
  counters: Counters,
  { action, release }: NamedCanary,
  side: CanarySide,
  counts: What['counts'],
): readonly Track[] {
  const { gate } = release.canary
  const isOwn = (pod: string): boolean =>
    gate.stable !== gate.canary || isPodOfDeployment(pod, release.workload.name) === (side === 'canary')
  return whatOf(release)
    .filter((what) => what.counts === counts)
    .map(({ id }) => counters.track(idOf(action, side, id)))
    .map(({ increments, failures }) => ({
      increments: increments.filter(({ pod }) => isOwn(pod)),
      failures: failures.filter(({ pod }) => isOwn(pod)),
    }))
}

/** `source/deployment-template-suffix`: what the controllers of Deployment and ReplicaSet call a pod. */
const isPodOfDeployment = (pod: string, deployment: string): boolean =>
  pod.slice(pod.indexOf('/') + 1).replace(/-[a-z0-9]+-[a-z0-9]{5}$/, '') === deployment

/** Reads the tracks once, so that many stretches can be asked for. */
export function countsBetween(counters: Counters, named: NamedCanary): CountsBetween {
  const counted = (side: CanarySide, counts: What['counts']) => cumulative(...tracksOf(counters, named, side, counts))
  const of = (side: CanarySide) => ({
    requests: counted(side, 'requests'),
    bad: counted(side, 'bad'),
    timed: counted(side, 'timed'),
    seconds: counted(side, 'seconds'),
  })
  const sides = { stable: of('stable'), canary: of('canary') }
  return (side, fromAt, toAt) => {
    const grown = (at: (moment: number) => number): number => Math.max(0, at(toAt) - at(fromAt))
    const { requests, bad, timed, seconds } = sides[side]
    const all = Math.round(grown(requests))
    return {
      requests: all,
      bad: Math.min(all, Math.round(grown(bad))),
      timed: grown(timed),
      seconds: grown(seconds),
    }
  }
}

/** The readings of the pods of one release. All counters of a pod come with the same scrape, so one of them shows all. */
const readingsOf = (counters: Counters, named: NamedCanary, side: CanarySide): Track =>
  tracksOf(counters, named, side, 'requests')[0] ?? { increments: [], failures: [] }

/** Pods of the new release that could not be read in a stretch; see `unreadPods`. */
export const unreadOfNew = (
  counters: Counters,
  named: NamedCanary,
  { fromAt, toAt }: { readonly fromAt: number; readonly toAt: number },
  options: UnreadOptions = {},
): readonly string[] => unreadPods(readingsOf(counters, named, 'canary'), fromAt, toAt, options)

/** See `whyUnread`. */
export const whyUncounted = (
  counters: Counters,
  named: NamedCanary,
  side: CanarySide,
  span: { readonly fromAt: number; readonly toAt: number },
  options: UnreadOptions = {},
): string | undefined => whyUnread(readingsOf(counters, named, side), side, span, options)

/** See `whySharesUnread`. */
export const whySharesUncounted = (
  counters: Counters,
  named: NamedCanary,
  span: { readonly fromAt: number; readonly toAt: number },
  asked: number,
  options: UnreadOptions = {},
): string | undefined => whySharesUnread((side) => readingsOf(counters, named, side), span, asked, options)

/** When the new release was last seen to answer a request, and the line of that scrape. */
export function lastAnswer(
  counters: Counters,
  named: NamedCanary,
): { readonly at: number; readonly line: number } | undefined {
  const [last] = tracksOf(counters, named, 'canary', 'requests')
    .flatMap(({ increments }) => increments)
    .filter(({ count }) => count > 0)
    .sort((a, b) => b.toAt - a.toAt)
  return last && { at: last.toAt, line: last.line }
}

/** The first server error that the new release was seen to answer from a moment on. */
export function firstError(
  counters: Counters,
  named: NamedCanary,
  fromAt: number,
): { readonly at: number; readonly line: number } | undefined {
  const [first] = tracksOf(counters, named, 'canary', 'bad')
    .flatMap(({ increments }) => increments)
    .filter(({ count, toAt }) => count > 0 && toAt > fromAt)
    .sort((a, b) => a.toAt - b.toAt)
  return first && { at: first.toAt, line: first.line }
}

/** Whether requests of the new release were counted at all. */
export const isCounted = (counters: Counters, named: NamedCanary): boolean =>
  tracksOf(counters, named, 'canary', 'requests').some(({ increments }) => increments.length > 0)
