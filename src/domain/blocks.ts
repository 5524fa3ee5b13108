/**
 * Blocks: short stretches of load on a warm target, one after the other or two at a time. A comparison of releases and a search for capacity both
 * consist of them. Each block has its own load generator, whose frames carry the block's name as their instance.
 */
import type { AskedLoad } from './capacity.ts'
import type { Histogram } from './histogram.ts'
import type { LoadPlan } from './timeline.ts'
import type { Instant, Millis } from './units.ts'

/** The load lasts `settleMs` + `measuredMs`. Only the second part counts: the first holds warm-up and what the block before left behind. */
export type BlockPlan = {
  /** Unique in its run. It becomes the instance of the block's frames and the name of its folder: lower-case letters, digits, hyphens. */
  readonly block: string
  /** What it measures, such as a side of a comparison (`a`) or a load (`1.5x`). */
  readonly of: string
  /** Blocks with the same number are compared with each other, from 1. */
  readonly pair?: number
  /** Only of a search for capacity. */
  readonly asked?: AskedLoad
  readonly settleMs: Millis
  readonly measuredMs: Millis
  readonly load: LoadPlan
}

export type BlockStarted = BlockPlan & {
  readonly kind: 'block-started'
  readonly at: Instant
  /** Time zero of the block's load. It is measured from `zeroAt + settleMs` on, for `measuredMs`. */
  readonly zeroAt: Instant
}

/** As `load-ended`, for one block. `problems` may be reasons why it proves nothing. */
export type BlockEnded = {
  readonly kind: 'block-ended'
  readonly at: Instant
  readonly block: string
  readonly outcome: 'completed' | 'stopped' | 'crashed'
  readonly problems: readonly string[]
}

/** The platform was waited for between blocks. `unrest` names what was still moving when the wait ended; empty: it was at rest. */
export type RestAwaited = {
  readonly kind: 'rest-awaited'
  readonly at: Instant
  readonly waitedMs: Millis
  readonly unrest: readonly string[]
}

/** What one SLI counted in a window. `histogram` holds the latencies of the good responses. */
export type WindowSums = {
  readonly good: number
  readonly bad: number
  readonly slow: number
  readonly overCeiling: number
  /** Arrivals that the generator dropped. */
  readonly dropped: number
  readonly histogram: Histogram
}

/** A block as the journal shows it. A void block proves nothing and is left out, with all other blocks of its pair. */
export type BlockResult = {
  readonly block: string
  readonly of: string
  readonly pair?: number
  readonly state: 'running' | 'measured' | 'void'
  /** Why it is void. */
  readonly reasons: readonly string[]
  /** The machine of the generator was full for most of the measured time. */
  readonly machineFull: boolean
  readonly fromAt: Instant
  readonly toAt: Instant
  readonly slis: Readonly<Record<string, WindowSums>>
}
