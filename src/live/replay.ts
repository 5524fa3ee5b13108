/** A stored run shown again at a chosen speed, as if it happened now. */
import { setTimeout as sleep } from 'node:timers/promises'
import type { Batch } from '../journal/follow.ts'
import { readJournal } from '../journal/read.ts'

/** Nothing happens for longer than this in a run, except before the load and while books settle: nobody wants to wait for that again. */
const GAP_MAX_MS = 5_000
/** Records that are closer than this come as one batch. */
const BATCH_MS = 50

export async function* replayJournal(
  path: string,
  speed: number,
  signal: AbortSignal,
): AsyncGenerator<Batch, void, undefined> {
  let lastAt: number | undefined
  let dueMs = 0
  let entries: Batch['entries'][number][] = []
  for await (const entry of readJournal(path)) {
    if (signal.aborted) return
    const { at } = entry.record
    dueMs += Math.max(0, Math.min(GAP_MAX_MS, at - (lastAt ?? at))) / speed
    lastAt = Math.max(at, lastAt ?? at)
    if (dueMs >= BATCH_MS) {
      yield { entries, caughtUp: true }
      entries = []
      await sleep(dueMs, undefined, { signal }).catch(() => undefined)
      dueMs = 0
    }
    entries.push(entry)
  }
  yield { entries, caughtUp: true }
}
