/** The values that the crosshair shows: the drawn points, and the texts of the rows; and the parts of the run that can be zoomed to. */
import { type Chart, type ChartRow, thinned } from './chart.ts'
import { plotArea } from './draw/chart-svg.ts'
import { biteOf } from './harms.ts'
import type { Drawing } from './lane.ts'

type Told = { readonly name: string; readonly points: readonly (readonly [at: number, value: number | string])[] }

type Part = { readonly name: string; readonly from: number; readonly to: number }
type Axis = Pick<Drawing, 'axis' | 'zeroAt' | 'phases' | 'harms' | 'seconds'>

/** Seconds and start of the time axis of all charts, and the phases, faults and actions on it. */
export const frameOf = (view: Axis) => ({ seconds: view.axis, zeroAt: view.zeroAt, parts: partsOf(view) })

function partsOf({ axis, phases, harms, seconds }: Axis): readonly Part[] {
  const bites = harms.flatMap((harm): readonly Part[] => {
    const bite = biteOf(harm, seconds)
    return bite === undefined ? [] : [{ name: `${harm.letter} ${harm.name}`, from: bite[0], to: bite[1] }]
  })
  return [...phases.map(({ name, from, to }) => ({ name, from, to: Math.min(to, axis) })), ...bites].filter(
    ({ from, to }) => from < to,
  )
}

export function seriesOf(charts: readonly Chart[], view: Axis) {
  return {
    ...frameOf(view),
    ...plotArea,
    charts: Object.fromEntries(charts.map((chart) => [chart.id, [...lines(chart), ...(chart.rows ?? []).map(told)]])),
  }
}

const lines = (chart: Chart): readonly Told[] =>
  chart.lines.map(({ name, points }) => ({
    name,
    points: thinned(points).map(([at, value]) => [tenth(at), cent(value)]),
  }))

const tenth = (at: number): number => Math.round(at * 10) / 10
const cent = (value: number): number => Math.round(value * 100) / 100

function told({ name, steps, spans = [], ticks = [] }: ChartRow): Told {
  const points = steps
    ? thinned(steps).map(([at, value]) => [tenth(at), cent(value)] as const)
    : [
        ...spans.flatMap(({ from, to, text }) => [[tenth(from), text] as const, [tenth(to), '–'] as const]),
        ...ticks.flatMap(({ at, text }) => [[tenth(at), text] as const, [tenth(at + 1), '–'] as const]),
      ].sort((a, b) => a[0] - b[0])
  return { name, points }
}
