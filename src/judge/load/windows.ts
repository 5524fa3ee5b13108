/** Counts of an SLI over a stretch of time, cut at frame resolution. */
import { quantileOf } from '../../domain/statistics.ts'
import { millis } from '../../domain/units.ts'
import type { SloResult, WindowCounts } from '../../domain/verdict.ts'
import type { Row } from '../seen/load-counts.ts'
import type { Seen } from '../seen/seen.ts'

type Window = Omit<SloResult['windows'][number], 'counts'>

/** Phases as planned, faults as they really were: from injected to healed. In ms from the load's zero. */
export function windowsOf(seen: Seen): readonly Window[] {
  const { head, zeroAt } = seen.run
  if (zeroAt === undefined) return []
  const phases = head.timeline.phases.map(({ name, fromMs, toMs }): Window => ({ name, kind: 'phase', fromMs, toMs }))
  const faults = head.timeline.faults.flatMap(({ name }): readonly Window[] => {
    const life = seen.faults.of(name)
    if (!life?.injected) return []
    const fromMs = millis(Math.max(0, life.injected.at - zeroAt))
    const toMs = millis(Math.max(fromMs, (life.healed?.at ?? seen.run.seenUntil) - zeroAt))
    return [{ name, kind: 'fault', fromMs, toMs }]
  })
  return [...phases, ...faults]
}

/** A frame belongs to the window that holds its middle. Never-ran arrivals of a window are those dropped in it. */
export function countWindow(rows: readonly Row[], zeroAt: number, window: Window, quantile: number): WindowCounts {
  const inside = rows.filter(({ fromAt, at }) => {
    const middle = (fromAt + at) / 2 - zeroAt
    return middle >= window.fromMs && middle < window.toMs
  })
  const dropped = inside.reduce((sum, row) => sum + row.dropped, 0)
  return countRows(inside, dropped, quantile)
}

export function countRows(rows: readonly Row[], neverRan: number, quantile: number): WindowCounts {
  let [good, bad, slow, overCeiling] = [0, 0, 0, 0]
  const buckets = new Map<number, number>()
  for (const row of rows) {
    good += row.good
    bad += row.bad
    slow += row.slow
    overCeiling += row.overCeiling
    for (let i = 0; i + 1 < row.histogram.length; i += 2) {
      const bound = row.histogram[i] ?? 0
      buckets.set(bound, (buckets.get(bound) ?? 0) + (row.histogram[i + 1] ?? 0))
    }
  }
  const histogram = [...buckets].sort(([a], [b]) => a - b)
  const attempts = good + bad
  // Counters of a Prometheus may count an attempt as good that began before this stretch.
  const counts = { attempts: attempts + neverRan, ...atMost(attempts, good, bad), slow, overCeiling, neverRan }
  return {
    ...counts,
    ...finite('quantileMs', quantileOf(histogram, quantile)),
    ...finite('p99Ms', quantileOf(histogram, 0.99)),
  }
}

/** The last bucket of a histogram has no end. */
const finite = <K extends 'quantileMs' | 'p99Ms'>(
  name: K,
  value: number | undefined,
): { readonly [name in K]?: number } =>
  value === undefined || !Number.isFinite(value) ? {} : ({ [name]: value } as { readonly [name in K]: number })

const atMost = (attempts: number, good: number, bad: number): Pick<WindowCounts, 'good' | 'bad'> =>
  bad < 0 ? { good: attempts, bad: 0 } : { good, bad }
