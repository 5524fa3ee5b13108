/**
 * The pages that watch, each by one stream of server-sent events. A viewer that does not read costs nothing: nothing is written to it until it has
 * taken what it was given, and then it gets the events that it missed and the newest tables and charts. `id` is the number of the journal line up to
 * which it has seen everything, so that the browser resumes there by itself (`Last-Event-ID`).
 * Source: WHATWG HTML, 9.2 server-sent events.
 */
import type { ServerResponse } from 'node:http'
import type { Feed } from './feed.ts'

type Viewer = {
  readonly response: ServerResponse
  /** Journal line up to which events were sent. */
  seq: number
  panels: number
  figures: number
  /** When it stopped reading, in ms of `performance.now()`. */
  stalledAt?: number
}

export type Viewers = {
  /** `after`: the last journal line that the page has, 0 for a new one. */
  welcome(response: ServerResponse, after: number, hello: object): void
  /** Sends everybody what is new. */
  tell(): void
  readonly count: number
  bye(): void
}

export const VIEWERS_MAX = 64
/** A page that takes nothing for so long is cut off; it comes back by itself and resumes. */
const PATIENCE_MS = 30_000
const BEAT_MS = 15_000

const headers = {
  'Content-Type': 'text/event-stream',
  'Cache-Control': 'no-store',
  'X-Accel-Buffering': 'no',
} as const

export function createViewers(feed: Feed): Viewers {
  const all = new Set<Viewer>()

  const pump = (viewer: Viewer): void => {
    for (const message of messages(viewer, feed)) {
      if (viewer.response.write(message)) continue
      viewer.stalledAt = performance.now()
      return
    }
  }
  const beat = setInterval(() => {
    for (const { response, stalledAt } of all) {
      if (stalledAt === undefined) response.write(': still here\n\n')
      else if (performance.now() - stalledAt > PATIENCE_MS) response.destroy()
    }
  }, BEAT_MS)
  beat.unref()

  return {
    welcome(response, after, hello) {
      const viewer: Viewer = { response, seq: after, panels: 0, figures: 0 }
      all.add(viewer)
      response.on('close', () => all.delete(viewer))
      response.on('drain', () => {
        delete viewer.stalledAt
        if (all.has(viewer)) pump(viewer)
      })
      response.writeHead(200, headers)
      response.write(`retry: 1000\n${event('hello', JSON.stringify(hello))}`)
      pump(viewer)
    },
    tell() {
      for (const viewer of all) if (viewer.stalledAt === undefined) pump(viewer)
    },
    get count() {
      return all.size
    },
    bye() {
      clearInterval(beat)
      const last = [...all]
      all.clear()
      for (const { response } of last) response.end(event('bye', '{}'))
    },
  }
}

const event = (kind: string, json: string, id?: number): string =>
  `event: ${kind}\n${id === undefined ? '' : `id: ${id}\n`}data: ${json}\n\n`

/** One after the other, so that a viewer that stops reading is given no more than one of them. */
function* messages(viewer: Viewer, feed: Feed): Generator<string> {
  const lines = feed.linesAfter(viewer.seq)
  const last = lines.at(-1)
  if (last !== undefined) {
    viewer.seq = last.seq
    yield event('lines', `[${lines.map(({ json }) => json).join(',')}]`, last.seq)
  }
  const { version, json } = feed.panels
  if (version > viewer.panels) {
    viewer.panels = version
    yield event('panels', json, feed.seq)
  }
  const figures = feed.figuresAfter(viewer.figures)
  if (figures !== undefined) {
    viewer.figures = figures.version
    yield event('figures', figures.json)
  }
}
