/**
 * Indicators that a Prometheus counts, from the scrapes of the target's sources. What counters grew by between two scrapes of an instance is one row, as a
 * frame of the load generator is. Everything that was not seen is kept beside the rows: stretches in which an instance was not read, and attempts
 * between its last scrape and its end.
 */
import type { EvidenceOf } from '../../domain/evidence.ts'
import type { PrometheusSli } from '../../domain/prometheus-sli.ts'
import type { Row } from './load-counts.ts'
import type { PodLife } from './pod-lives.ts'
import { type Cells, type Growth, grown, type Limits, readingOf } from './prometheus-cells.ts'

type Sample = EvidenceOf<'sample'>

export type PrometheusSlis = {
  want(name: string, sli: PrometheusSli, limits?: Limits): void
  add(sample: Sample, line: number): void
  /** Undefined for an indicator that no Prometheus counts. */
  of(name: string): SliSeen | undefined
}

export type SliSeen = {
  readonly sli: PrometheusSli
  /** Rows that overlap the load, in order of time. */
  readonly rows: readonly Row[]
  readonly holes: readonly ReadHole[]
  /** Estimate of the attempts of instances that ended or restarted, after their last scrape: their rate before, times that time. */
  readonly unseen: number
}

/** A stretch of the load in which an instance was not read, or the reading failed. */
export type ReadHole = {
  readonly pod: string
  readonly fromAt: number
  readonly toAt: number
  readonly problem: string
  readonly line: number
}

/** What the fold does not know itself. */
export type Surroundings = {
  /** The load's zero and, when it has ended, its end. */
  readonly fromAt: number | undefined
  readonly toAt: number | undefined
  readonly everyMs: number
  readonly lives: readonly PodLife[]
}

/** One scrape may fail: the next one holds what it would have shown. */
const LATE_INTERVALS = 2.5

/**
 * A sample has the time at which its scrape began, and its values may be read later. So a scrape that began right before the load may hold the load's
 * first attempts.
 */
const EDGE_MS = 1000

type Failure = { readonly at: number; readonly line: number; readonly problem: string }
type Instance = {
  readonly pod: string
  first?: { readonly at: number; readonly line: number; readonly cells: Cells; readonly namespace: string | undefined }
  last?: { readonly at: number; readonly line: number; readonly cells: Cells }
  /** Scraped without the metrics, before it first showed them: they had counted nothing. */
  emptyAt?: number
  readonly rows: Row[]
  readonly restarts: { readonly row: Row; readonly unseen: number }[]
  readonly failures: Failure[]
}
type Track = {
  readonly sli: PrometheusSli
  readonly limits: Limits | undefined
  readonly instances: Map<string, Instance>
  /** Metrics that some instance has shown. */
  readonly shown: Set<string>
}

export function createPrometheusSlis(around: () => Surroundings): PrometheusSlis {
  const tracks = new Map<string, Track>()
  return {
    want(name, sli, limits) {
      tracks.set(name, { sli, limits, instances: new Map(), shown: new Set() })
    },
    add(sample, line) {
      for (const track of tracks.values()) if (track.sli.of === sample.source) addTo(track, sample, line)
    },
    of(name) {
      const track = tracks.get(name)
      return track && seenOf(track, around())
    },
  }
}

function addTo(track: Track, sample: Sample, line: number): void {
  const instance = track.instances.get(sample.pod) ?? { pod: sample.pod, rows: [], restarts: [], failures: [] }
  track.instances.set(sample.pod, instance)
  const { at } = sample
  const reading = readingOf(sample, track.sli, track.limits)
  const fail = (problem: string): void => void instance.failures.push({ at, line, problem })
  switch (reading.is) {
    case 'failed':
      return fail(reading.problem)
    case 'absent':
      if (instance.first !== undefined) return fail('does not show the metrics any more')
      instance.emptyAt = at
      return
    case 'read': {
      const { cells, absent } = reading
      for (const { part } of cells.values()) track.shown.add(String(part))
      const before =
        instance.last ?? (instance.emptyAt === undefined ? undefined : { at: instance.emptyAt, cells: NONE })
      const growth = before && grown(before.cells, cells)
      if (isIncomplete(track, absent, growth, before?.cells)) return fail(`${absent.join(', ')} has no sample`)
      if (before && growth) addRow(track, instance, growth, { fromAt: before.at, at, line })
      instance.first ??= { at, line, cells, namespace: sample.ok ? sample.series[0]?.labels.namespace : undefined }
      instance.last = { at, line, cells }
    }
  }
}

const NONE: Cells = new Map()

/**
 * `good` may be missing beside `total` while an instance has not counted its first good attempt. So may `bad`: that some instance showed it at all
 * is checked at the end.
 */
