/** One watched run: from its journal to the viewers, and from them to its controller. */
import { setTimeout as sleep } from 'node:timers/promises'
import { type Batch, followJournal } from '../journal/follow.ts'
import type { RunState } from '../report/live/fold.ts'
import { type Joined, joinControl } from './control.ts'
import { createFeed } from './feed.ts'
import { replayJournal } from './replay.ts'
import { type LiveServer, serveLive } from './server.ts'
import { createViewers } from './viewers.ts'

export type Watched = {
  readonly urls: LiveServer['urls']
  readonly state: RunState
  readonly viewers: number
  /** Resolves when all that there was to read is read: at once for a stored run, at its last record for one under way. */
  readonly over: Promise<void>
  close(): Promise<void>
}

export type WatchOptions = {
  /** Folder of the run. */
  readonly folder: string
  readonly journal: string
  readonly port: number
  /** Replays a stored run this many times as fast. */
  readonly speed?: number
}

const DRAW_MS = 1000
/** The last records of an ended controller are read within this time. */
const GRACE_MS = 500

export async function watchRun({ folder, journal, port, speed }: WatchOptions): Promise<Watched> {
  const ending = new AbortController()
  const feed = createFeed()
  const viewers = createViewers(feed)
  const joined = speed === undefined ? await joinControl(folder) : undefined
  let alive = joined !== undefined
  let drawnAt = Number.NEGATIVE_INFINITY
  let dirty = true

  const state = (): RunState => {
    if (feed.ended) return 'over'
    return alive || speed !== undefined ? 'running' : 'gone'
  }
  const draw = (): void => {
    if (!dirty) return
    dirty = false
    drawnAt = performance.now()
    feed.draw(state(), drawnAt)
    viewers.tell()
  }
  const take = ({ entries }: Batch): void => {
    if (entries.length === 0) return
    feed.add(entries)
    dirty = true
    viewers.tell()
  }

  void joined?.gone
    .then(() => sleep(GRACE_MS))
    .then(() => {
      alive = false
      dirty = true
    })
  const batches =
    speed === undefined ? followJournal(journal, ending.signal) : replayJournal(journal, speed, ending.signal)
  // What is there already is read before anybody is let in.
  for (let next = await batches.next(); !next.done; next = await batches.next()) {
    take(next.value)
    if (next.value.caughtUp) break
  }
  const reading = readOn(batches, take)
  const timer = setInterval(() => viewers.count > 0 && draw(), DRAW_MS)
  const server = await serveLive(
    {
      feed,
      viewers,
      arrived: () => {
        if (performance.now() - drawnAt > DRAW_MS / 2) draw()
      },
      ask: (request) =>
        joined?.ask(request) ?? Promise.resolve({ ok: false, problem: 'nobody runs this run any more' }),
      readsOnly: () => closedWords(state(), joined, speed),
    },
    port,
  )
  return {
    urls: server.urls,
    get state() {
      return state()
    },
    get viewers() {
      return viewers.count
    },
    over: reading,
    async close() {
      clearInterval(timer)
      ending.abort()
      await reading.catch(() => undefined)
      draw()
      joined?.leave()
      await server.close()
    },
  }
}

async function readOn(batches: AsyncIterable<Batch>, take: (batch: Batch) => void): Promise<void> {
  for await (const batch of batches) take(batch)
}

function closedWords(state: RunState, joined: Joined | undefined, speed: number | undefined): string | undefined {
  if (speed !== undefined) return 'This is a replay of a stored run: it only reads.'
  if (state === 'over') return 'The run is over: nothing more is written into its journal.'
  return joined === undefined || state === 'gone' ? 'Nobody runs this run any more.' : undefined
}
