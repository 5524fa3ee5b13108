/** The values that the crosshair shows: the drawn points, and the texts of the rows. */
import { type Chart, type ChartRow, thinned } from './chart.ts'
import { plotArea } from './draw/chart-svg.ts'

type Told = { readonly name: string; readonly points: readonly (readonly [at: number, value: number | string])[] }

export function seriesOf(charts: readonly Chart[], seconds: number) {
  return {
    seconds,
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
