/** `load.arrivals`: a level rate, or a curve that is read from a file. */
import { type ArrivalCurve, curveEndMs, curveMean } from '../domain/arrival-curve.ts'
import { showDuration } from '../domain/show.ts'
import type { PerSecond } from '../domain/units.ts'
import { readCurve } from './curve.ts'
import { type Files, readText, relativeTo } from './files.ts'
import { path } from './name-shapes.ts'
import { plainNumber } from './plain-number.ts'
import { factor, rate } from './quantities.ts'
import { may, need, record } from './record.ts'
import type { Report } from './report.ts'
import { type Placed, placed, type Shape, text } from './shape.ts'

const RATE_MAX = { min: 0.01, max: 1_000_000 }

const curve = record({
  curve: need(placed(path('curves/derby.csv')), 'CSV or Prometheus range JSON, relative to this file.'),
  column: may(text({ form: 'the name of a column', example: 'checkout' }), 'Column of a CSV; the second if left out.'),
  factor: may(factor({ min: 0.001, max: 1_000_000 }), 'Multiple of the curve, `1x` if left out.'),
  speed: may(factor({ min: 1, max: 1000 }), 'How many times faster it is played, `1x` if left out.'),
  burstiness: may(
    plainNumber({ min: 1, max: 1000 }),
    'Variance ÷ mean of the counts per second: 1 is Poisson. Without it the curve is followed smoothly.',
  ),
})
type CurveDraft = typeof curve extends Shape<infer T> ? T : never
export type ArrivalDraft =
  | { readonly kind: 'rate'; readonly rate: PerSecond }
  | { readonly kind: 'curve'; readonly curve: CurveDraft }

/** A rate such as `24/s`, or a map with `curve`. */
export function arrival(): Shape<ArrivalDraft> {
  const level = rate(RATE_MAX)
  return {
    schema: { oneOf: [level.schema, curve.schema] },
    decode: (node, report) => {
      if (node.kind === 'map') {
        const decoded = curve.decode(node, report)
        return decoded && { value: { kind: 'curve', curve: decoded.value }, whole: decoded.whole }
      }
      const decoded = level.decode(node, report)
      return decoded && { value: { kind: 'rate', rate: decoded.value }, whole: decoded.whole }
    },
  }
}

export type ReadArrivals = {
  /** Of a curve: its mean over the timeline. */
  readonly arrivals: Readonly<Record<string, PerSecond>>
  readonly curves: Readonly<Record<string, ArrivalCurve>>
}

/** Reads the curves. One that ends before the timeline does is an issue: nobody knows how it goes on. */
export function readArrivals(
  files: Files,
  from: string,
  drafts: Readonly<Record<string, ArrivalDraft>>,
  timelineMs: number,
  report: Report,
): ReadArrivals {
  const arrivals: Record<string, PerSecond> = {}
  const curves: Record<string, ArrivalCurve> = {}
  const texts = new Map<string, string | undefined>()
  for (const [name, draft] of Object.entries(drafts)) {
    if (draft.kind === 'rate') {
      arrivals[name] = draft.rate
      continue
    }
    const read = curveOf(files, from, draft.curve, texts, report)
    if (read === undefined) continue
    reportShort(read, draft.curve.curve, timelineMs, report)
    curves[name] = read
    arrivals[name] = curveMean(read, timelineMs)
  }
  return { arrivals, curves }
}

function curveOf(
  files: Files,
  from: string,
  { curve: named, column, factor: times = 1, speed = 1, burstiness }: CurveDraft,
  texts: Map<string, string | undefined>,
  report: Report,
): ArrivalCurve | undefined {
  const file = relativeTo(from, named.value)
  if (!texts.has(file)) texts.set(file, readText(files, file, named.at, 'Curve', report))
  const content = texts.get(file)
  if (content === undefined) return undefined
  const points = readCurve(content, { file, ...(column === undefined ? {} : { column }), factor: times, speed }, report)
  return points && { file, points, speed, ...(burstiness === undefined ? {} : { dispersion: burstiness }) }
}

function reportShort(curve: ArrivalCurve, named: Placed<string>, timelineMs: number, report: Report): void {
  const endMs = curveEndMs(curve)
  if (endMs >= timelineMs) return
  const [ends, lasts] = [showDuration(Math.round(endMs / 1000) * 1000), showDuration(timelineMs)]
  const problem = `${curve.file} ends after ${ends}, and the timeline lasts ${lasts}.`
  report(named.at, 'curve-too-short', problem, 'shorten the phases, or play it slower.')
}
