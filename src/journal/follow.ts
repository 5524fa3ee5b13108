/**
 * Following a journal that another process still writes, without asking that process: the file is read as it grows. A last line without its end is
 * waited for, because its writer may be in the middle of it.
 */
import { type FileHandle, open } from 'node:fs/promises'
import { setTimeout as sleep } from 'node:timers/promises'
import { because } from './journal-error.ts'
import { createLines, type JournalEntry, unreadable } from './lines.ts'

/** How often the file is looked at. An event must be on the screen within half a second of its record. */
const LOOK_MS = 100
const CHUNK_BYTES = 1 << 18

/**
 * Batches of records in order, each as large as what was there to read; after the signal aborts it ends with what is there then. `caughtUp` is false while the records are read
 * that were there at the beginning.
 */
export async function* followJournal(path: string, signal: AbortSignal): AsyncGenerator<Batch, void, undefined> {
  const lines = createLines(path)
  const file = await opened(path)
  let position = 0
  let current = false
  let rest: Buffer = Buffer.alloc(0)
  const chunk = Buffer.alloc(CHUNK_BYTES)
  try {
    for (;;) {
      // Read once more after the abort: what was written until then is shown.
      const last = signal.aborted
      const { bytesRead } = await file.read(chunk, 0, chunk.length, position)
      position += bytesRead
      const { whole, after } = cut(Buffer.concat([rest, chunk.subarray(0, bytesRead)]))
      rest = after
      const caughtUp = bytesRead < chunk.length
      if (whole.length > 0 || caughtUp !== current)
        yield { entries: whole.flatMap((line) => lines.take(line)), caughtUp: caughtUp || current }
      current ||= caughtUp
      if (!caughtUp) continue
      if (last) return
      await sleep(LOOK_MS, undefined, { signal }).catch(() => undefined)
      // `heal` cuts off the torn last line of a killed writer before it appends.
      const { size } = await file.stat()
      if (size >= position) continue
      position -= rest.length
      rest = Buffer.alloc(0)
    }
  } finally {
    await file.close()
  }
}

export type Batch = { readonly entries: readonly JournalEntry[]; readonly caughtUp: boolean }

async function opened(path: string): Promise<FileHandle> {
  try {
    return await open(path, 'r')
  } catch (error) {
    throw unreadable('journal-unreadable', `the journal ${path} could not be read: ${because(error)}`, error)
  }
}

/** Whole lines without their ends, and what stands after the last line end. The rest is copied, because the chunk is used again. */
function cut(bytes: Buffer): { readonly whole: readonly Buffer[]; readonly after: Buffer } {
  const whole: Buffer[] = []
  let start = 0
  for (let end = bytes.indexOf(10); end >= 0; end = bytes.indexOf(10, start)) {
    whole.push(bytes.subarray(start, end))
    start = end + 1
  }
  return { whole, after: Buffer.from(bytes.subarray(start)) }
}
