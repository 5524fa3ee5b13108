/**
 * Counts of the load in windows of time: phases of a run, steps of a release, blocks of a comparison, or the share of one release. A frame belongs to
 * each window that holds its middle, so that windows are as exact as frames are long (a second).
 */
import type { WindowSums } from '../../domain/blocks.ts'
import type { LoadFrame } from '../../domain/evidence.ts'
import { mergedHistogram } from '../../domain/histogram.ts'
import type { Unions } from '../../domain/indicators.ts'
import type { SparseHistogram } from '../../domain/statistics.ts'
import { frameDeltas, type SliDelta } from './frame-deltas.ts'

export type WindowKind = 'phase' | 'step' | 'block' | 'release'

/** `fromAt` belongs to it, `toAt` does not. With `instance`, only the frames of that load generator count. */
export type EvidenceWindow = {
  readonly kind: WindowKind
  readonly name: string
  readonly fromAt: number
  readonly toAt: number
  readonly instance?: string
}

export type Windows = {
  /** Opens a window before its first frame comes. A second one with the same kind and name replaces the first. */
  open(window: EvidenceWindow): void
  add(frame: LoadFrame): void
  /** By SLI; empty where the window is unknown or no frame fell into it. */
  sums(kind: WindowKind, name: string): ReadonlyMap<string, WindowSums>
  /** Frames that fell into the window. */
  frames(kind: WindowKind, name: string): number
}

type Open = { readonly window: EvidenceWindow; readonly sums: Map<string, MutableSums>; frames: number }
type MutableSums = {
  good: number
  bad: number
  slow: number
  overCeiling: number
  dropped: number
  buckets: Map<number, number>
}

export function createWindows(unions: () => Unions): Windows {
  const deltaOf = frameDeltas(unions)
  const all = new Map<string, Open>()
  const keyOf = (kind: WindowKind, name: string) => `${kind} ${name}`
  return {
    open(window) {
      all.set(keyOf(window.kind, window.name), { window, sums: new Map(), frames: 0 })
    },
    add(frame) {
      // Counts are cumulative: every frame must be seen, also where no window is open.
      const { fromAt, at, slis } = deltaOf(frame)
      const middle = (fromAt + at) / 2
      for (const open of all.values()) {
        const { window } = open
        if (window.instance !== undefined && window.instance !== frame.instance) continue
        if (middle < window.fromAt || middle >= window.toAt) continue
        open.frames += 1
        for (const [sli, delta] of slis) addTo(open.sums, sli, delta)
      }
    },
    sums: (kind, name) =>
      new Map([...(all.get(keyOf(kind, name))?.sums ?? [])].map(([sli, sums]) => [sli, settled(sums)])),
    frames: (kind, name) => all.get(keyOf(kind, name))?.frames ?? 0,
  }
}

function addTo(all: Map<string, MutableSums>, sli: string, delta: SliDelta): void {
  const sums = all.get(sli) ?? { good: 0, bad: 0, slow: 0, overCeiling: 0, dropped: 0, buckets: new Map() }
  all.set(sli, sums)
  sums.good += delta.good
  sums.bad += delta.bad
  sums.slow += delta.slow
  sums.overCeiling += delta.overCeiling
  sums.dropped += delta.dropped
  for (let i = 0; i + 1 < delta.histogram.length; i += 2) {
    const bound = delta.histogram[i] ?? 0
    sums.buckets.set(bound, (sums.buckets.get(bound) ?? 0) + (delta.histogram[i + 1] ?? 0))
  }
}

const settled = ({ buckets, ...counts }: MutableSums): WindowSums => ({
  ...counts,
  histogram: [...buckets].sort(([a], [b]) => a - b),
})

/** Several windows as one, such as all blocks of a release. */
export function mergedSums(parts: readonly WindowSums[]): WindowSums {
  const sum = (pick: (part: WindowSums) => number) => parts.reduce((total, part) => total + pick(part), 0)
  const histogram: SparseHistogram = mergedHistogram(parts.map((part) => part.histogram))
  return {
    good: sum((part) => part.good),
    bad: sum((part) => part.bad),
    slow: sum((part) => part.slow),
    overCeiling: sum((part) => part.overCeiling),
    dropped: sum((part) => part.dropped),
    histogram,
  }
}
