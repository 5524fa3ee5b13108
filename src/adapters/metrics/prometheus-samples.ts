/**
 * Sources that a Prometheus scrapes. Each call reads the raw samples since the last one, at the times when Prometheus took them, as one `Sample` for
 * each scrape of each instance. A sample that is missing or not a number is a failed reading with its reason.
 */
import type { Clock } from '../../controller/ports.ts'
import type { Sample, Series } from '../../domain/evidence.ts'
import type { PrometheusTarget } from '../../domain/rehearsal.ts'
import { instant } from '../../domain/units.ts'
import { messageOf } from '../../domain/unknown.ts'
import type { KubernetesApi } from '../../protocols/kubernetes/api.ts'
import { type RawSeries, rawSamplesPath, readMatrix, readTime, TIME_PATH } from '../../protocols/prometheus/query.ts'
import { areDeclared, scrapesBefore } from './prometheus-births.ts'
import { askPrometheus, type PrometheusAnswer } from './prometheus-server.ts'

/** Samples become visible a moment after they were taken. */
const VISIBLE_MS = 2000
/** One scrape may fail or be late. After that the instance is reported as silent, and later as gone. */
const LATE_INTERVALS = 2.5
const GONE_INTERVALS = 5

/**
 * By Prometheus' clock. A sample that becomes visible after its instance was reported as silent is dropped, because the journal keeps the records
 * of an instance in order.
 */
type Instance = { readonly lastAt: number; readonly toldAt: number }
type Known = Map<string, Instance>
/** By instance, the newest scrape that was looked at. */
type Waiting = Map<string, number>

/** What is remembered of a source. `seen`: instances that have shown a sample. `since`: from when on its series were looked for. */
type Memory = { readonly known: Known; readonly waiting: Waiting; readonly seen: Set<string>; since?: number }

type Source = { readonly name: string; readonly scrapeMs: number; readonly selectors: Readonly<Record<string, string>> }
type Ask = (path: string) => Promise<PrometheusAnswer>

export function prometheusSamples(api: KubernetesApi, clock: Clock) {
  const memories = new Map<string, Memory>()
  let offset: Promise<number> | undefined

  return async (prometheus: PrometheusTarget, name: string, anew = false): Promise<readonly Sample[]> => {
    if (anew) memories.delete(name)
    const memory: Memory = memories.get(name) ?? { known: new Map(), waiting: new Map(), seen: new Set() }
    memories.set(name, memory)
    const ask: Ask = (path) => askPrometheus(api, prometheus, path)
    const source = { name, scrapeMs: prometheus.scrapeMs, selectors: prometheus.sources[name] ?? {} }
    let ahead = 0
    try {
      offset ??= offsetOf(ask, clock)
      ahead = await offset
      return await samplesOf(source, ask, memory, clock, ahead)
    } catch (error) {
      offset = undefined
      return failed(source, memory, clock, ahead, messageOf(error))
    }
  }
}

/** What was scraped since the last call. `ahead`: of Prometheus' clock, in ms. */
async function samplesOf(
  source: Source,
  ask: Ask,
  memory: Memory,
  clock: Clock,
  ahead: number,
): Promise<readonly Sample[]> {
  const { known, waiting, seen } = memory
  const metrics = Object.keys(source.selectors)
  const range = rangeOf(known, clock.now() + ahead, source.scrapeMs)
  const read = await readAll(ask, source, range)
  if (!read.ok) return failed(source, memory, clock, ahead, read.problem)
  memory.since ??= clock.now() + ahead - range

  const all = scrapesOf(read.rows, known)
  const fresh = whole(all, metrics.length, waiting)
  const before = await bornBefore(ask, source, memory, fresh)
  for (const { pod, at } of fresh) {
    known.set(pod, { lastAt: at, toldAt: 0 })
    seen.add(pod)
  }
  const samples = [
    ...before.map(({ pod, at }) => emptySample(source.name, metrics, pod, at - ahead)),
    ...fresh.map((scrape) => sampleOf(source.name, metrics, scrape, ahead)),
  ]
  const isSilent = known.size === 0 || fresh.length < known.size
  if (fresh.length < all.length || !isSilent) return samples
  const missing = Object.entries(source.selectors).filter(([metric]) => !read.rows.some((row) => row.metric === metric))
  const selectors = missing.map(([, selector]) => selector)
  // Nothing has counted yet. The first sample tells since when its instance was scraped.
  if (seen.size === 0 && (await areDeclared(ask, selectors))) return samples
  return [...samples, ...failed(source, memory, clock, ahead, silentBecause(selectors, source.scrapeMs))]
}

const silentBecause = (missing: readonly string[], scrapeMs: number): string => {
  const why =
    missing.length === 0 ? 'Prometheus has no new sample of it' : `Prometheus has no samples of ${missing.join(', ')}`
  return `${why}; it should scrape every ${scrapeMs / 1000} s`
}

/** The next query also covers what this one missed, so one failed query loses nothing. It is reported when an instance is late. */
function failed({ name, scrapeMs }: Source, { known }: Memory, clock: Clock, ahead: number, problem: string) {
  if (known.size === 0) return [failure(clock, name, WHOLE, problem)]
  return late(known, clock.now() + ahead, scrapeMs).map((pod) => failure(clock, name, pod, problem))
}

type Row = { readonly metric: string; readonly series: RawSeries }
type Read = { readonly ok: true; readonly rows: readonly Row[] } | { readonly ok: false; readonly problem: string }

