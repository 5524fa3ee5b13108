/**
 * Gauges of the platform, from scrapes: what the pods of a source show together, or who showed 1 and when. A pod that is no longer
 * scraped drops out, because its last word would else be counted for ever.
 */
import type { EvidenceOf } from '../../domain/evidence.ts'
import type { Wanted } from './counters.ts'
import { matching } from './counters.ts'
import type { Step } from './steps.ts'

type Sample = EvidenceOf<'sample'>

/** While `teller` showed `holder` at 1 or more, from the first scrape that said so to the last in a row. */
export type HolderSpan = {
  readonly holder: string
  readonly teller: string
  readonly fromAt: number
  readonly toAt: number
  readonly line: number
  readonly lastLine: number
}

/** A value, from the scrape that first showed it to the last one in a row that did. */
export type Level = Step & { readonly until: number }

export type Gauges = {
  want(wanted: Wanted): void
  add(sample: Sample, line: number): void
  /** One value of the pods that were scraped lately: their sum, or the greatest. Empty when the gauge was never seen. */
  levels(id: string): readonly Level[]
  /** Scrapes that gave a reading, and scrapes that failed or gave a value that is no finite number. */
  scrapes(id: string): { readonly read: number; readonly unread: number }
  spans(id: string): { readonly spans: readonly HolderSpan[]; readonly scrapes: number }
}

/** What a rule asks for is scraped every second, and one scrape may fail; what is scraped more rarely is fresh for as much longer. */
const FRESH_MS = 2500
const INTERVALS = 2.5

type Track = {
  readonly wanted: Wanted
  readonly values: Map<string, { readonly at: number; readonly value: number; readonly freshUntil: number }>
  readonly levels: { at: number; value: number; line: number; until: number }[]
  readonly spans: HolderSpan[]
  readonly open: Map<string, HolderSpan>
  scrapes: number
  unread: number
}

export function createGauges(): Gauges {
  const tracks = new Map<string, Track>()
  return {
    want(wanted) {
      tracks.set(wanted.id, {
        wanted,
        values: new Map(),
        levels: [],
        spans: [],
        open: new Map(),
        scrapes: 0,
        unread: 0,
      })
    },
    add(sample, line) {
      for (const track of tracks.values()) {
        if (track.wanted.source === undefined || track.wanted.source === sample.source) addTo(track, sample, line)
      }
    },
    levels: (id) => tracks.get(id)?.levels ?? [],
    scrapes: (id) => ({ read: tracks.get(id)?.scrapes ?? 0, unread: tracks.get(id)?.unread ?? 0 }),
    spans: (id) => {
      const track = tracks.get(id)
      return { spans: [...(track?.spans ?? []), ...(track?.open.values() ?? [])], scrapes: track?.scrapes ?? 0 }
    },
  }
}

function addTo(track: Track, sample: Sample, line: number): void {
  const pod = `${sample.source}/${sample.pod}`
  const series = sample.ok ? matching(sample.series, track.wanted) : []
  const isRead = sample.ok && series.every(({ value }) => Number.isFinite(value))
  if (!isRead || isUnread(sample, track.wanted.metric)) {
    track.unread++
    track.values.delete(pod)
    // Nobody knows what it would have shown: a new span begins when it shows itself again.
    close(track, (span) => span.teller === sample.pod)
    return
  }
  if (series.length === 0) return
  track.scrapes++
  const intervalMs = sample.at - (track.values.get(pod)?.at ?? sample.at)
  const freshUntil = sample.at + Math.max(FRESH_MS, intervalMs * INTERVALS)
  track.values.set(pod, { at: sample.at, value: series.reduce((sum, each) => sum + each.value, 0), freshUntil })
  for (const [name, { freshUntil }] of track.values) if (freshUntil < sample.at) track.values.delete(name)
  noteLevel(track, sample.at, line, freshUntil - sample.at)
  for (const each of series) noteHolder(track, each.labels.pod ?? sample.pod, sample.pod, each.value, sample.at, line)
}

/** After a pause nobody knows what the value was meanwhile, so that the same value is a new level. */
function noteLevel(track: Track, at: number, line: number, pauseMs: number): void {
  const value = together(track)
  const last = track.levels.at(-1)
  if (last?.value === value && at - last.until <= pauseMs) last.until = at
  else track.levels.push({ at, value, line, until: at })
}

const isUnread = (sample: Sample, metric: string): boolean =>
  sample.ok && sample.unread?.some((each) => each.metric === metric) === true

function together({ wanted, values }: Track): number {
  const all = [...values.values()].map(({ value }) => value)
  return wanted.pods === 'max' ? Math.max(...all) : all.reduce((sum, value) => sum + value, 0)
}

function noteHolder(track: Track, holder: string, teller: string, value: number, at: number, line: number): void {
  const key = `${teller} of ${holder}`
  if (value < 1) return close(track, (span) => span.holder === holder && span.teller === teller)
  const open = track.open.get(key)
  const span = open
    ? { ...open, toAt: at, lastLine: line }
    : { holder, teller, fromAt: at, toAt: at, line, lastLine: line }
  track.open.set(key, span)
}

function close(track: Track, isIt: (span: HolderSpan) => boolean): void {
  for (const [key, span] of track.open) {
    if (!isIt(span)) continue
    track.spans.push(span)
    track.open.delete(key)
  }
}
