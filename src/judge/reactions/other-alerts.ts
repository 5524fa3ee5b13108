/** All alerts that fired while the load ran, and whether any of them was neither expected nor allowed. */
import { type ActiveAlert, asksForAlerts, expectedAlerts, noOtherAlerts } from '../../domain/alert.ts'
import { showSeries } from '../../domain/show.ts'
import { instant } from '../../domain/units.ts'
import type { AlertsResult, Finding, FiredAlert } from '../../domain/verdict.ts'
import { finding } from '../findings/findings.ts'
import type { Ruled } from '../findings/ruled.ts'
import { count, duration, listed } from '../findings/words.ts'
import { type AlertsAt, alertKey, longestGap } from '../seen/alerts.ts'
import type { Seen } from '../seen/seen.ts'
import { ALERTS_GAP_MS } from './alerts.ts'

type Span = { readonly fromAt: number; readonly toAt: number }
type Fired = FiredAlert & { readonly line: number }

export function judgeAlerts(seen: Seen): Ruled<AlertsResult | undefined> {
  const { rehearsal } = seen.run.head
  if (asksForAlerts(rehearsal) === undefined) return { result: undefined, findings: [] }
  const fromAt = seen.run.zeroAt ?? seen.run.seenUntil
  const span = { fromAt, toAt: Math.max(fromAt, seen.run.loadEndedAt ?? seen.run.seenUntil) }
  const all = firedIn(seen, span)
  const fired = all.map(({ line: _, ...each }) => each)
  if (noOtherAlerts(rehearsal) === undefined) return { result: { fired }, findings: [] }
  const others = all.filter(({ is }) => is === 'other')
  const findings = others.length > 0 ? others.map((each) => unexpected(each, span)) : unknownOthers(seen, span)
  const [first] = findings
  const sentence = first?.sentence ?? `No other alert fired${wereThereBefore(fired)}.`
  return { result: { fired, others: { held: findings.length === 0, sentence } }, findings }
}

/** Of each alert, every time at which it began to fire. Those that fired when the load began are among them, as `before`. */
function firedIn(seen: Seen, { fromAt, toAt }: Span): readonly Fired[] {
  const { rehearsal } = seen.run.head
  const [expected, allowed] = [expectedAlerts(rehearsal), new Set(noOtherAlerts(rehearsal)?.allow)]
  const sortOf = ({ alert }: ActiveAlert): FiredAlert['is'] =>
    expected.has(alert) ? 'expected' : allowed.has(alert) ? 'allowed' : 'other'
  const open = new Map<string, Fired>()
  const all: Fired[] = []
  const close = (key: string, at: number) => {
    const one = open.get(key)
    if (one !== undefined) all.push({ ...one, resolvedAt: instant(at) })
    open.delete(key)
  }
  const first = stateBefore(seen, fromAt)
  for (const read of [...(first ? [first] : []), ...seen.alerts.reads.filter(({ at }) => at > fromAt && at <= toAt)]) {
    const now = new Map(read.active.filter(({ state }) => state === 'firing').map((each) => [alertKey(each), each]))
    for (const key of [...open.keys()]) if (!now.has(key)) close(key, read.at)
    for (const [key, each] of now) {
      if (open.has(key)) continue
      const { alert, labels } = each
      const is = read === first ? 'before' : sortOf(each)
      open.set(key, { alert, labels, is, firedAt: instant(read.at), line: read.line })
    }
  }
  return [...all, ...open.values()].sort((a, b) => a.firedAt - b.firedAt || (a.alert < b.alert ? -1 : 1))
}

const stateBefore = ({ alerts }: Seen, fromAt: number): AlertsAt | undefined =>
  alerts.reads.findLast(({ at }) => at <= fromAt && at > fromAt - ALERTS_GAP_MS)

function unexpected({ alert, labels, firedAt, line }: Fired, { fromAt }: Span): Finding {
  const sentence = `${showSeries(alert, labels)} fired ${duration(Math.max(0, firedAt - fromAt))} after the load started, and nobody expected it.`
  return finding('breach', 'alert-unexpected', alert, sentence, [line])
}

function unknownOthers(seen: Seen, { fromAt, toAt }: Span): readonly Finding[] {
  const { failed } = seen.alerts
  const why = failed === undefined ? '' : `: ${failed.problem}`
  const say = (problem: string) => [
    finding('gap', 'no-evidence', 'alerts', `It is not known whether other alerts fired: ${problem}${why}.`, [
      failed?.line,
      ...seen.run.loadLines,
    ]),
  ]
  if (stateBefore(seen, fromAt) === undefined) return say('alerts were not read before the load')
  return longestGap(seen.alerts.reads, fromAt, toAt) > ALERTS_GAP_MS ? say('alerts could not be read all the time') : []
}

function wereThereBefore(fired: readonly FiredAlert[]): string {
  const before = [...new Set(fired.filter(({ is }) => is === 'before').map(({ alert }) => alert))]
  return before.length === 0
    ? ''
    : ` (${count(before.length, 'alert')} fired before the load already: ${listed(before)})`
}
