/** Fills the journal with what the cluster shows by itself: object versions from watches, and scrapes of the target's metric sources. */
import { ALERTS_EVERY_MS, asksForAlerts } from '../domain/alert.ts'
import type { EvidenceOf } from '../domain/evidence.ts'
import { metricsBySource, type Rehearsal, type Target } from '../domain/rehearsal.ts'
import { isSeriesTrigger } from '../domain/trigger.ts'
import { after, type Instant, type Millis, millis, seconds } from '../domain/units.ts'
import { wantedCounters, wantedGauges } from '../judge/seen/wanted-counters.ts'
import { createAlertReader } from './alerts.ts'
import type { Clock, Cluster, Probes } from './ports.ts'
import type { Recorder } from './recorder.ts'

const SCRAPE_EVERY = seconds(1)
/** Metrics that no rule of the rehearsal reads are only drawn, and each scrape takes CPU from the platform under test. */
const SCRAPE_UNASKED_EVERY = seconds(5)
/** Around a fault, a witness must show within 2 s whether the fault works: two scrapes a second. */
const SCRAPE_EVERY_NEAR_FAULT = millis(500)

export type Watching = {
  /** Sources in this set are scraped twice a second. */
  readonly closely: Set<string>
  /** Resolves when everything has stopped; call after aborting the signal. */
  readonly stopped: Promise<void>
}

export function startWatching(
  ports: { readonly cluster: Cluster; readonly probes: Probes; readonly clock: Clock },
  { rehearsal, target }: { readonly rehearsal: Rehearsal; readonly target: Target },
  recorder: Recorder,
  signal: AbortSignal,
): Watching {
  const closely = new Set<string>()
  const asked = askedSources(rehearsal, target)
  const paceOf = (name: string) =>
    closely.has(name) ? SCRAPE_EVERY_NEAR_FAULT : asked.has(name) ? SCRAPE_EVERY : SCRAPE_UNASKED_EVERY
  const cluster = ports.cluster.watch(
    target,
    (change, object) => recorder.record({ kind: 'object-seen', change, object }),
    (about, problem) => recorder.record({ kind: 'evidence-lost', about, problem, of: 'object-seen' }),
    signal,
  )
  const scrapes = Object.entries(target.sources).map(([name, source]) =>
    readLoop(
      ports,
      () => ports.probes.scrape(name, source),
      () => paceOf(name),
      recorder,
      signal,
    ),
  )
  const { prometheus } = target
  const queries = Object.keys(prometheus?.sources ?? {}).map((name) => {
    // The scrape before the load is what its counters are compared with. A look before the run may have read it.
    let isFirst = true
    const query = async () => {
      const samples = prometheus ? await ports.probes.query(prometheus, name, isFirst) : []
      isFirst = false
      return samples
    }
    return readLoop(ports, query, () => SCRAPE_EVERY, recorder, signal)
  })
  const alerts =
    prometheus === undefined || asksForAlerts(rehearsal) === undefined
      ? []
      : [
          readLoop(
            ports,
            createAlertReader(ports, rehearsal, prometheus),
            () => millis(ALERTS_EVERY_MS),
            recorder,
            signal,
          ),
        ]
  return { closely, stopped: Promise.all([cluster, ...scrapes, ...queries, ...alerts]).then(() => undefined) }
}

/** Sources whose metrics some rule reads. A rule without a source reads every source that exposes its metric. */
export function askedSources(rehearsal: Rehearsal, target: Target): ReadonlySet<string> {
  const wanted = [...wantedCounters(rehearsal, target), ...wantedGauges(rehearsal, target)]
  const exposing = (metric: string) =>
    [...metricsBySource(target)].flatMap(([name, metrics]) => (metrics.includes(metric) ? [name] : []))
  const waitedFor = [...rehearsal.faults, ...rehearsal.actions].flatMap(({ when }) =>
    when !== undefined && isSeriesTrigger(when.trigger) ? [when.trigger.of] : [],
  )
  const movedBetween = [...rehearsal.faults, ...rehearsal.actions].flatMap(({ expect }) =>
    expect.flatMap((each) => (each.kind === 'failover' ? [each.from, each.to] : [])),
  )
  return new Set([
    ...wanted.flatMap(({ source, metric }) => (source === undefined ? exposing(metric) : [source])),
    ...movedBetween,
    ...waitedFor,
  ])
}

/** One scrape at a time, at a fixed interval: a slow scrape delays the next ones, and they never pile up. */
async function readLoop(
  ports: { readonly clock: Clock },
  read: () => Promise<readonly EvidenceOf<'sample' | 'alerts-read'>[]>,
  pace: () => Millis,
  recorder: Recorder,
  signal: AbortSignal,
): Promise<void> {
  let next: Instant = ports.clock.now()
  while (!signal.aborted) {
    for (const sample of await read()) recorder.record(sample)
    const now = ports.clock.now()
    next = after(next, pace())
    if (next < now) next = now
    await ports.clock.until(next, signal).catch(() => undefined)
  }
}
