/** A lane: a small fold over the evidence, whose keys name the records that it uses, and the charts that it makes of them. */
import type { Evidence, EvidenceKind, EvidenceOf, RunStarted } from '../domain/evidence.ts'
import type { Instant } from '../domain/units.ts'
import type { Judgment } from '../domain/verdict.ts'
import type { FrameDelta } from '../judge/seen/frame-deltas.ts'
import type { Chart } from './chart.ts'
import type { DrawnHarm } from './harms.ts'

/** By kind of record. `at` is in seconds since the load's zero; cluster state from before is at 0. */
export type Takes = { readonly [K in EvidenceKind]?: (record: EvidenceOf<K>, at: number) => void }

export type Lane = {
  readonly take?: Takes
  /** What one frame of one generator instance added. */
  readonly takeDelta?: (delta: FrameDelta, at: number, instance: string) => void
  charts(drawing: Drawing): readonly Chart[]
}
export type LaneOf = (started: RunStarted) => Lane

/** Common data of all charts of a run. */
export type Drawing = {
  readonly started: RunStarted
  readonly zeroAt: Instant
  /** Length of what was observed. */
  readonly seconds: number
  /** Length of the time axis: longer than what was observed while the run is under way. */
  readonly axis: number
  readonly phases: readonly {
    readonly name: string
    readonly from: number
    readonly rampEnd: number
    readonly to: number
  }[]
  readonly harms: readonly DrawnHarm[]
  readonly judgment: Judgment
}

/** Ignores records of kinds that the lane does not use. */
export function give<K extends EvidenceKind>(takes: Takes, kind: K, record: EvidenceOf<K>, at: number): void {
  takes[kind]?.(record, at)
}
export const giveAny = (takes: Takes, record: Evidence, at: number): void => give(takes, record.kind, record, at)
