/**
 * Fold over the times of records. Some records come at a steady rate: frames and health of each load generator, scrapes of each source and of each of
 * its pods. A pause in one of these streams means that records are missing. This fold keeps the pauses; `verdict/holes.ts` decides which are holes.
 */
import type { Evidence } from '../../domain/evidence.ts'

export type StreamKind = 'frames' | 'health' | 'source' | 'pod'

export type Pause = { readonly fromAt: number; readonly toAt: number; readonly line: number }

export type Stream = {
  readonly kind: StreamKind
  /** Instance of the load generator, or source. */
  readonly of: string
  /** Of a stream of one pod only. */
  readonly pod?: string
  readonly count: number
  readonly firstAt: number
  readonly lastAt: number
  readonly lastLine: number
  /** Median of the first intervals; undefined before the second record. */
  readonly medianMs: number | undefined
  /** Intervals longer than any healthy one at a rate of one per second; in order. */
  readonly pauses: readonly Pause[]
}

export type Streams = {
  add(record: Evidence, line: number): void
  readonly all: readonly Stream[]
  /** Moments with a record of any kind, one for each second that has one; in order of time. */
  readonly moments: readonly number[]
  /** Lines that repeat a record, or that are older than the line before them in the same stream. */
  readonly misplaced: {
    readonly count: number
    readonly lines: readonly number[]
    readonly kinds: readonly Evidence['kind'][]
  }
}

/** Shorter pauses are never holes: see `verdict/holes.ts`. */
export const PAUSE_MS = 5000
/** The rate of a stream is fixed for a run, so that its first intervals give the median. */
const INTERVALS_KEPT = 63
const LINES_KEPT = 20

type MutableStream = {
  readonly kind: StreamKind
  readonly of: string
  readonly pod?: string
  readonly intervals: number[]
  readonly pauses: Pause[]
  readonly firstAt: number
  lastAt: number
  lastLine: number
  count: number
}

export function createStreams(): Streams {
  const byKey = new Map<string, MutableStream>()
  const lastOf = new Map<string, Evidence>()
  const seconds = new Map<number, number>()
  const misplaced = { count: 0, lines: [] as number[], kinds: new Set<Evidence['kind']>() }

  const note = (kind: StreamKind, of: string, pod: string | undefined, at: number, line: number) => {
    const key = `${kind} ${of} ${pod ?? ''}`
    const known = byKey.get(key)
    if (known) return noteNext(known, at, line)
    const own = pod === undefined ? {} : { pod }
    byKey.set(key, { kind, of, ...own, intervals: [], pauses: [], firstAt: at, lastAt: at, lastLine: line, count: 1 })
  }

  return {
    add(record, line) {
      if (record.kind === 'evidence-lost' || record.kind === 'evidence-doubted') return
      if (isMisplaced(lastOf, record)) {
        misplaced.count += 1
        misplaced.kinds.add(record.kind)
        if (misplaced.lines.length < LINES_KEPT) misplaced.lines.push(line)
      }
      seconds.set(Math.floor(record.at / 1000), record.at)
      switch (record.kind) {
        case 'load-frame':
          return note('frames', record.instance, undefined, record.at, line)
        case 'generator-health':
          return note('health', record.instance, undefined, record.at, line)
        case 'sample':
          note('source', record.source, undefined, record.at, line)
          // No pod, no stream of a pod: nobody ran, or the pods could not be listed.
          return record.pod === '' ? undefined : note('pod', record.source, record.pod, record.at, line)
        default:
          return
      }
    },
    get all() {
      return [...byKey.values()].map(({ intervals, ...stream }) => ({ ...stream, medianMs: medianOf(intervals) }))
    },
    get moments() {
      return [...seconds.values()].sort((a, b) => a - b)
    },
    get misplaced() {
      return { ...misplaced, kinds: [...misplaced.kinds] }
    },
  }
}

function noteNext(stream: MutableStream, at: number, line: number): void {
  const interval = at - stream.lastAt
  stream.count += 1
  stream.lastLine = line
  if (interval < 0) return
  if (stream.intervals.length < INTERVALS_KEPT) stream.intervals.push(interval)
  if (interval > PAUSE_MS) stream.pauses.push({ fromAt: stream.lastAt, toAt: at, line })
  stream.lastAt = at
}

function medianOf(intervals: readonly number[]): number | undefined {
  return [...intervals].sort((a, b) => a - b)[intervals.length >> 1]
}

/** The controller stamps records as it writes them, so that in one stream they are in order and never equal. */
function isMisplaced(lastOf: Map<string, Evidence>, record: Evidence): boolean {
  const key = streamOf(record)
  const last = lastOf.get(key)
  if (last !== undefined && record.at < last.at) return true
  lastOf.set(key, record)
  return last !== undefined && last.at === record.at && JSON.stringify(last) === JSON.stringify(record)
}

function streamOf(record: Evidence): string {
  switch (record.kind) {
    case 'load-frame':
    case 'generator-health':
    case 'load-started':
    case 'load-ended':
      return `${record.kind} ${record.instance}`
    case 'sample':
      return `sample ${record.source} ${record.pod}`
    case 'object-seen':
      return `object ${record.object.resource} ${record.object.uid}`
    case 'objects-listed':
      return `listed ${record.resource} ${record.namespace}`
    case 'book-read':
      return `book ${record.book}`
    case 'receipts-told':
      return `receipts ${record.stream} ${record.part} ${record.receiver}`
    case 'deliveries-read':
      return `deliveries ${record.stream}`
    case 'keys-read':
      return `keys ${record.book} ${record.operation}`
    case 'fault-step':
      return `fault ${record.fault}`
    case 'action-step':
      return `action ${record.action}`
    case 'undo-written':
    case 'undo-done':
      return `${record.kind} ${record.id}`
    case 'residue':
      return `residue ${record.when}`
    case 'alerts-read':
    case 'run-started':
    case 'session-started':
    case 'block-started':
    case 'block-ended':
    case 'rest-awaited':
    case 'note':
    case 'decision':
    case 'phase-started':
    case 'guardrail-tripped':
    case 'stop-requested':
    case 'run-ended':
    case 'evidence-lost':
    case 'evidence-doubted':
      return record.kind
  }
}
