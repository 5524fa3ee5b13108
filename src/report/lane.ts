/** A lane: one small fold over the evidence, which says by its keys what it takes, and the charts that it makes of it. */
import type { Evidence, EvidenceKind, EvidenceOf, RunStarted } from '../domain/evidence.ts'
import type { Instant } from '../domain/units.ts'
import type { Judgment } from '../domain/verdict.ts'
import type { FrameDelta } from '../judge/seen/frame-deltas.ts'
import type { Chart } from './chart.ts'
import type { Harm } from './harms.ts'

/** By kind of record; `at` is in seconds since the load's zero, and what was seen of the cluster before is at 0. */
export type Takes = { readonly [K in EvidenceKind]?: (record: EvidenceOf<K>, at: number) => void }

export type Lane = {
  readonly take?: Takes
  /** What one frame of one generator instance added. */
  readonly takeDelta?: (delta: FrameDelta, at: number, instance: string) => void
  charts(drawing: Drawing): readonly Chart[]
}
export type LaneOf = (started: RunStarted) => Lane

/** What every chart of a run shares. */
export type Drawing = {
  readonly started: RunStarted
  readonly zeroAt: Instant
  readonly seconds: number
  readonly phases: readonly {
    readonly name: string
    readonly from: number
    readonly rampEnd: number
    readonly to: number
  }[]
  readonly harms: readonly Harm[]
  readonly judgment: Judgment
}

/** Records of other kinds than the lane takes pass by. */
export function give<K extends EvidenceKind>(takes: Takes, kind: K, record: EvidenceOf<K>, at: number): void {
  takes[kind]?.(record, at)
}
export const giveAny = (takes: Takes, record: Evidence, at: number): void => give(takes, record.kind, record, at)
