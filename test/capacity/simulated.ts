/** A whole search on a model platform, with virtual time. */

import { nextStep } from '../../src/capacity/search.ts'
import type { LoadOutcome, LoadPoint, SearchEnd, SearchSpec } from '../../src/domain/capacity.ts'
import { ratio, seconds } from '../../src/domain/units.ts'
import { type Model, modelPlatform } from './model-platform.ts'

export const spec: SearchSpec = {
  from: 1,
  max: 100,
  min: 0.1,
  growth: 1.6,
  resolution: ratio(0.05),
  measureMs: seconds(30),
  extensions: 3,
  repeats: 4,
  holdMs: seconds(120),
  holds: 2,
  odds: ratio(0.95),
  recovery: { at: 0.8, withinMs: seconds(60) },
  budgetMs: seconds(40 * 60),
}

/** Settling and ramp of one load. */
const OVERHEAD_MS = 20_000

export function searchOn(model: Model, seed: number, wanted: SearchSpec = spec) {
  const platform = modelPlatform(model, seed)
  const points: LoadPoint[] = []
  let spentMs = 0
  for (let asked = 0; asked < 60; asked += 1) {
    const step = nextStep(wanted, points, spentMs)
    if (step.kind !== 'measure') return { end: step as SearchEnd, points, spentMs, platform }
    let outcome: LoadOutcome = 'unproven'
    for (let part = 1; part <= wanted.extensions && outcome === 'unproven'; part += 1) {
      outcome = platform.measure(
        { ...step, measureMs: seconds((step.measureMs / 1000) * part) },
        wanted.recovery.withinMs,
      )
      spentMs += step.measureMs + (part === 1 ? OVERHEAD_MS : 0)
    }
    points.push({ load: step.load, purpose: step.purpose, outcome })
  }
  throw new Error(`the search does not end: ${JSON.stringify(points)}`)
}
