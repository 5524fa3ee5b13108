/** Makes a journal of any length from one of some minutes: the run's own seconds again and again, with counters that go on. */
import type {
  BookLine,
  Evidence,
  EvidenceOf,
  LoadFrame,
  OperationCounts,
  SliCounts,
} from '../../src/domain/evidence.ts'
import type { Timeline } from '../../src/domain/timeline.ts'
import { instant, isSome, millis, type Some } from '../../src/domain/units.ts'

/** Yields the journal `times` over: faults and objects as often, books once and as full as the load made them. */
export function* stretch(records: readonly Evidence[], times: number): Generator<Evidence> {
  const head = records.find((record) => record.kind === 'run-started')
  if (!head) throw new Error('a journal to stretch begins with run-started')
  const spanMs = head.timeline.totalMs
  const zeroAt = records.find((record) => record.kind === 'load-started')?.zeroAt ?? head.at
  const endAt = zeroAt + spanMs
  const ends = endsOf(records)
  yield { ...head, timeline: longer(head.timeline, times) }
  yield* records.filter((record) => record.at < zeroAt && record.kind !== 'run-started')
  for (let lap = 0; lap < times; lap++) {
    for (const record of records) {
      const repeats = record.at >= zeroAt && record.at < endAt && !isOnce(record)
      if (repeats && (lap === 0 || record.kind !== 'fault-step')) yield onLap(record, lap, spanMs, ends)
      else if (lap === 0 && record.kind === 'load-started' && record.at >= zeroAt) yield record
    }
  }
  for (const record of records) if (record.at >= endAt) yield afterwards(record, times, spanMs, ends)
}

const isOnce = ({ kind }: Evidence): boolean => kind === 'phase-started' || kind === 'load-started'

type Ends = {
  readonly frame: LoadFrame | undefined
  readonly samples: ReadonlyMap<string, ReadonlyMap<string, number>>
}
const seriesKey = ({ name, labels }: { name: string; labels: object }) => name + JSON.stringify(labels)

/** Where each counter stood at the end of one lap. */
function endsOf(records: readonly Evidence[]): Ends {
  const samples = new Map<string, Map<string, number>>()
  let frame: LoadFrame | undefined
  for (const record of records) {
    if (record.kind === 'load-frame') frame = record
    if (record.kind !== 'sample' || !record.ok) continue
    const ofPod = samples.get(record.pod) ?? new Map<string, number>()
    samples.set(record.pod, ofPod)
    for (const series of record.series) ofPod.set(seriesKey(series), series.value)
  }
  return { frame, samples }
}

function onLap(record: Evidence, lap: number, spanMs: number, ends: Ends): Evidence {
  const at = instant(record.at + lap * spanMs)
  if (record.kind === 'load-frame') return { ...frameOnLap(record, lap, ends.frame), at }
  if (record.kind === 'sample' && record.ok) {
    const before = ends.samples.get(record.pod)
    const series = record.series.map((each) => ({
      ...each,
      value: each.value + lap * (before?.get(seriesKey(each)) ?? 0),
    }))
    return { ...record, at, series }
  }
  return { ...record, at }
}

function frameOnLap(frame: LoadFrame, lap: number, end: LoadFrame | undefined): LoadFrame {
  const added = (value: number, last = 0) => value + lap * last
  const each = <T>(all: Readonly<Record<string, T>>, change: (name: string, value: T) => T) =>
    Object.fromEntries(Object.entries(all).map(([name, value]) => [name, change(name, value)]))
  return {
    ...frame,
    slis: each({ ...mapValues(end?.slis ?? {}, () => silent), ...frame.slis }, (name, sli): SliCounts => {
      const last = end?.slis[name]
      return {
        ...sli,
        good: added(sli.good, last?.good),
        bad: added(sli.bad, last?.bad),
        slow: added(sli.slow, last?.slow),
        overCeiling: added(sli.overCeiling, last?.overCeiling),
      }
    }),
    profiles: each(
      { ...mapValues(end?.profiles ?? {}, () => idle), ...frame.profiles },
      (name, { iterations, dropped }) => ({
        iterations: added(iterations, end?.profiles[name]?.iterations),
        dropped: added(dropped, end?.profiles[name]?.dropped),
      }),
    ),
    // The first frames of a run do not know every operation yet; those of a later lap do.
    operations: each({ ...mapValues(end?.operations ?? {}, () => none), ...frame.operations }, (name, counts) =>
      totalled(counts, end?.operations[name], lap),
    ),
    unknownKeys: lap === 0 ? frame.unknownKeys : [],
  }
}

const idle = { iterations: 0, dropped: 0 }
const silent: SliCounts = { good: 0, bad: 0, badBy: {}, slow: 0, overCeiling: 0, histogram: [] }
const none: OperationCounts = { acknowledged: 0, amountCents: 0, digestLow: 0, digestHigh: 0, refused: 0, unknown: 0 }
const mapValues = <T, R>(all: Readonly<Record<string, T>>, change: (value: T) => R): Record<string, R> =>
  Object.fromEntries(Object.entries(all).map(([name, value]) => [name, change(value)]))

const totalled = (now: OperationCounts, end: OperationCounts | undefined, lap: number): OperationCounts => ({
  acknowledged: now.acknowledged + lap * (end?.acknowledged ?? 0),
  amountCents: now.amountCents + lap * (end?.amountCents ?? 0),
  digestLow: now.digestLow + lap * (end?.digestLow ?? 0),
  digestHigh: now.digestHigh + lap * (end?.digestHigh ?? 0),
  refused: now.refused + lap * (end?.refused ?? 0),
  unknown: now.unknown,
})

function afterwards(record: Evidence, times: number, spanMs: number, ends: Ends): Evidence {
  const at = instant(record.at + (times - 1) * spanMs)
  if (record.kind === 'book-read') return { ...multiplied(record, times), at }
  if (record.kind === 'load-frame') return { ...frameOnLap(record, times - 1, ends.frame), at }
  return { ...record, at }
}

/** Sums only: the same keys again are not duplicates here, but stand for as many others. */
function multiplied(read: EvidenceOf<'book-read'>, times: number): EvidenceOf<'book-read'> {
  const more = <T extends { count: number; amountCents: number; low: number; high: number }>(sums: T): T => ({
    ...sums,
    count: sums.count * times,
    amountCents: sums.amountCents * times,
    low: sums.low * times,
    high: sums.high * times,
  })
  return {
    ...read,
    entries: read.entries.map((entry): BookLine => ({ ...more(entry), buckets: entry.buckets.map(more) })),
  }
}

function longer(timeline: Timeline, times: number): Timeline {
  const laps = Array.from({ length: times }, (_, lap) => lap)
  const shifted = (ms: number, lap: number) => millis(ms + lap * timeline.totalMs)
  const phases = laps.flatMap((lap) =>
    timeline.phases.map((phase) => ({
      ...phase,
      name: lap === 0 ? phase.name : `${phase.name} ${lap + 1}`,
      fromMs: shifted(phase.fromMs, lap),
      rampEndMs: shifted(phase.rampEndMs, lap),
      toMs: shifted(phase.toMs, lap),
    })),
  )
  const profiles = timeline.load.profiles.map((each) => ({ ...each, stages: some(laps.flatMap(() => each.stages)) }))
  return {
    ...timeline,
    totalMs: millis(timeline.totalMs * times),
    phases: some(phases),
    load: { ...timeline.load, profiles },
  }
}

function some<T>(list: readonly T[]): Some<T> {
  if (!isSome(list)) throw new Error('stretched over no time at all')
  return list
}
