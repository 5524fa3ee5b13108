/** Fold over the sockets of load frames: how many are open over all instances, and who came and fell in each frame. */
import type { LoadFrame } from '../../domain/evidence.ts'
import { grownBy } from './frame-deltas.ts'

export type SocketRow = {
  readonly fromAt: number
  readonly at: number
  readonly open: number
  readonly connected: number
  readonly failed: number
  readonly dropped: number
  /** Of the dropped: those that ended without a close frame. All of them, if the frame does not say. */
  readonly fallen: number
  readonly kept: number
  readonly moved: number
  readonly line: number
}

export type SocketCounts = { add(frame: LoadFrame, line: number): void; readonly rows: readonly SocketRow[] }

const FRAME_MS = 1000

export function createSocketCounts(): SocketCounts {
  const lastOf = new Map<string, { readonly at: number; readonly sockets: NonNullable<LoadFrame['sockets']> }>()
  const rows: SocketRow[] = []
  return {
    add({ at, instance, sockets }, line) {
      if (!sockets) return
      const before = lastOf.get(instance)
      const dropped = grownBy(before?.sockets.dropped, sockets.dropped)
      lastOf.set(instance, { at, sockets })
      rows.push({
        fromAt: before?.at ?? at - FRAME_MS,
        at,
        open: [...lastOf.values()].reduce((sum, each) => sum + each.sockets.open, 0),
        connected: grownBy(before?.sockets.connected, sockets.connected),
        failed: grownBy(before?.sockets.failed, sockets.failed),
        dropped,
        fallen: Math.max(0, dropped - grownBy(before?.sockets.sentAway, sockets.sentAway ?? 0)),
        kept: grownBy(before?.sockets.kept, sockets.kept ?? 0),
        moved: grownBy(before?.sockets.moved, sockets.moved ?? 0),
        line,
      })
    },
    rows,
  }
}