function isIncomplete(
  { sli, shown }: Track,
  absent: readonly string[],
  growth: Growth | undefined,
  before: Cells | undefined,
): boolean {
  if (absent.length === 0) return false
  if (sli.kind === 'prometheus-buckets' || absent.includes(sli.total)) return true
  const rare = sli.kind === 'prometheus-ratio' ? 'good' : 'bad'
  if (rare === 'good' && !shown.has(rare)) return true
  const hadRare = [...(before?.values() ?? [])].some(({ part }) => part === rare)
  return hadRare && growth?.restarted !== true
}

type Span = Pick<Row, 'fromAt' | 'at' | 'line'>

function addRow({ sli, limits }: Track, instance: Instance, growth: Growth, span: Span): void {
  const row = rowOf(sli, limits, growth, span)
  if (growth.restarted) {
    const expected = rateOf(instance.rows) * (span.at - span.fromAt)
    instance.restarts.push({ row, unseen: Math.max(0, expected - attemptsOf(row)) })
  }
  instance.rows.push(row)
}

function rowOf(sli: PrometheusSli, limits: Limits | undefined, { by }: Growth, span: Span): Row {
  const base = { slow: 0, overCeiling: 0, dropped: 0, histogram: [], timeouts: 0, badBy: {}, ...span }
  if (sli.kind === 'prometheus-ratio') {
    const good = by.get('good') ?? 0
    // Below 0 while attempts that began before the row are counted as good in it. Sums over the load are not.
    return { ...base, good, bad: (by.get('total') ?? 0) - good }
  }
  if (sli.kind === 'prometheus-failures') {
    const bad = by.get('bad') ?? 0
    return { ...base, good: (by.get('total') ?? 0) - bad, bad }
  }
  const bounds = [...by].flatMap(([bound, count]) => (typeof bound === 'number' ? [[bound, count] as const] : []))
  const upTo = [...bounds].sort(([a], [b]) => a - b)
  const good = by.get(Number.POSITIVE_INFINITY) ?? 0
  const above = (limitMs: number | undefined): number => (limitMs === undefined ? 0 : good - (by.get(limitMs) ?? 0))
  const histogram = upTo.flatMap(([bound, count], index) => [bound, count - (upTo[index - 1]?.[1] ?? 0)])
  return { ...base, good, bad: 0, slow: above(limits?.targetMs), overCeiling: above(limits?.ceilingMs), histogram }
}

const attemptsOf = ({ good, bad }: Row): number => good + bad

/** Attempts per ms of the last rows: the higher of two, because traffic of an instance that ends may have gone before. */
const rateOf = (rows: readonly Row[]): number =>
  Math.max(0, ...rows.slice(-2).map((row) => attemptsOf(row) / Math.max(1, row.at - row.fromAt)))

function seenOf({ sli, limits, instances, shown }: Track, around: Surroundings): SliSeen {
  const { fromAt, toAt = Number.POSITIVE_INFINITY } = around
  if (fromAt === undefined) return { sli, rows: [], holes: [], unseen: 0 }
  const within = (each: { readonly fromAt: number; readonly toAt: number }) => each.toAt > fromAt && each.fromAt < toAt
  const inLoad = (row: Row) => within({ fromAt: row.fromAt, toAt: row.at + EDGE_MS })
  const each = [...instances.values()].map((instance) => lived(sli, limits, instance, { ...around, fromAt }))
  return {
    sli,
    rows: each.flatMap(({ rows }) => rows.filter(inLoad)).sort((a, b) => a.at - b.at || a.line - b.line),
    holes: [...each.flatMap(({ holes }) => holes.filter(within)), ...neverShown(sli, shown, [...instances.values()])],
    unseen: each.reduce((sum, { unseen }) => sum + unseen, 0),
  }
}

/** If no instance ever exposed a failure counter, either nothing failed or its selector is wrong. The two look the same. */
function neverShown(
  sli: PrometheusSli,
  shown: ReadonlySet<string>,
  instances: readonly Instance[],
): readonly ReadHole[] {
  if (sli.kind !== 'prometheus-failures' || shown.has('bad')) return []
  const problem = `no series of ${sli.bad} was seen in the whole run, so it is unknown whether it counts these failures; count good attempts instead, or expose the counter from the start with the value 0`
  return instances.flatMap(({ pod, first, last }) =>
    first && last ? [{ pod, fromAt: first.at, toAt: last.at, line: last.line, problem }] : [],
  )
}

type Lived = { readonly rows: readonly Row[]; readonly holes: readonly ReadHole[]; readonly unseen: number }
type Load = Surroundings & { readonly fromAt: number }

