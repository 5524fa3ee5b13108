/** Alerts of the team's own Prometheus, as its rules are evaluated there. matchday evaluates no rule itself. */
import type { SourcePoint } from './issue.ts'
import type { Rehearsal } from './rehearsal.ts'
import type { Instant, Millis, Some } from './units.ts'

type OfAlert = {
  readonly alert: string
  /** Labels that the alert must have; it may have others. */
  readonly labels: Readonly<Record<string, string>>
  readonly withinMs: Millis
  readonly at: SourcePoint
}

/** `alerts`: it fires, counted from the injection. `resolves`: it stops firing, counted from the healing. */
export type AlertReaction = (OfAlert & { readonly kind: 'alerts' }) | (OfAlert & { readonly kind: 'resolves' })

/** `allow`: names of alerts that may fire beside those that are expected. */
export type NoOtherAlerts = {
  readonly kind: 'no-other-alerts'
  readonly allow: readonly string[]
  readonly at: SourcePoint
}

/** An alert that is pending or fires. `activeAt`: since when its expression holds, on Prometheus' clock. */
export type ActiveAlert = {
  readonly alert: string
  readonly labels: Readonly<Record<string, string>>
  readonly state: 'pending' | 'firing'
  readonly activeAt: Instant
}

/** `health`: `ok` where the last evaluation worked. `evaluatedAt`: when that was, on Prometheus' clock; undefined before the first one. */
export type RuleHealth = {
  readonly alert: string
  readonly health: string
  readonly evaluatedAt?: Instant
  readonly problem?: string
}

/** All alerts that are pending or fire, and the rules that the rehearsal names, read once. */
export type AlertsRead = {
  readonly kind: 'alerts-read'
  readonly at: Instant
} & (
  | { readonly ok: true; readonly active: readonly ActiveAlert[]; readonly rules: readonly RuleHealth[] }
  | { readonly ok: false; readonly problem: string }
)

export type AlertOfRule = {
  readonly labels: Readonly<Record<string, string>>
  readonly state: 'pending' | 'firing'
  readonly activeAt: number
}

/**
 * A rule as Prometheus lists it, with its alerts. `everyMs`: interval of its group. `forMs`, `keepMs`: `for` and `keep_firing_for`. `evaluatedAt`: on
 * Prometheus' clock, undefined before the first evaluation.
 */
export type AlertRule = {
  readonly alert: string
  readonly labels: Readonly<Record<string, string>>
  readonly everyMs: number
  readonly forMs: number
  readonly keepMs: number
  readonly health: string
  readonly problem?: string
  readonly evaluatedAt?: number
  readonly alerts: readonly AlertOfRule[]
}

export type RulesRead =
  | { readonly ok: true; readonly rules: readonly AlertRule[] }
  | { readonly ok: false; readonly problem: string }

/** How often alerts are read. Prometheus evaluates most rules every 15 s to a minute. */
export const ALERTS_EVERY_MS = 2000

export const alertReactions = ({ faults, actions }: Pick<Rehearsal, 'faults' | 'actions'>): readonly AlertReaction[] =>
  [...faults, ...actions].flatMap(({ expect }) =>
    expect.flatMap((each) => (each.kind === 'alerts' || each.kind === 'resolves' ? [each] : [])),
  )

export const expectedAlerts = (rehearsal: Rehearsal): ReadonlySet<string> =>
  new Set(alertReactions(rehearsal).map(({ alert }) => alert))

export const noOtherAlerts = ({ expectations }: Rehearsal): NoOtherAlerts | undefined =>
  expectations.find((each) => each.kind === 'no-other-alerts')

/** Where the rehearsal asks for alerts; undefined if it does not. */
export function asksForAlerts(rehearsal: Rehearsal): Some<SourcePoint> | undefined {
  const others = noOtherAlerts(rehearsal)
  const [first, ...rest] = [...alertReactions(rehearsal), ...(others ? [others] : [])].map(({ at }) => at)
  return first === undefined ? undefined : [first, ...rest]
}
