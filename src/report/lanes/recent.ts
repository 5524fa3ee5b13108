/** The last seconds of one SLI, from which shares, quantiles and burn rates are drawn. */
import { isCountedByPrometheus } from '../../domain/indicators.ts'
import type { Rehearsal, Slo } from '../../domain/rehearsal.ts'
import { quantileOf } from '../../domain/statistics.ts'
import type { FrameDelta, SliDelta } from '../../judge/seen/frame-deltas.ts'

/** Shares and quantiles are drawn over this many frames (seconds), so that one bad second is visible but does not dominate the line. */
const WINDOW_FRAMES = 5

/** Objectives that are drawn second by second: scrapes of a Prometheus are too far apart for that. */
export const ofLoad = ({ slis, slos }: Rehearsal): readonly Slo[] =>
  slos.filter(({ sli }) => !isCountedByPrometheus(slis, sli))

export type Recent = {
  add(delta: SliDelta, instance: string): void
  sum(pick: (each: SliDelta) => number): number
  /** Of all latencies of the window, which are sorted once. */
  quantiles(...of: readonly number[]): readonly (number | undefined)[]
}

export function createRecent(): Recent {
  const last: SliDelta[] = []
  const instances = new Set<string>()
  return {
    add(delta, instance) {
      instances.add(instance)
      last.push(delta)
      while (last.length > WINDOW_FRAMES * instances.size) last.shift()
    },
    sum: (pick) => last.reduce((total, each) => total + pick(each), 0),
    quantiles(...of) {
      const histogram = last.flatMap((each) => pairs(each.histogram)).sort((a, b) => a[0] - b[0])
      return of.map((each) => quantileOf(histogram, each))
    },
  }
}

function pairs(flat: readonly number[]): readonly (readonly [number, number])[] {
  const all: (readonly [number, number])[] = []
  for (let i = 0; i + 1 < flat.length; i += 2) all.push([flat[i] ?? 0, flat[i + 1] ?? 0])
  return all
}

/** Calls `each` with the window of every requested SLI after each frame. */
export function recentOf(slis: readonly string[], each: (sli: string, window: Recent, at: number) => void) {
  const windows = new Map(slis.map((sli) => [sli, createRecent()]))
  return (delta: FrameDelta, at: number, instance: string): void => {
    for (const [sli, window] of windows) {
      const added = delta.slis.get(sli)
      if (added === undefined) continue
      window.add(added, instance)
      each(sli, window, at)
    }
  }
}