/** One instance from its birth to its end. */
function lived(sli: PrometheusSli, limits: Limits | undefined, instance: Instance, load: Load): Lived {
  const { first, last, pod, rows, restarts } = instance
  const lives = load.lives.filter(
    (life) => life.name === pod && (first?.namespace === undefined || life.namespace === first.namespace),
  )
  const failed = failures(instance, lives)
  if (first === undefined || last === undefined) return { rows: [], holes: failed, unseen: 0 }
  const birth = bornOf(sli, limits, instance, first, lives, load)
  const end = endOf(last, pod, lives, load)
  const lateMs = LATE_INTERVALS * load.everyMs
  const gaps = rows
    .filter((row) => row.at - row.fromAt > lateMs && !restedIn(lives, row, lateMs))
    .map(({ fromAt, at, line }): ReadHole => ({ pod, fromAt, toAt: at, line, problem: reasonIn(instance, fromAt, at) }))
  const restarted = restarts.filter(({ row }) => row.at > load.fromAt && row.fromAt < (load.toAt ?? row.at))
  return {
    rows: [...birth.rows, ...rows],
    holes: [...birth.holes, ...gaps, ...end.holes, ...failed],
    unseen: restarted.reduce((sum, { unseen }) => sum + unseen, 0) + rateOf([...birth.rows, ...rows]) * end.unseenMs,
  }
}

/** Why an instance has no reading between two moments, if a failed one says so. */
const reasonIn = ({ failures: all }: Instance, fromAt: number, toAt: number): string =>
  all.find(({ at }) => at > fromAt && at <= toAt)?.problem ?? 'it was not scraped'

/** A pod that has ended cannot be scraped. */
const isOver = (lives: readonly PodLife[], at: number): boolean =>
  lives.length > 0 && lives.every(({ bornAt, deletingAt, goneAt }) => bornAt > at || (deletingAt ?? goneAt ?? at) < at)

/** Whether no life of the pod went on through the row, but for a scrape that may be missing. */
const restedIn = (lives: readonly PodLife[], { fromAt, at }: Row, lateMs: number): boolean =>
  lives.length > 0 &&
  lives.every(({ bornAt, deletingAt, goneAt }) => {
    const ran = Math.min(at, deletingAt ?? goneAt ?? at) - Math.max(fromAt, bornAt)
    return ran <= lateMs && ran < at - fromAt
  })

/** An instance that was scraped and never showed the metrics does not count them. */
const failures = ({ pod, first, emptyAt, failures: all }: Instance, lives: readonly PodLife[]): readonly ReadHole[] =>
  first === undefined && emptyAt !== undefined
    ? []
    : all
        .filter(({ at }) => !isOver(lives, at))
        .map(({ at, line, problem }) => ({ pod, fromAt: at, toAt: at, line, problem }))

type First = NonNullable<Instance['first']>

/** What an instance had counted when it was first read is of the load only if it was born in the load. */
function bornOf(
  sli: PrometheusSli,
  limits: Limits | undefined,
  { pod, emptyAt }: Instance,
  { at, line, cells }: First,
  lives: readonly PodLife[],
  load: Load,
): { readonly rows: readonly Row[]; readonly holes: readonly ReadHole[] } {
  if (at <= load.fromAt || emptyAt !== undefined) return { rows: [], holes: [] }
  const bornAt = Math.max(...lives.filter((life) => life.bornAt <= at).map((life) => life.bornAt))
  if (bornAt >= load.fromAt)
    return { rows: [rowOf(sli, limits, grown(NONE, cells), { fromAt: bornAt, at, line })], holes: [] }
  const problem = 'it was first read after the load had begun, so that nobody knows what it had counted before'
  return { rows: [], holes: [{ pod, fromAt: load.fromAt, toAt: at, line, problem }] }
}

/** From the last reading to the end of the load, or to the end of the pod if that came first. */
function endOf(
  last: NonNullable<Instance['last']>,
  pod: string,
  lives: readonly PodLife[],
  { fromAt, toAt, everyMs }: Load,
): { readonly holes: readonly ReadHole[]; readonly unseenMs: number } {
  if (toAt === undefined) return { holes: [], unseenMs: 0 }
  const life = lives.filter(({ bornAt }) => bornAt <= last.at).at(-1)
  const ends = life && (life.endedAt ?? life.goneAt ?? (life.deletingAt === undefined ? undefined : toAt))
  const until = Math.min(toAt, ends ?? toAt)
  const isLong = until - last.at > LATE_INTERVALS * everyMs
  const hole = { pod, fromAt: last.at, toAt: until, line: last.line, problem: 'it was not scraped again' }
  if (ends === undefined || isLong) return { holes: [hole], unseenMs: 0 }
  return { holes: [], unseenMs: Math.max(0, until - Math.max(last.at, fromAt)) }
}
