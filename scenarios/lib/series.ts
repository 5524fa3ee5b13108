/**
 * The metrics of a scenario, as `src/wire/metrics.ts` names them. A happy request costs one sample; Counters are for the rare side.
 *
 * k6's remote write sends a series only when its newest sample is a millisecond younger than the one sent before, so that the last
 * samples of a run can stay behind. `settleSeries`, called from teardown, adds 0 to each Counter whose series is known, and with
 * that sends its last value. (Histograms are sent again by the stale markers at the end.)
 */
import exec from 'k6/execution'
import { Counter, Gauge, Trend } from 'k6/metrics'
import { scenarioMetrics } from '../../src/wire/metrics.ts'

export const latency = new Trend(scenarioMetrics.latency, true)
export const bad = new Counter(scenarioMetrics.bad)
export const slow = new Counter(scenarioMetrics.slow)
export const acknowledged = new Counter(scenarioMetrics.acknowledged)
export const amountCents = new Counter(scenarioMetrics.amount)
export const digestLow = new Counter(scenarioMetrics.digestLow)
export const digestHigh = new Counter(scenarioMetrics.digestHigh)
export const refused = new Counter(scenarioMetrics.refused)
export const unknown = new Counter(scenarioMetrics.unknown)
export const unknownCount = new Counter(scenarioMetrics.unknownCount)
export const socketsOpen = new Gauge(scenarioMetrics.socketsOpen)
export const socketEvents = new Counter(scenarioMetrics.socketEvents)
export const loopLag = new Trend(scenarioMetrics.loopLag, true)

/** k6 makes new objects at each access of `exec.vu`. This one shows the tags of this VU as they are. */
let ownTags: Record<string, string> | undefined

/**
 * Gives this VU one more tag. Its own tags cost a sample nothing, while k6 takes twice as long for a sample that brings tags (`add(1, tags)`). Give the
 * answer to `untag` right after the samples, with nothing asynchronous in between: every sample of the VU has the tag meanwhile.
 */
export function tag(name: string, value: string): string | undefined {
  ownTags ??= exec.vu.metrics.tags as Record<string, string>
  const before = ownTags[name]
  ownTags[name] = value
  return before
}

export function untag(name: string, before: string | undefined): void {
  if (ownTags === undefined) return
  if (before === undefined) delete ownTags[name]
  else ownTags[name] = before
}

/** k6's own: iterations that ended, and arrivals that found no free VU. */
const iterations = new Counter('iterations')
const dropped = new Counter('dropped_iterations')

type Series = readonly [counter: Counter, tags: Readonly<Record<string, string>>]
const settling: (() => readonly Series[])[] = []

/**
 * Says which Counter series this scenario may emit. Call it in the init context, because teardown runs in a VU of its own; they are
 * listed only then, because a list in every VU would cost more memory than all the rest of a script.
 */
export function expectSeries(listing: () => readonly Series[]): void {
  settling.push(listing)
}

/** The series that k6 keeps of a load profile. */
export const profileSeries = (profile: string): readonly Series[] => [
  [iterations, { scenario: profile }],
  [dropped, { scenario: profile }],
]

export function settleSeries(): void {
  for (const [counter, tags] of settling.flatMap((listing) => listing())) counter.add(0, { ...tags })
}
