/**
 * The forest plot: for each statistic its estimate and 90 % interval against no change and against its margin. Latencies share one axis (a ratio,
 * logarithmic), shares of bad attempts another (a difference). It can be read without the style sheet and in print.
 */
import type { Measure } from '../../domain/comparison.ts'
import { n, type Scale } from '../draw/axes.ts'
import { light } from '../draw/palette.ts'
import { type Html, html } from '../escape/html.ts'
import { changeText, stateWords } from './words.ts'

const WIDTH = 1000
const LEFT = 250
const RIGHT = 220
const ROW = 26
const TOP = 24
const BOTTOM = 26

export function forest(measures: readonly Measure[]): Html {
  const panels = (['latency', 'rate'] as const).flatMap((kind) => {
    const own = measures.filter((each) => each.kind === kind && each.interval !== undefined)
    return own.length === 0 ? [] : [panel(kind, own)]
  })
  return html`${panels}`
}

function panel(kind: Measure['kind'], rows: readonly Measure[]): Html {
  const height = TOP + rows.length * ROW + BOTTOM
  const scale = scaleOf(kind, rows)
  const none = kind === 'latency' ? 1 : 0
  const bottom = height - BOTTOM
  const title = kind === 'latency' ? 'B ÷ A: latency of good responses' : 'B − A: share of bad or slow attempts'
  return html`<figure><figcaption>${title}</figcaption><div class="plot"><svg class="chart forest" viewBox="0 0 ${WIDTH} ${height}" role="img" aria-label="${title}">
${ticksOf(kind, scale).map((at) => html`<line x1="${n(scale.x(at))}" x2="${n(scale.x(at))}" y1="${TOP}" y2="${bottom}" stroke="${light.rule}"/><text x="${n(scale.x(at))}" y="${height - 8}" text-anchor="middle" font-size="11" fill="${light.soft}">${tickText(kind, at)}</text>`)}
<line x1="${n(scale.x(none))}" x2="${n(scale.x(none))}" y1="${TOP - 6}" y2="${bottom}" stroke="${light.ink}" stroke-width="1.5"/><text x="${n(scale.x(none))}" y="${TOP - 10}" text-anchor="middle" font-size="11" fill="${light.soft}">no change</text>
${rows.map((each, index) => row(each, TOP + index * ROW + ROW / 2, scale))}
</svg></div></figure>`
}

type Range = { readonly low: number; readonly high: number; readonly x: Scale }

/** Wide enough for every interval and margin, and the same to both sides of no change where that costs little. */
function scaleOf(kind: Measure['kind'], rows: readonly Measure[]): Range {
  const onScale = (value: number) => (kind === 'latency' ? Math.log(value) : value)
  const none = kind === 'latency' ? 1 : 0
  const ends = rows.flatMap(({ interval = [none, none], margin }) => [...interval, none + margin]).map(onScale)
  const widest = Math.max(...ends.map(Math.abs), 1e-6) * 1.12
  const low = Math.min(...ends, -widest / 3)
  const [from, to] = [Math.max(-widest, low * 1.12), widest]
  const x: Scale = (value) =>
    LEFT + ((Math.max(from, Math.min(to, onScale(value))) - from) / (to - from)) * (WIDTH - LEFT - RIGHT)
  const back = (value: number) => (kind === 'latency' ? Math.exp(value) : value)
  return { low: back(from), high: back(to), x }
}

const RATIOS = [0.1, 0.2, 0.5, 0.7, 0.8, 0.9, 1.1, 1.2, 1.5, 2, 3, 5, 10, 30, 100]

function ticksOf(kind: Measure['kind'], { low, high }: Range): readonly number[] {
  if (kind === 'latency') return RATIOS.filter((each) => each >= low && each <= high)
  const raw = (high - low) / 5
  const magnitude = 10 ** Math.floor(Math.log10(raw))
  const step = [1, 2, 5, 10].map((each) => each * magnitude).find((each) => each >= raw) ?? raw
  const first = Math.ceil(low / step)
  return Array.from({ length: Math.floor(high / step) - first + 1 }, (_, index) => (first + index) * step).filter(
    (each) => Math.abs(each) > step / 2,
  )
}

const tickText = (kind: Measure['kind'], at: number): string =>
  kind === 'latency' ? `${at}×` : `${at > 0 ? '+' : ''}${Number((at * 100).toPrecision(3))} pt`

const colours = { regressed: light.bad, 'not-worse': light.good, undecided: light.warn } as const

function row(measure: Measure, y: number, { x }: Range): Html {
  const { sli, statistic, gates, state, interval = [1, 1], estimate = 1, margin, kind } = measure
  const colour = gates ? colours[state] : light.soft
  const [low, high] = interval.map(x)
  const limit = x(kind === 'latency' ? 1 + margin : margin)
  const [words] = stateWords(measure)
  return html`<g><text x="${LEFT - 12}" y="${n(y + 4)}" text-anchor="end" font-size="13" fill="${light.ink}"${gates ? html` font-weight="600"` : html``}>${`${sli} ${statistic}`}</text>
<line x1="${n(limit)}" x2="${n(limit)}" y1="${n(y - 10)}" y2="${n(y + 10)}" stroke="${light.ink}" stroke-dasharray="3 2"><title>${`margin of ${sli} ${statistic}`}</title></line>
<line x1="${n(low ?? 0)}" x2="${n(high ?? 0)}" y1="${n(y)}" y2="${n(y)}" stroke="${colour}" stroke-width="${gates ? 3 : 2}"/>
${[low, high].map((at) => html`<line x1="${n(at ?? 0)}" x2="${n(at ?? 0)}" y1="${n(y - 5)}" y2="${n(y + 5)}" stroke="${colour}" stroke-width="2"/>`)}
<rect x="${n(x(estimate) - 5)}" y="${n(y - 5)}" width="10" height="10" fill="${colour}" transform="rotate(45 ${n(x(estimate))} ${n(y)})"/>
<text x="${WIDTH - RIGHT + 14}" y="${n(y + 4)}" font-size="12" fill="${colour}">${`${changeText(measure, estimate)}${gates ? `  ${words}` : ''}`}</text></g>`
}
