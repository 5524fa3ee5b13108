/** Fold over load frames: a row of counts per frame and SLI (some hundred bytes a second), and the totals that decide. */
import type { LoadFrame, OperationCounts } from '../../domain/evidence.ts'
import { partsIn, type Unions } from '../../domain/indicators.ts'
import type { Increment } from './counters.ts'
import { type FrameDelta, frameDeltas, type SliDelta } from './frame-deltas.ts'
import { createSocketCounts, type SocketRow } from './socket-counts.ts'

/** What one frame added, over the span of time that it covers. */
export type Row = SliDelta & {
  /** Bad attempts for which the client gave up waiting. */
  readonly timeouts: number
  /** Bad attempts by the scenario's reasons (`http-429`), those of all parts of a union. */
  readonly badBy: Readonly<Record<string, number>>
  readonly fromAt: number
  readonly at: number
  readonly line: number
}
export type LagRow = {
  readonly instance: string
  readonly fromAt: number
  readonly at: number
  readonly p95Ms: number
  readonly line: number
}
export type ProfileTotals = { readonly iterations: number; readonly dropped: number }

export type LoadCounts = {
  add(frame: LoadFrame, line: number): void
  /** Rows of an SLI in order of time. */
  rows(sli: string): readonly Row[]
  hasSamples(sli: string): boolean
  readonly badBy: ReadonlyMap<string, ReadonlyMap<string, number>>
  readonly profiles: ReadonlyMap<string, ProfileTotals>
  readonly operations: ReadonlyMap<string, OperationCounts>
  /** What clients saw acknowledged, frame by frame. */
  readonly acknowledged: ReadonlyMap<string, readonly Increment[]>
  readonly unknownKeys: ReadonlyMap<string, readonly string[]>
  readonly lags: readonly LagRow[]
  readonly sockets: readonly SocketRow[]
  /** Lines of frames whose totals fell: the generator restarted its counters, and its counts since the frame before are lost. */
  readonly restarts: readonly number[]
  readonly frames: {
    readonly count: number
    readonly firstAt?: number
    readonly lastAt?: number
    readonly lastLine?: number
  }
}

/** `elsewhere`: rows of an indicator that is not counted by the load generator. */
export function createLoadCounts(
  unions: () => Unions,
  elsewhere: (sli: string) => readonly Row[] | undefined = () => undefined,
): LoadCounts {
  const deltaOf = frameDeltas(unions)
  const rows = new Map<string, Row[]>()
  const sampled = new Set<string>()
  const badBy = new Map<string, Map<string, number>>()
  const profiles = new Map<string, ProfileTotals>()
  const operations = new Map<string, OperationCounts>()
  const acknowledged = new Map<string, Increment[]>()
  const unknownKeys = new Map<string, string[]>()
  const lags: LagRow[] = []
  const sockets = createSocketCounts()
  const restarts: number[] = []
  let frames: LoadCounts['frames'] = { count: 0 }

  const addRows = (delta: FrameDelta, line: number) => {
    for (const [name, sli] of delta.slis) {
      const list = rows.get(name) ?? []
      if (list.length === 0) rows.set(name, list)
      const reasons = reasonsOf(unions(), delta, name)
      list.push({ ...sli, timeouts: reasons.timeout ?? 0, badBy: reasons, fromAt: delta.fromAt, at: delta.at, line })
    }
  }
  const addTotals = (frame: LoadFrame, delta: FrameDelta, line: number) => {
    for (const name of Object.keys(frame.slis)) sampled.add(name)
    for (const [name, now] of delta.profiles) profiles.set(name, summed(profiles.get(name) ?? noArrivals, now))
    for (const [name, now] of delta.operations) {
      operations.set(name, summed(operations.get(name) ?? noOperations, now))
      if (now.acknowledged === 0) continue
      const list = acknowledged.get(name) ?? []
      if (list.length === 0) acknowledged.set(name, list)
      const { fromAt, at } = delta
      list.push({ pod: frame.instance, fromAt, toAt: at, count: now.acknowledged, line })
    }
    for (const [name, reasons] of delta.badBy) {
      const known = badBy.get(name) ?? new Map<string, number>()
      badBy.set(name, known)
      for (const [reason, count] of Object.entries(reasons)) known.set(reason, (known.get(reason) ?? 0) + count)
    }
    for (const { operation, key } of frame.unknownKeys) {
      const known = unknownKeys.get(operation)
      if (known) known.push(key)
      else unknownKeys.set(operation, [key])
    }
  }

  return {
    add(frame, line) {
      const delta = deltaOf(frame)
      if (delta.restarted) restarts.push(line)
      addRows(delta, line)
      addTotals(frame, delta, line)
      sockets.add(frame, line)
      if (frame.loopLag && frame.loopLag.count > 0) {
        lags.push({ instance: frame.instance, fromAt: delta.fromAt, at: delta.at, p95Ms: frame.loopLag.p95Ms, line })
      }
      frames = {
        count: frames.count + 1,
        firstAt: Math.min(frames.firstAt ?? frame.at, frame.at),
        lastAt: Math.max(frames.lastAt ?? frame.at, frame.at),
        lastLine: Math.max(frames.lastLine ?? line, line),
      }
    },
    rows: (sli) => elsewhere(sli) ?? inOrder(rows.get(sli) ?? []),
    hasSamples: (sli) => sampled.has(sli),
    badBy,
    profiles,
    operations,
    acknowledged,
    unknownKeys,
    lags,
    sockets: sockets.rows,
    restarts,
    get frames() {
      return frames
    },
  }
}

/** Reasons are the scenario's; `timeout` is the stock one. Most frames have none, and share one empty object. */
function reasonsOf(unions: Unions, { badBy }: FrameDelta, name: string): Readonly<Record<string, number>> {
  const parts = badBy.has(name) ? [name] : partsIn(unions, name)
  const counted = parts.flatMap((part) => Object.entries(badBy.get(part) ?? {}).filter(([, count]) => count > 0))
  if (counted.length === 0) return noReasons
  const sums: Record<string, number> = {}
  for (const [reason, count] of counted) sums[reason] = (sums[reason] ?? 0) + count
  return sums
}

const noReasons: Readonly<Record<string, number>> = {}
const noArrivals: ProfileTotals = { iterations: 0, dropped: 0 }
export const noOperations: OperationCounts = {
  acknowledged: 0,
  amountCents: 0,
  digestLow: 0,
  digestHigh: 0,
  refused: 0,
  unknown: 0,
}

/** Field by field: all fields of these are counts. */
function summed<T extends Readonly<Record<string, number>>>(a: T, b: T): T {
  return Object.fromEntries(Object.entries(a).map(([field, value]) => [field, value + (b[field] ?? 0)])) as T
}

/** Rows come in order but where several instances send them; then their lines decide between equals. */
function inOrder(rows: Row[]): readonly Row[] {
  const sorted = rows.every((row, index) => index === 0 || (rows[index - 1]?.at ?? 0) <= row.at)
  return sorted ? rows : rows.sort((a, b) => a.at - b.at || a.line - b.line)
}
