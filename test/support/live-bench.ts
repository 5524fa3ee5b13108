/** A run under way without a cluster: a real journal, a real control socket and a real live server; the records are those of the stock run. */
import { join } from 'node:path'
import { onTestFinished } from 'vitest'
import type { Evidence } from '../../src/domain/evidence.ts'
import { type Instant, instant } from '../../src/domain/units.ts'
import { type Journal, openJournal } from '../../src/journal/journal.ts'
import { openControl } from '../../src/live/control.ts'
import type { Request } from '../../src/live/requests.ts'
import { type Watched, type WatchOptions, watchRun } from '../../src/live/watch-run.ts'
import { evidence } from './evidence.ts'
import { tempFolder } from './temp-folder.ts'

export type RunBench = {
  readonly folder: string
  readonly journal: Journal
  /** What people asked of the controller, in order. */
  readonly asked: Request[]
  /** Appends the stock run's records until this many seconds of it. */
  until(seconds: number): void
  append(record: Evidence): void
  lastAt(): Instant
  watch(more?: Partial<WatchOptions>): Promise<Watched>
  /** The controller is gone without its last record. */
  die(): void
}

export async function runBench(records: readonly Evidence[] = evidence()): Promise<RunBench> {
  const folder = tempFolder()
  const path = join(folder, 'journal.ndjson')
  const journal = await openJournal(path)
  const control = await openControl(folder)
  const asked: Request[] = []
  const zero = zeroOf(records)
  let next = 0
  let lastAt: Instant = instant(zero)
  const append = (record: Evidence): void => {
    lastAt = record.at
    journal.append(record)
  }
  control.attend((request) => {
    asked.push(request)
    append({ ...request, at: lastAt })
  })
  let closed = false
  const die = (): void => {
    if (!closed) control.close()
    closed = true
  }
  onTestFinished(async () => {
    die()
    await journal.close()
  })
  return {
    folder,
    journal,
    asked,
    append,
    lastAt: () => lastAt,
    until(seconds) {
      for (; next < records.length; next++) {
        const record = records[next]
        if (record === undefined || record.at > zero + seconds * 1000) return
        append(record)
      }
    },
    async watch(more = {}) {
      const watched = await watchRun({ folder, journal: path, port: 0, ...more })
      onTestFinished(() => watched.close())
      return watched
    },
    die,
  }
}

function zeroOf(records: readonly Evidence[]): number {
  const started = records.find((each) => each.kind === 'load-started')
  return started?.kind === 'load-started' ? started.zeroAt : 0
}
