/** The counters of both releases of a canary, and what they counted between two moments. */
import { asCanary } from '../../domain/action.ts'
import { type Canary, type CanarySide, canarySides } from '../../domain/canary.ts'
import { REQUESTS } from '../../domain/metric-names.ts'
import type { Rehearsal } from '../../domain/rehearsal.ts'
import { type Counters, cumulative, type Wanted } from './counters.ts'

/** Statuses by which a server or its proxy says that it failed (RFC 9110, 15.6). */
const BAD_CODES = ['500', '501', '502', '503', '504'] as const

export type ReleaseCounts = {
  readonly requests: number
  readonly bad: number
  /** Requests in the histogram and their time in all. */
  readonly timed: number
  readonly seconds: number
}

export type CountsBetween = (side: CanarySide, fromAt: number, toAt: number) => ReleaseCounts

const idOf = (action: string, side: CanarySide, what: string): string => `canary:${action}:${side}:${what}`

export const canaryOf = (rehearsal: Rehearsal, action: string): Canary | undefined =>
  asCanary(rehearsal.actions.find(({ name }) => name === action)?.act)?.canary

export function canaryCounters({ actions }: Rehearsal): readonly Wanted[] {
  return actions.flatMap(({ name, act }) => {
    const release = asCanary(act)
    return release === undefined ? [] : canarySides.flatMap((side) => wantedOf(name, side, release.canary))
  })
}

function wantedOf(action: string, side: CanarySide, { gate }: Canary): readonly Wanted[] {
  const of = { source: gate[side], labels: gate.where }
  const histogram = gate.latency?.histogram
  return [
    { ...of, id: idOf(action, side, 'requests'), metric: REQUESTS },
    ...BAD_CODES.map((code) => ({
      ...of,
      id: idOf(action, side, code),
      metric: REQUESTS,
      labels: { ...gate.where, code },
      sparse: true,
    })),
    ...(histogram === undefined
      ? []
      : [
          { ...of, id: idOf(action, side, 'timed'), metric: `${histogram}_count` },
          { ...of, id: idOf(action, side, 'seconds'), metric: `${histogram}_sum` },
        ]),
  ]
}

/** Reads the tracks once, so that many stretches can be asked for. */
export function countsBetween(counters: Counters, action: string): CountsBetween {
  const counted = (side: CanarySide, ...whats: readonly string[]) =>
    cumulative(...whats.map((what) => counters.track(idOf(action, side, what))))
  const of = (side: CanarySide) => ({
    requests: counted(side, 'requests'),
    bad: counted(side, ...BAD_CODES),
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

/** When this release was last seen to answer a request, and the line of that scrape. */
export function lastAnswer(
  counters: Counters,
  action: string,
  side: CanarySide,
): { readonly at: number; readonly line: number } | undefined {
  const last = counters
    .track(idOf(action, side, 'requests'))
    .increments.filter(({ count }) => count > 0)
    .reduce<{ at: number; line: number } | undefined>(
      (latest, { toAt, line }) => (latest === undefined || toAt > latest.at ? { at: toAt, line } : latest),
      undefined,
    )
  return last
}

/** Whether its requests were counted at all. */
export const isCounted = (counters: Counters, action: string, side: CanarySide): boolean =>
  counters.track(idOf(action, side, 'requests')).increments.length > 0
