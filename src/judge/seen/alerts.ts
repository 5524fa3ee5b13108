/** Readings of the alerts of a Prometheus, in order of time. */
import type { ActiveAlert, AlertsRead, RuleHealth } from '../../domain/alert.ts'

export type AlertsAt = {
  readonly at: number
  readonly line: number
  readonly active: readonly ActiveAlert[]
  readonly rules: readonly RuleHealth[]
}

export type AlertsSeen = {
  add(record: AlertsRead, line: number): void
  /** Readings that worked. */
  readonly reads: readonly AlertsAt[]
  /** The last reading that failed. */
  readonly failed: { readonly problem: string; readonly line: number } | undefined
}

export function createAlertsSeen(): AlertsSeen {
  const reads: AlertsAt[] = []
  let failed: AlertsSeen['failed']
  return {
    add(record, line) {
      if (record.ok) reads.push({ at: record.at, line, active: record.active, rules: record.rules })
      else failed = { problem: record.problem, line }
    },
    reads,
    get failed() {
      return failed
    },
  }
}

/** One alert of several of the same name. */
export const alertKey = ({ alert, labels }: Pick<ActiveAlert, 'alert' | 'labels'>): string =>
  JSON.stringify([alert, ...Object.entries(labels).sort(([a], [b]) => (a < b ? -1 : 1))])

/** The longest time between two readings from `fromAt` to `toAt`, both ends included. */
export function longestGap(reads: readonly AlertsAt[], fromAt: number, toAt: number): number {
  const inside = reads.filter(({ at }) => at > fromAt && at < toAt).map(({ at }) => at)
  const before = reads.findLast(({ at }) => at <= fromAt)?.at ?? fromAt
  const after = reads.find(({ at }) => at >= toAt)?.at ?? toAt
  const moments = [before, ...inside, after]
  return Math.max(0, ...moments.slice(1).map((at, index) => at - (moments[index] ?? at)))
}
