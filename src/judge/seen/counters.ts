/**
 * Counters of the platform, from scrapes: increments between two successful scrapes of the same pod. A gap between them loses
 * resolution, not counts; a counter that fell was reset by a restart; a pod that appears later brings all it has counted.
 */
import type { EvidenceOf, Series } from '../../domain/evidence.ts'
import type { OverPods } from '../../domain/rehearsal.ts'

type Sample = EvidenceOf<'sample'>

/** Which series to sum: of one source or, without `source`, of whichever pods expose the metric. */
export type Wanted = {
  readonly id: string
  readonly source?: string
  readonly metric: string
  readonly labels: Readonly<Record<string, string>>
  /** Keeps only scrapes that counted something: for rare events, whose rate is asked and not whether they were looked for. */
  readonly sparse?: boolean
  /** Gauges only: how the values of several pods are one; `sum` unless it says otherwise. */
  readonly pods?: OverPods
}

/** The counter of one pod grew by `count` between two moments. */
export type Increment = {
  readonly pod: string
  readonly fromAt: number
  readonly toAt: number
  readonly count: number
  readonly line: number
}

export type Track = {
  readonly increments: readonly Increment[]
  /** Scrapes that gave no reading: nobody answered, the metric was not there, or a value was no finite number. */
  readonly failures: readonly { readonly pod: string; readonly at: number; readonly line: number }[]
}

export type Counters = {
  want(wanted: Wanted): void
  add(sample: Sample, line: number): void
  track(id: string): Track
}

/** `name` is the one text that all records of a pod share: a text made anew at each scrape would be most of what is kept. */
type PodState = { readonly name: string; readonly bornFrom: number | undefined; last?: { at: number; value: number } }
type MutableTrack = {
  readonly wanted: Wanted
  readonly increments: Increment[]
  readonly failures: { pod: string; at: number; line: number; isAbsent: boolean }[]
  readonly pods: Map<string, PodState>
  readonly carriers: Set<string>
}

/** Pods that are there in the first round of scrapes may have counted for days; later ones were born under our eyes. */
const FIRST_ROUND_MS = 1500
/** A pod that is new in a round was not in the one before: scrapes are a second apart, and the list of pods may be as old. */
const NEWBORN_MS = 2000
/** Prometheus spreads its scrapes over the interval, and one may be a little late. */
const LATE = 1.5

/** `everyMs`: how often a source is scraped, where not by the run itself. */
export function createCounters(everyMs: (source: string) => number | undefined = () => undefined): Counters {
  const tracks = new Map<string, MutableTrack>()
  const firstAtOf = new Map<string, number>()

  const bornFrom = (sample: Sample): number | undefined => {
    const firstAt = firstAtOf.get(sample.source) ?? sample.at
    firstAtOf.set(sample.source, firstAt)
    const intervalMs = everyMs(sample.source) ?? 0
    const firstRoundMs = Math.max(FIRST_ROUND_MS, LATE * intervalMs)
    return sample.at - firstAt > firstRoundMs ? sample.at - Math.max(NEWBORN_MS, intervalMs) : undefined
  }

  return {
    want(wanted) {
      const { id } = wanted
      tracks.set(id, { wanted, increments: [], failures: [], pods: new Map(), carriers: new Set() })
    },
    add(sample, line) {
      // A source whose pods could not even be listed says nothing about any pod.
      if (sample.pod === '') return
      const born = bornFrom(sample)
      for (const track of tracks.values()) {
        if (track.wanted.source === undefined || track.wanted.source === sample.source) {
          addTo(track, sample, born, line)
        }
      }
    },
    track: (id) => trackOf(tracks.get(id)),
  }
}

/**
 * A pod that never showed the metric is not one that counts it, as a standby beside its leader is not. Where no pod of the source showed
 * it, none could be read.
 */
function trackOf(track: MutableTrack | undefined): Track {
  if (track === undefined) return { increments: [], failures: [] }
  const { increments, failures, carriers, wanted } = track
  const isNobody = carriers.size === 0 && wanted.source !== undefined
  return { increments, failures: failures.filter(({ pod, isAbsent }) => !isAbsent || isNobody || carriers.has(pod)) }
}

function stateOf(track: MutableTrack, name: string, bornFrom: number | undefined): PodState {
  const known = track.pods.get(name)
  if (known) return known
  const state: PodState = { name, bornFrom }
  track.pods.set(name, state)
  return state
}

function addTo(track: MutableTrack, sample: Sample, bornFrom: number | undefined, line: number): void {
  const state = stateOf(track, `${sample.source}/${sample.pod}`, bornFrom)
  const pod = state.name
  const reading = readingOf(sample, track.wanted)
  if (reading.is === 'read') track.carriers.add(pod)
  if (reading.is !== 'read') {
    track.failures.push({ pod, at: sample.at, line, isAbsent: reading.is === 'absent' })
    return
  }
  const { value } = reading
  const since = state.last ?? (state.bornFrom === undefined ? undefined : { at: state.bornFrom, value: 0 })
  if (since) {
    const count = value < since.value ? value : value - since.value
    if (count > 0 || !track.wanted.sparse)
      track.increments.push({ pod, fromAt: since.at, toAt: sample.at, count, line })
  }
  state.last = { at: sample.at, value }
}

