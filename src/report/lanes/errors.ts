/** Bad answers by indicator and reason, as the scenario named them: when they came, first to last, and how many. */
import { isUnion } from '../../domain/indicators.ts'
import type { FrameDelta } from '../../judge/seen/frame-deltas.ts'
import { type Chart, type ChartRow, type Point, peak } from '../chart.ts'
import type { LaneOf } from '../lane.ts'
import { counted, whole } from '../words.ts'

/** More rows than these are noise; the chart says how many are left out. */
const MOST_ROWS = 12

type Errors = { readonly name: string; readonly points: Point[]; count: number }

export const errorsLane: LaneOf = ({ rehearsal }) => {
  const all = new Map<string, Errors>()
  const takeDelta = (delta: FrameDelta, at: number): void => {
    for (const [sli, reasons] of delta.badBy) {
      // A union would repeat its parts.
      if (isUnion(rehearsal.slis, sli)) continue
      for (const [reason, count] of Object.entries(reasons)) {
        if (count === 0) continue
        const name = `${sli} ${reason}`
        const known = all.get(name) ?? { name, points: [], count: 0 }
        all.set(name, known)
        known.points.push([at, count])
        known.count += count
      }
    }
  }
  return { takeDelta, charts: () => chartOf([...all.values()]) }
}

function chartOf(all: readonly Errors[]): readonly Chart[] {
  if (all.length === 0) return []
  const sorted = [...all].sort((a, b) => b.count - a.count || (a.name < b.name ? -1 : 1))
  const shown = sorted.slice(0, MOST_ROWS)
  const left = sorted.length - shown.length
  const said = shown.map(({ name, count }) => `${name} ${counted(count, 'time')}`).join(', ')
  return [
    {
      id: 'errors',
      title: 'Bad answers by reason',
      unit: 'each second, as high as its share of the worst',
      caption: `${said}${left > 0 ? `, and ${counted(left, 'reason')} more` : ''}.`,
      lines: [],
      limits: [],
      rows: shown.map(rowOf),
    },
  ]
}

function rowOf({ name, points }: Errors): ChartRow {
  const most = peak(points)
  const ticks = points.map(([at, count]) => ({
    at,
    look: 'bad' as const,
    share: count / most,
    text: `${whole(count)} bad`,
  }))
  return { name, ticks }
}
