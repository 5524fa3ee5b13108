/** Everything that one pass over the evidence gathers; each rule reads what it needs of it and changes nothing. */
import type { Evidence } from '../../domain/evidence.ts'
import { prometheusIn } from '../../domain/indicators.ts'
import { type Rehearsal, scrapeMsOf } from '../../domain/rehearsal.ts'
import { type ActionLives, actionLives } from './action-lives.ts'
import { type AlertsSeen, createAlertsSeen } from './alerts.ts'
import { type Answered, createAnswered } from './answered.ts'
import { type Backlogs, createBacklogs } from './backlogs.ts'
import { type BooksRead, createBooksRead } from './books-read.ts'
import { type Configurations, createConfigurations } from './configurations.ts'
import { type Counters, createCounters } from './counters.ts'
import { createDeliveriesSeen, type DeliveriesSeen } from './deliveries-seen.ts'
import { type FaultLives, faultLives } from './fault-lives.ts'
import { createGauges, type Gauges } from './gauges.ts'
import { createHealthFacts, type HealthFacts } from './health-facts.ts'
import { createObjectsListed, type ObjectsListedSeen } from './listed.ts'
import { createLoadCounts, type LoadCounts } from './load-counts.ts'
import { createObjectHistory, type ObjectHistory } from './object-history.ts'
import { createPodGauges, type PodGauges } from './pod-gauges.ts'
import { createPointsSeen, type PointsSeen } from './points.ts'
import { limitsOf } from './prometheus-cells.ts'
import { createPrometheusSlis, type PrometheusSlis } from './prometheus-slis.ts'
import { createRunFacts, type RunFacts } from './run-facts.ts'
import { createSaid, type SaidSeen } from './said.ts'
import { createSilence, type Silence } from './silence.ts'
import { createStreams, type Streams } from './streams.ts'
import { refusalCounters, wantedCounters, wantedGauges } from './wanted-counters.ts'

export type Seen = {
  readonly run: RunFacts
  readonly load: LoadCounts
  readonly health: HealthFacts
  readonly faults: FaultLives
  readonly actions: ActionLives
  readonly points: PointsSeen
  readonly counters: Counters
  readonly gauges: Gauges
  readonly configurations: Configurations
  readonly answered: Answered
  readonly backlogs: Backlogs
  readonly objects: ObjectHistory
  readonly listed: ObjectsListedSeen
  readonly books: BooksRead
  readonly deliveries: DeliveriesSeen
  readonly streams: Streams
  readonly silence: Silence
  readonly podGauges: PodGauges
  readonly said: SaidSeen
  readonly alerts: AlertsSeen
  readonly prometheus: PrometheusSlis
}

export type Gathering = { readonly seen: Seen; add(record: Evidence, line: number): void }

export function createGathering(): Gathering {
  const run = createRunFacts()
  const objects = createObjectHistory()
  const prometheus = createPrometheusSlis(() => ({
    fromAt: run.zeroAt,
    toAt: run.loadEndedAt,
    everyMs: run.head.target.prometheus?.scrapeMs ?? 0,
    lives: objects.lives.all,
  }))
  const seen: Seen = {
    run,
    load: createLoadCounts(
      () => (run.hasHead ? run.head.timeline.load.unions : {}),
      (sli) => prometheus.of(sli)?.rows,
    ),
    health: createHealthFacts(),
    faults: faultLives(),
    actions: actionLives(),
    points: createPointsSeen(),
    counters: createCounters((source) => (run.hasHead ? scrapeMsOf(run.head.target, source) : undefined)),
    gauges: createGauges(),
    configurations: createConfigurations(() => (run.hasHead ? run.head.target.sources : {})),
    answered: createAnswered(),
    backlogs: createBacklogs(),
    objects,
    listed: createObjectsListed(),
    books: createBooksRead(),
    deliveries: createDeliveriesSeen(),
    streams: createStreams(),
    silence: createSilence(),
    podGauges: createPodGauges(),
    said: createSaid(),
    alerts: createAlertsSeen(),
    prometheus,
  }
  return { seen, add: (record, line) => addTo(seen, record, line) }
}

function addTo(seen: Seen, record: Evidence, line: number): void {
  seen.streams.add(record, line)
  seen.silence.add(record, line)
  switch (record.kind) {
    case 'load-frame':
      return seen.load.add(record, line)
    case 'generator-health':
      return seen.health.add(record, line)
    case 'fault-step':
      return seen.faults.add(record.fault, record.step, { at: record.at, line })
    case 'action-step':
      seen.points.add(record, seen.load.operations)
      return seen.actions.add(record.action, record.step, { at: record.at, line })
    case 'sample':
      seen.counters.add(record, line)
      seen.answered.add(record)
      seen.podGauges.add(record, line)
      seen.backlogs.add(record, line)
      seen.configurations.add(record, line)
      seen.prometheus.add(record, line)
      return seen.gauges.add(record, line)
    case 'alerts-read':
      return seen.alerts.add(record, line)
    case 'object-seen':
      return seen.objects.add(record, line)
    case 'objects-listed':
      return seen.listed.add(record, line)
    case 'book-read':
    case 'keys-read':
      return seen.books.add(record, line)
    case 'receipts-told':
    case 'deliveries-read':
      return seen.deliveries.add(record, line)
    case 'run-started':
      if (!seen.run.hasHead) {
        for (const wanted of [...wantedCounters(record.rehearsal, record.target), ...refusalCounters])
          seen.counters.want(wanted)
        for (const wanted of wantedGauges(record.rehearsal, record.target)) seen.gauges.want(wanted)
        wantPrometheus(seen.prometheus, record.rehearsal)
      }
      return seen.run.add(record, line)
    case 'phase-started':
    case 'load-started':
    case 'load-ended':
    case 'stop-requested':
    case 'guardrail-tripped':
    case 'residue':
    case 'undo-written':
    case 'undo-done':
    case 'evidence-lost':
    case 'evidence-doubted':
    case 'run-ended':
    case 'decision':
      return seen.run.add(record, line)
    case 'note':
      seen.said.add(record, line)
      return seen.run.add(record, line)
    // Blocks have a fold of their own (`blocks.ts`): a run of one rehearsal has none.
    case 'session-started':
    case 'block-started':
    case 'block-ended':
    case 'rest-awaited':
      return
  }
}

function wantPrometheus(prometheus: PrometheusSlis, { slis, slos }: Rehearsal): void {
  for (const [name, sli] of Object.entries(prometheusIn(slis))) prometheus.want(name, sli, limitsOf(name, slos))
}
