/** Fills the journal with what the cluster shows by itself: object versions from watches, and scrapes of the target's metric sources. */
import type { Target } from '../domain/rehearsal.ts'
import { after, type Instant, millis, seconds } from '../domain/units.ts'
import type { Clock, Cluster, Probes } from './ports.ts'
import type { Recorder } from './recorder.ts'

const SCRAPE_EVERY = seconds(1)
/** Around a fault a witness must tell within 2 s whether it bit: two scrapes a second. */
const SCRAPE_EVERY_NEAR_FAULT = millis(500)

export type Watching = {
  /** Sources in this set are scraped twice a second until further notice. */
  readonly closely: Set<string>
  /** Resolves when everything has stopped; call after aborting the signal. */
  readonly stopped: Promise<void>
}

export function watching(
  ports: { readonly cluster: Cluster; readonly probes: Probes; readonly clock: Clock },
  target: Target,
  recorder: Recorder,
  signal: AbortSignal,
): Watching {
  const closely = new Set<string>()
  const cluster = ports.cluster.watch(
    target,
    (change, object) => recorder.record({ kind: 'object-seen', change, object }),
    (about, problem) => recorder.record({ kind: 'evidence-lost', about, problem }),
    signal,
  )
  const scrapes = Object.keys(target.sources).map((name) => scrapeLoop(ports, target, name, closely, recorder, signal))
  return { closely, stopped: Promise.all([cluster, ...scrapes]).then(() => undefined) }
}

/** One scrape at a time, on a fixed beat: a slow one makes the next ones late, never many at once. */
async function scrapeLoop(
  ports: { readonly probes: Probes; readonly clock: Clock },
  target: Target,
  name: string,
  closely: Set<string>,
  recorder: Recorder,
  signal: AbortSignal,
): Promise<void> {
  const source = target.sources[name]
  if (source === undefined) return
  let next: Instant = ports.clock.now()
  while (!signal.aborted) {
    for (const sample of await ports.probes.scrape(name, source)) recorder.record(sample)
    const now = ports.clock.now()
    next = after(next, closely.has(name) ? SCRAPE_EVERY_NEAR_FAULT : SCRAPE_EVERY)
    if (next < now) next = now
    await ports.clock.until(next, signal).catch(() => undefined)
  }
}