async function readAll(ask: Ask, { selectors }: Source, range: number): Promise<Read> {
  const read = await Promise.all(
    Object.entries(selectors).map(async ([metric, selector]) => {
      const { status, text } = await ask(rawSamplesPath(selector, range))
      return { metric, matrix: readMatrix(status, text) }
    }),
  )
  const refused = read.flatMap(({ metric, matrix }) => (matrix.ok ? [] : [`${metric}: ${matrix.problem}`]))
  if (refused.length > 0) return { ok: false, problem: refused.join('; ') }
  const rows = read.flatMap(({ metric, matrix }) =>
    matrix.ok ? matrix.series.map((series) => ({ metric, series })) : [],
  )
  return { ok: true, rows }
}

async function bornBefore(ask: Ask, { scrapeMs }: Source, { seen, since = 0 }: Memory, fresh: readonly Scrape[]) {
  const newcomers = fresh.filter(({ pod }) => !seen.has(pod))
  if (newcomers.length === 0) return []
  return scrapesBefore(ask, newcomers, since, LATE_INTERVALS * scrapeMs + VISIBLE_MS)
}

/** Stands for the whole source where no instance is known yet. */
const WHOLE = 'prometheus'
const ABSENT = 'has no sample in this scrape'

const failure = (clock: Clock, source: string, pod: string, problem: string): Sample => ({
  kind: 'sample',
  at: clock.now(),
  source,
  pod,
  ok: false,
  problem,
})

/** A scrape in which none of the metrics had a series yet. */
const emptySample = (source: string, metrics: readonly string[], pod: string, at: number): Sample => ({
  kind: 'sample',
  at: instant(at),
  source,
  pod,
  ok: true,
  series: [],
  unread: metrics.map((metric) => ({ metric, problem: ABSENT, absent: true })),
})

/** How far Prometheus' clock is ahead of ours, in ms. */
async function offsetOf(ask: Ask, clock: Clock): Promise<number> {
  const asked = clock.now()
  const { status, text } = await ask(TIME_PATH)
  const time = readTime(status, text)
  if (time !== undefined) return time - (asked + clock.now()) / 2
  const matrix = readMatrix(status, text)
  throw new Error(matrix.ok ? 'Prometheus did not tell its time' : matrix.problem)
}

function rangeOf(known: Known, now: number, scrapeMs: number): number {
  const oldest = Math.min(...[...known.values()].map(({ lastAt }) => lastAt), now - scrapeMs)
  return Math.min(now - oldest, GONE_INTERVALS * scrapeMs) + VISIBLE_MS
}

type Scrape = {
  readonly pod: string
  readonly at: number
  readonly series: readonly Series[]
}

/** Samples of one scrape of one instance carry the same time. */
function scrapesOf(rows: readonly Row[], known: Known): readonly Scrape[] {
  const all = rows.flatMap(({ metric, series: { labels, samples } }) => {
    const pod = labels.pod ?? labels.instance ?? WHOLE
    const { __name__: _, ...own } = labels
    return samples
      .filter(({ at }) => at > Math.max(known.get(pod)?.lastAt ?? 0, known.get(pod)?.toldAt ?? 0))
      .map(({ at, value }) => ({ pod, at, series: { name: metric, labels: own, value } }))
  })
  return [...Map.groupBy(all, ({ pod, at }) => `${at} ${pod}`).values()]
    .flatMap((one): readonly Scrape[] => {
      const [first] = one
      return first === undefined ? [] : [{ pod: first.pod, at: first.at, series: one.map(({ series }) => series) }]
    })
    .sort((a, b) => a.at - b.at || (a.pod < b.pod ? -1 : 1))
}

/**
 * Each metric is a query of its own, so that a scrape may become visible between two of them. A scrape that lacks metrics is looked at once more
 * before it counts as one that has none, and what was scraped after it waits too.
 */
function whole(scrapes: readonly Scrape[], metrics: number, waiting: Waiting): readonly Scrape[] {
  const held = new Set<string>()
  const ready = scrapes.filter(({ pod, at, series }) => {
    if (held.has(pod)) return false
    const isWhole = new Set(series.map(({ name }) => name)).size === metrics
    if (isWhole || at <= (waiting.get(pod) ?? 0)) return true
    held.add(pod)
    return false
  })
  for (const { pod, at } of scrapes) waiting.set(pod, at)
  return ready
}

function sampleOf(source: string, metrics: readonly string[], { pod, at, series }: Scrape, ahead: number): Sample {
  const unread = metrics.flatMap((metric) => {
    const own = series.filter(({ name }) => name === metric)
    const odd = own.find(({ value }) => !Number.isFinite(value))
    if (odd) return [{ metric, problem: `has the value ${odd.value}` }]
    return own.length === 0 ? [{ metric, problem: ABSENT, absent: true as const }] : []
  })
  const head = { kind: 'sample', at: instant(at - ahead), source, pod } as const
  const problem = unread.map(({ metric, problem }) => `${metric} ${problem}`).join('; ')
  if (unread.length === metrics.length) return { ...head, ok: false, problem }
  const read = series.filter(({ name }) => !unread.some(({ metric }) => metric === name))
  return { ...head, ok: true, series: read, ...(unread.length > 0 ? { unread } : {}) }
}

/**
 * Instances that should have been scraped again, each marked as told. Prometheus ends the series of one that it does not find any more: after some
 * time it is gone.
 */
function late(known: Known, now: number, scrapeMs: number): readonly string[] {
  return [...known].flatMap(([pod, { lastAt }]) => {
    const silentMs = now - lastAt - VISIBLE_MS
    if (silentMs <= LATE_INTERVALS * scrapeMs) return []
    if (silentMs > GONE_INTERVALS * scrapeMs) known.delete(pod)
    else known.set(pod, { lastAt, toldAt: now })
    return [pod]
  })
}