export type CounterReading =
  | { readonly is: 'read'; readonly value: number }
  | { readonly is: 'absent' }
  | { readonly is: 'failed' }

/**
 * A scrape is a reading of a metric where the metric is there and every value of it is finite. A labelled counter has no series before it
 * first counts: a metric that is declared, or has series of other labels, counts 0.
 */
export function readingOf(sample: Sample, wanted: Wanted): CounterReading {
  if (!sample.ok) return { is: 'failed' }
  const { metric } = wanted
  if (sample.unread?.some((each) => each.metric === metric)) return { is: 'absent' }
  const family = sample.series.filter((series) => series.name === metric)
  if (family.length === 0 && sample.empty?.includes(metric) !== true) return { is: 'absent' }
  return family.every(({ value }) => Number.isFinite(value))
    ? { is: 'read', value: sumOf(family, wanted) }
    : { is: 'failed' }
}

export const matching = (all: readonly Series[], { metric, labels }: Wanted): readonly Series[] =>
  all.filter(
    (series) =>
      series.name === metric && Object.entries(labels).every(([label, value]) => series.labels[label] === value),
  )

const sumOf = (all: readonly Series[], wanted: Wanted): number =>
  matching(all, wanted).reduce((sum, each) => sum + each.value, 0)

/** Events counted up to a moment; an increment that straddles it counts by its share. Piecewise linear, so that asking is quick. */
export function cumulative(...tracks: readonly Track[]): (at: number) => number {
  const bends = tracks
    .flatMap(({ increments }) => increments)
    .filter(({ count, fromAt, toAt }) => count > 0 && toAt > fromAt)
    .flatMap(({ count, fromAt, toAt }) => {
      const slope = count / (toAt - fromAt)
      return [
        { at: fromAt, slope },
        { at: toAt, slope: -slope },
      ]
    })
    .sort((a, b) => a.at - b.at || a.slope - b.slope)
  let [sum, slope, last] = [0, 0, 0]
  const points = bends.map((bend) => {
    sum += slope * (bend.at - last)
    slope += bend.slope
    last = bend.at
    return { at: bend.at, sum, slope }
  })
  return (at) => {
    const point = points[lastAtOrBefore(points, at)]
    return point === undefined ? 0 : point.sum + point.slope * (at - point.at)
  }
}

function lastAtOrBefore(points: readonly { readonly at: number }[], at: number): number {
  let [low, high] = [-1, points.length - 1]
  while (low < high) {
    const middle = Math.ceil((low + high) / 2)
    if ((points[middle]?.at ?? 0) <= at) low = middle
    else high = middle - 1
  }
  return low
}

/** Events per second between two moments. */
export const rateOf = (counted: (at: number) => number, fromAt: number, toAt: number): number =>
  toAt <= fromAt ? 0 : Math.max(0, ((counted(toAt) - counted(fromAt)) / (toAt - fromAt)) * 1000)

/** The part of a track between two moments, so that a search over a fault does not walk the whole run. */
export const cut = (track: Track, fromAt: number, toAt: number): Track => ({
  increments: track.increments.filter((each) => each.toAt > fromAt && each.fromAt < toAt),
  failures: track.failures.filter((each) => each.at >= fromAt && each.at <= toAt),
})

/** Pods that gave no reading in the window for longer than `patienceMs` without a later scrape that bridges it. */
export function blindPods(track: Track, fromAt: number, toAt: number, patienceMs: number): readonly string[] {
  const failures = Map.groupBy(
    track.failures.filter((each) => each.at >= fromAt && each.at <= toAt),
    (each) => each.pod,
  )
  return [...failures]
    .filter(([pod, failed]) => {
      const first = Math.min(...failed.map((each) => each.at))
      const last = Math.max(...failed.map((each) => each.at))
      const bridged = track.increments.some((each) => each.pod === pod && each.fromAt <= first && each.toAt >= last)
      const seenAfter = track.increments.some((each) => each.pod === pod && each.toAt > last)
      return !bridged && !seenAfter && last - first >= patienceMs
    })
    .map(([pod]) => pod)
    .sort()
}

/**
 * Splits a track at the edges of a window. `sure` holds what certainly lies on one side. `torn` holds increments over a gap in the
 * readings that reaches further than `patienceMs` to either side of an edge: nobody knows on which side they were counted.
 */
export function splitAt(
  { increments, failures }: Track,
  fromAt: number,
  toAt: number,
  patienceMs: number,
): { readonly sure: Track; readonly torn: readonly Increment[] } {
  const straddles = ({ fromAt: since, toAt: until, count }: Increment) =>
    count > 0 && until - since > patienceMs && ((since < fromAt && until > fromAt) || (since < toAt && until > toAt))
  return {
    sure: { increments: increments.filter((each) => !straddles(each)), failures },
    torn: increments.filter(straddles),
  }
}

/** What a pod had counted before it was first read may be of any age, so it is no rate. */
export function betweenScrapes({ increments, failures }: Track): Track {
  const firstOf = new Map(increments.toReversed().map((each) => [each.pod, each]))
  return { increments: increments.filter((each) => firstOf.get(each.pod) !== each), failures }
}
