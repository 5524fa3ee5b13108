/** Load frames carry counts since their instance started; judging needs what was new in each. */
import type { LoadFrame, OperationCounts } from '../domain/evidence.ts'

/** What one frame added for one SLI. `histogram` is flat (bound, count, bound, count, …) to stay small over an hour. */
export type SliDelta = {
  readonly good: number
  readonly bad: number
  readonly slow: number
  readonly overCeiling: number
  /** Arrivals of the load profile of the same name that the generator dropped. */
  readonly dropped: number
  readonly histogram: readonly number[]
}

export type FrameDelta = {
  readonly fromAt: number
  readonly at: number
  readonly slis: ReadonlyMap<string, SliDelta>
  readonly profiles: ReadonlyMap<string, { readonly iterations: number; readonly dropped: number }>
  readonly operations: ReadonlyMap<string, OperationCounts>
  readonly badBy: ReadonlyMap<string, Readonly<Record<string, number>>>
}

/** A counter that went down was started anew: all it shows is new. */
export const grownBy = (before: number | undefined, now: number): number =>
  before === undefined || now < before ? now : now - before

/** Frames are about a second apart; the first of an instance is taken to cover one. */
const FRAME_MS = 1000

export function frameDeltas(): (frame: LoadFrame) => FrameDelta {
  const lastOf = new Map<string, LoadFrame>()
  return (frame) => {
    const before = lastOf.get(frame.instance)
    lastOf.set(frame.instance, frame)
    const names = new Set([...Object.keys(frame.slis), ...Object.keys(frame.profiles)])
    return {
      fromAt: before?.at ?? frame.at - FRAME_MS,
      at: frame.at,
      slis: new Map([...names].sort().map((name) => [name, sliDelta(before, frame, name)])),
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

function sliDelta(before: LoadFrame | undefined, frame: LoadFrame, name: string): SliDelta {
  const now = frame.slis[name]
  const was = before?.slis[name]
  const dropped = grownBy(before?.profiles[name]?.dropped, frame.profiles[name]?.dropped ?? 0)
  if (now === undefined) return { good: 0, bad: 0, slow: 0, overCeiling: 0, dropped, histogram: [] }
  return {
    good: grownBy(was?.good, now.good),
    bad: grownBy(was?.bad, now.bad),
    slow: grownBy(was?.slow, now.slow),
    overCeiling: grownBy(was?.overCeiling, now.overCeiling),
    dropped,
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

/**
 * SLIs that make up `sli`: itself where it has samples of its own; `api` otherwise stands for all requests, which are the SLIs
 * named as the load's profiles.
 */
export function membersOf(
  sli: string,
  hasSamples: (name: string) => boolean,
  profiles: readonly string[],
): readonly string[] {
  return sli === 'api' && !hasSamples(sli) ? profiles : [sli]
}
