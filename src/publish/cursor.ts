/** How far a run was published, by receiver: a file in its folder. It holds lines alone, never an address. */
import { readFileSync, renameSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { z } from 'zod'

const PROGRESS_FILE = 'published.json'
export const receivers = ['remoteWrite', 'grafana'] as const
export type ReceiverName = (typeof receivers)[number]

const shape = z.object({ format: z.literal(1), lines: z.partialRecord(z.enum(receivers), z.int().min(0)) })
type Lines = z.infer<typeof shape>['lines']

export type PublishCursor = {
  /** The last journal line that arrived; 0 at the beginning. */
  of(receiver: ReceiverName): number
  advance(receiver: ReceiverName, line: number): void
}

/** A file that cannot be read counts as the beginning: twice is better than never. */
export function openPublishCursor(folder: string): PublishCursor {
  const path = join(folder, PROGRESS_FILE)
  const lines: Lines = linesIn(path)
  return {
    of: (receiver) => lines[receiver] ?? 0,
    advance(receiver, line) {
      lines[receiver] = Math.max(lines[receiver] ?? 0, line)
      write(path, `${JSON.stringify({ format: 1, lines })}\n`)
    },
  }
}

function linesIn(path: string): Lines {
  try {
    return shape.parse(JSON.parse(readFileSync(path, 'utf8'))).lines
  } catch {
    return {}
  }
}

/** Replaced as a whole, and not flushed: where it is lost, samples are sent again with the same values and times. */
function write(path: string, text: string): void {
  try {
    writeFileSync(`${path}.new`, text)
    renameSync(`${path}.new`, path)
  } catch {
    // The run goes on, and so do the deliveries.
  }
}
