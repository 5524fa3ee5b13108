/**
 * How chart elements look, as presentation attributes. Jenkins and other servers show a report without its style sheet (Content-Security-Policy), and
 * charts must be readable there too. If the style sheet is allowed, its colours override the attributes, for the dark theme and print.
 */
import type { ChartLine, Limit, PlotMark, SpanLook, Tick } from '../chart.ts'
import { type Html, html } from '../escape/html.ts'
import type { DrawnHarm } from '../harms.ts'
import { light } from './palette.ts'

type Paint = {
  readonly fill?: string
  readonly stroke?: string
  readonly width?: number
  readonly dash?: string
  readonly opacity?: number
  readonly fillOpacity?: number
}

/** Attributes with a space before each. */
const attributes = (pairs: Readonly<Record<string, string | number | undefined>>): Html =>
  html.join(
    Object.entries(pairs).flatMap(([name, value]) =>
      value === undefined ? [] : [html` ${html.own(name)}="${String(value)}"`],
    ),
    '',
  )

const paint = ({ fill, stroke, width, dash, opacity, fillOpacity }: Paint): Html =>
  attributes({
    fill,
    stroke,
    'stroke-width': width,
    'stroke-dasharray': dash,
    opacity,
    'fill-opacity': fillOpacity,
  })

/** Text with an outline in the page's colour, so that lines behind it do not cross it out. */
const rimmed = (fill: string, width: number, weight?: number): Html =>
  attributes({
    fill,
    stroke: light.bg,
    'stroke-width': width,
    'paint-order': 'stroke',
    'font-weight': weight,
  })

const hatched = (kind: DrawnHarm['kind'], pattern: number): string => `url(#hatch-${kind}-${pattern})`

export const chartLook: Html = attributes({ 'font-family': 'system-ui,sans-serif', 'font-size': 11, fill: light.soft })
export const crossLook: Html = paint({ stroke: light.ink, width: 0.8 })
export const nowLook: Html = paint({ stroke: light.ink, width: 2 })
export const phaseLook = (index: number): Html => paint({ fill: index % 2 === 0 ? light.band : light.band2 })

export const hatchLooks = (
  kind: DrawnHarm['kind'],
  width: number,
  dash?: string,
): { readonly ground: Html; readonly stripe: Html } => ({
  ground: paint({ fill: light[kind], opacity: 0.13 }),
  stripe: paint({ stroke: light[kind], width, opacity: 0.4, ...(dash === undefined ? {} : { dash }) }),
})
export const letterLook = (kind: DrawnHarm['kind']): Html => rimmed(light[kind], 3, 700)

export type BandLook = 'requested' | 'injected' | 'held' | 'tail'
export function bandLook({ kind, pattern }: DrawnHarm, look: BandLook): Html {
  switch (look) {
    case 'requested':
      return paint({ fill: 'none', stroke: light[kind], dash: '3 3' })
    case 'injected':
      return paint({ fill: hatched(kind, pattern) })
    case 'held':
      return paint({ fill: light[kind], opacity: 0.07 })
    case 'tail':
      return paint({ fill: light[kind], opacity: kind === 'fault' ? 0.1 : 0.07 })
  }
}

export const gridLook: Html = paint({ stroke: light.rule, width: 0.6 })
const limitColours: Readonly<Record<Limit['kind'], string>> = {
  target: light.good,
  ceiling: light.bad,
  bound: light.soft,
}
export const limitLook = ({ kind }: Limit): Html =>
  paint({ stroke: limitColours[kind], width: 1.2, dash: kind === 'bound' ? '1 4' : '6 4' })
export const limitTextLook = ({ kind }: Limit): Html => rimmed(limitColours[kind], 4)

export function lineLook({ colour, shape, dash, axis }: ChartLine): Html {
  const stroke = light[`c${colour}`]
  if (shape === 'area') return paint({ ...areaFill(colour), stroke, width: 1 })
  if (axis) return paint({ fill: 'none', stroke, width: 1.2, dash: '2 2' })
  return paint({ fill: 'none', stroke, width: 1.6, ...(dash ? { dash: '5 3' } : {}) })
}

const areaFill = (colour: ChartLine['colour']): Paint => ({
  fill: light[`c${colour}`],
  fillOpacity: colour === 4 ? 0.35 : 0.2,
})

const markColours: Readonly<Record<PlotMark['look'], string>> = { good: light.good, bad: light.bad, neutral: light.ink }
export const markLooks = ({ look }: PlotMark): { readonly line: Html; readonly foot: Html; readonly text: Html } => ({
  line: paint({ stroke: light.ink, width: 1, dash: '1 3' }),
  foot: paint({ fill: markColours[look] }),
  text: rimmed(look === 'bad' ? light.bad : light.ink, 4),
})

export const rowLooks = {
  floor: paint({ stroke: light.rule, width: 0.6 }),
  steps: paint({ fill: light.steps, stroke: light.c1, width: 0.8 }),
  none: paint({ fill: light.bad }),
  number: rimmed(light.ink, 2, 600),
  words: rimmed(light.ink, 3),
  spanText: rimmed(light.ink, 2.5),
} as const

const tickOf = (look: Tick['look']): Html =>
  paint({ stroke: markColours[look], width: 2, ...(look === 'neutral' ? { dash: '2 2' } : {}) })
/** Created once, because a chart may have thousands of them. */
const tickLooks = { good: tickOf('good'), bad: tickOf('bad'), neutral: tickOf('neutral') } as const
export const tickLook = ({ look }: Tick): Html => tickLooks[look]

const spanLooks = new Map<string, Html>()
export function spanLook(look: SpanLook, pattern = 0): Html {
  const key = `${look} ${pattern}`
  const made = spanLooks.get(key) ?? spanOf(look, pattern)
  spanLooks.set(key, made)
  return made
}

function spanOf(look: SpanLook, pattern: number): Html {
  switch (look) {
    case 'phase':
      return paint({ fill: light.band2, stroke: light.rule })
    case 'planned':
      return paint({ fill: 'none', stroke: light.ink, dash: '4 3' })
    case 'fault':
    case 'action':
      return paint({ fill: hatched(look, pattern), stroke: light[look] })
    case 'fault-edge':
      return paint({ fill: light.fault, fillOpacity: 0.15 })
    case 'action-edge':
      return paint({ fill: light.action, fillOpacity: 0.15 })
    case 'tail':
      return paint({ fill: light.warn, fillOpacity: 0.15, stroke: light.warn, dash: '2 2' })
    case 'good':
      return paint({ fill: light.good, fillOpacity: 0.18, stroke: light.good })
    case 'bad':
      return paint({ fill: light.bad, fillOpacity: 0.25, stroke: light.bad, dash: '5 2' })
    case 'warn':
      return paint({ fill: light.warn, fillOpacity: 0.2, stroke: light.warn, dash: '2 2' })
    case 'neutral':
      return paint({ fill: light.soft, fillOpacity: 0.15, stroke: light.soft })
  }
}

/** A legend key is a small drawing, so that it shows its colour without styles too. */
export const keyLook = (line: ChartLine): Html =>
  line.shape === 'area'
    ? paint({ stroke: light[`c${line.colour}`], width: 8, opacity: 0.7 })
    : lineLook({ ...line, shape: 'line' })
export const swatchLook = (of: DrawnHarm | undefined): Html =>
  paint({ fill: of === undefined ? light.band2 : hatched(of.kind, of.pattern), stroke: light.rule })
