/** Load frames carry counts since their instance started; judging needs what was new in each. */
import type { LoadFrame, OperationCounts, SliCounts } from '../../domain/evidence.ts'
import { partsIn, type Unions } from '../../domain/indicators.ts'

/** What one frame added for one SLI. `histogram` is flat (bound, count, bound, count, …) to stay small over an hour. */
export type SliDelta = {
  readonly good: number
  readonly bad: number
  readonly slow: number
  readonly overCeiling: number
  /** Arrivals of the load profiles of the same name (of its parts) that the generator dropped. */
  readonly dropped: number
  readonly histogram: readonly number[]
}

export type FrameDelta = {
  /** Its totals are less than those of the frame before. */
  readonly restarted: boolean
  readonly fromAt: number
  readonly at: number
  readonly slis: ReadonlyMap<string, SliDelta>
  readonly profiles: ReadonlyMap<string, { readonly iterations: number; readonly dropped: number }>
  readonly operations: ReadonlyMap<string, OperationCounts>
  readonly badBy: ReadonlyMap<string, Readonly<Record<string, number>>>
}

/** A counter that fell was reset by a restart: all that it shows is new. */
export const grownBy = (before: number | undefined, now: number): number =>
  before === undefined || now < before ? now : now - before

/** Frames are about a second apart; the first of an instance is taken to cover one. */
const FRAME_MS = 1000

/** `unions` is asked at each frame: the fold is made before the head of the journal is read. */
export function frameDeltas(unions: () => Unions): (frame: LoadFrame) => FrameDelta {
  const lastOf = new Map<string, LoadFrame>()
  return (frame) => {
    const before = lastOf.get(frame.instance)
    lastOf.set(frame.instance, frame)
    return {
      restarted: before !== undefined && iterationsOf(frame) < iterationsOf(before),
      fromAt: before?.at ?? frame.at - FRAME_MS,
      at: frame.at,
      slis: new Map(namesIn(unions(), frame).map((name) => [name, sliDelta(unions(), before, frame, name)])),
      profiles: mapped(frame.profiles, (name, now) => ({
        iterations: grownBy(before?.profiles[name]?.iterations, now.iterations),
        dropped: grownBy(before?.profiles[name]?.dropped, now.dropped),
      })),
      operations: mapped(frame.operations, (name, now) => operationDelta(before?.operations[name], now)),
      badBy: mapped(frame.slis, (name, now) =>
        Object.fromEntries(
          Object.entries(now.badBy).map(([reason, count]) => [
            reason,
            grownBy(before?.slis[name]?.badBy[reason], count),
          ]),
        ),
      ),
    }
  }
}

const iterationsOf = ({ profiles }: LoadFrame): number =>
  Object.values(profiles).reduce((sum, each) => sum + each.iterations, 0)

/** SLIs with samples, load profiles, and the unions that have no samples of their own. */
function namesIn(unions: Unions, frame: LoadFrame): readonly string[] {
  const plain = new Set([...Object.keys(frame.slis), ...Object.keys(frame.profiles)])
  const fed = Object.entries(unions).filter(([, parts]) => parts.some((part) => plain.has(part)))
  return [...new Set([...plain, ...fed.map(([name]) => name)])].sort()
}

function sliDelta(unions: Unions, before: LoadFrame | undefined, frame: LoadFrame, name: string): SliDelta {
  const parts = partsIn(unions, name)
  const dropped = parts.reduce(
    (sum, part) => sum + grownBy(before?.profiles[part]?.dropped, frame.profiles[part]?.dropped ?? 0),
    0,
  )
  const sampled = frame.slis[name] === undefined ? parts : [name]
  const deltas = sampled.map((part) => countsDelta(before?.slis[part], frame.slis[part]))
  const sum = (pick: (each: Counts) => number) => deltas.reduce((total, each) => total + pick(each), 0)
  return {
    good: sum((each) => each.good),
    bad: sum((each) => each.bad),
    slow: sum((each) => each.slow),
    overCeiling: sum((each) => each.overCeiling),
    dropped,
    histogram: deltas.flatMap((each) => each.histogram),
  }
}

type Counts = Omit<SliDelta, 'dropped'>

function countsDelta(was: SliCounts | undefined, now: SliCounts | undefined): Counts {
  if (now === undefined) return { good: 0, bad: 0, slow: 0, overCeiling: 0, histogram: [] }
  return {
    good: grownBy(was?.good, now.good),
    bad: grownBy(was?.bad, now.bad),
    slow: grownBy(was?.slow, now.slow),
    overCeiling: grownBy(was?.overCeiling, now.overCeiling),
    histogram: now.histogram.flat(),
  }
}

const operationDelta = (was: OperationCounts | undefined, now: OperationCounts): OperationCounts => ({
  acknowledged: grownBy(was?.acknowledged, now.acknowledged),
  amountCents: grownBy(was?.amountCents, now.amountCents),
  digestLow: grownBy(was?.digestLow, now.digestLow),
  digestHigh: grownBy(was?.digestHigh, now.digestHigh),
  refused: grownBy(was?.refused, now.refused),
  unknown: grownBy(was?.unknown, now.unknown),
})

const mapped = <T, R>(record: Readonly<Record<string, T>>, change: (name: string, value: T) => R): Map<string, R> =>
  new Map(Object.entries(record).map(([name, value]) => [name, change(name, value)]))
