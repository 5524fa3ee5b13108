/**
 * The metrics of a scenario, as `src/wire/metrics.ts` names them. A happy request costs one sample; Counters are for the rare side.
 *
 * k6's remote write sends a series only when its newest sample is a millisecond younger than the one sent before, so that the last
 * samples of a run can stay behind. `settleSeries`, called from teardown, adds 0 to each Counter whose series is known, and with
 * that sends its last value. (Histograms are sent again by the stale markers at the end.)
 */
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
