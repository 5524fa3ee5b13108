/** The combined value of several sources: the sum or the maximum of their latest values, if they reported recently. */
import type { OverPods } from '../../domain/rehearsal.ts'
import type { Point } from '../chart.ts'

/**
 * Who was silent for this long is not counted any more, or for two and a half of its own intervals where these are longer: what no rule
 * asks for is scraped every five seconds only, and one scrape may fail.
 */
const GONE_AFTER_S = 3
const INTERVALS = 2.5

export type Latest = { set(who: string, at: number, value: number): number }

export const createSumOfLatest = (): Latest => createLatest('sum')

export function createLatest(over: OverPods): Latest {
  const latest = new Map<string, { readonly at: number; readonly value: number; readonly goneAt: number }>()
  return {
    set(who, at, value) {
      const interval = at - (latest.get(who)?.at ?? at)
      latest.set(who, { at, value, goneAt: at + Math.max(GONE_AFTER_S, interval * INTERVALS) })
      const heard = [...latest.values()].flatMap((each) => (at < each.goneAt ? [each.value] : []))
      return over === 'max' ? Math.max(...heard) : heard.reduce((sum, each) => sum + each, 0)
    },
  }
}

/** The rate of a counter that several speakers keep; a first value and a reset give no rate, and undefined until there is one. */
export function rateOfLatest(): { add(who: string, at: number, value: number): number | undefined } {
  const sum = createSumOfLatest()
  const before = new Map<string, { readonly at: number; readonly value: number }>()
  return {
    add(who, at, value) {
      const last = before.get(who)
      before.set(who, { at, value })
      const rate = last === undefined || value < last.value || at <= last.at ? 0 : (value - last.value) / (at - last.at)
      const total = sum.set(who, at, rate)
      return last === undefined ? undefined : total
    },
  }
}

/** Pods are scraped one after the other, twice a second: sums of the same round are one point, the last. */
const ROUND_S = 0.4

export function pushRound(points: Point[], at: number, value: number): void {
  const last = points.at(-1)
  if (last === undefined || at - last[0] >= ROUND_S) points.push([at, value])
  else points[points.length - 1] = [last[0], value]
}

/** Series that carry at least these labels. */
export const hasLabels = (labels: Readonly<Record<string, string>>, where: Readonly<Record<string, string>>): boolean =>
  Object.entries(where).every(([name, value]) => labels[name] === value)
