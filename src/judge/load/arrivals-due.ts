/** Open model: which arrivals were due by the plan, which ran, and which never did. */
import { arrivalsBetween, arrivalsBy } from '../../domain/arrivals.ts'
import type { LoadStage } from '../../domain/timeline.ts'
import type { Seen } from '../seen/seen.ts'

export type Due = {
  /** Arrivals that the plan had by the end that was seen. */
  readonly due: number
  readonly ran: number
  readonly dropped: number
  /** Due and never run, dropped ones included. */
  readonly neverRan: number
  /** Arrivals that the plan still had when the load was cut short. */
  readonly remaining: number
}

/** k6 rounds the last arrival of a plan down; one a profile is no lateness. */
const ROUNDING = 1
/** Where the load was cut short, its last iterations were under way: a client waits no longer than this. */
const IN_FLIGHT_MS = 10_000

export function arrivalsDue(seen: Seen): ReadonlyMap<string, Due> {
  return new Map(seen.run.head.timeline.load.profiles.map(({ name, stages }) => [name, dueOf(seen, name, stages)]))
}

function dueOf(seen: Seen, name: string, stages: readonly LoadStage[]): Due {
  const { iterations, dropped } = seen.load.profiles.get(name) ?? { iterations: 0, dropped: 0 }
  const elapsedMs = elapsed(seen)
  const whole = seen.run.load === 'completed'
  const dueBy = (atMs: number) => Math.floor(arrivalsBy(stages, atMs) + 1e-6)
  const missed = dueBy(whole ? Number.POSITIVE_INFINITY : elapsedMs - IN_FLIGHT_MS) - iterations - ROUNDING
  const planned = arrivalsBy(stages, Number.POSITIVE_INFINITY)
  return {
    due: dueBy(whole ? Number.POSITIVE_INFINITY : elapsedMs),
    ran: iterations,
    dropped,
    neverRan: Math.max(0, dropped, missed),
    remaining: whole ? 0 : Math.max(0, Math.round(planned - arrivalsBy(stages, elapsedMs))),
  }
}

/** Time of the plan that frames tell about. */
export function elapsed(seen: Seen): number {
  const { zeroAt } = seen.run
  const { lastAt } = seen.load.frames
  if (zeroAt === undefined || lastAt === undefined) return 0
  return Math.max(0, lastAt - zeroAt)
}

/** Planned arrivals per second of all profiles together between two moments of the controller's clock. */
export function plannedRate(seen: Seen, fromAt: number, toAt: number): number {
  const zeroAt = seen.run.zeroAt ?? 0
  const arrivals = seen.run.head.timeline.load.profiles.map(({ stages }) =>
    arrivalsBetween(stages, fromAt - zeroAt, toAt - zeroAt),
  )
  return (arrivals.reduce((sum, each) => sum + each, 0) / Math.max(1, toAt - fromAt)) * 1000
}
