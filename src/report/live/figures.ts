/** The report's charts in parts that the page can put in place of the earlier ones, without losing the focus or the crosshair. */
import type { Judgment } from '../../domain/verdict.ts'
import { chartSvg } from '../draw/chart-svg.ts'
import { figureHead } from '../figure.ts'
import { seriesOf } from '../series.ts'
import type { RunView } from '../view.ts'

export type Figure = {
  readonly id: string
  /** HTML. */
  readonly head: string
  /** The whole SVG element. */
  readonly svg: string
  readonly caption: string
  /** What the crosshair shows. */
  readonly lines: unknown
}

export function figuresOf(view: RunView, judgment: Judgment): readonly Figure[] {
  const charts = view.charts(judgment)
  const series = seriesOf(charts, view)
  const drawing = { ...view, judgment }
  return charts.map((chart) => ({
    id: chart.id,
    head: figureHead(chart).text,
    svg: chartSvg(chart, drawing).text,
    caption: chart.caption,
    lines: series.charts[chart.id],
  }))
}
