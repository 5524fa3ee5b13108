/**
 * The series of a run, folded from its journal. Counters are sums over all instances of the load generator since the run began. Gauges are written when
 * they change and every few seconds, because Prometheus forgets a value after five minutes.
 */
import type { Evidence, EvidenceOf, LoadFrame, RunStarted } from '../domain/evidence.ts'
import { type PublishedSeries, publishedBucketsMs } from '../domain/published.ts'
import type { WrittenSeries } from '../protocols/prometheus/remote-write-body.ts'

export type PublishedSample = {
  readonly name: PublishedSeries
  readonly labels: Readonly<Record<string, string>>
  readonly timestampMs: number
  readonly value: number | 'stale'
}

/** The samples of each record, in the order of the journal. */
export type Sampling = { samples(record: Evidence): readonly PublishedSample[] }

const GAUGES_EVERY_MS = 15_000

export function createSampling(): Sampling {
  let out: PublishedSample[] = []
  let head: RunStarted | undefined
  let gaugesAt = 0
  const counters = createCounters()
  const gauges = new Map<string, PublishedSample>()
  /** The last time of each series: Prometheus takes no second sample of the same moment. */
  const series = new Map<string, PublishedSample>()

  const write = (at: number, name: PublishedSeries, own: Readonly<Record<string, string>>, value: number | 'stale') => {
    if (head === undefined) return
    const labels = { ...labelsOf(head), ...own }
    const key = `${name} ${JSON.stringify(labels)}`
    const timestampMs = Math.max(at, (series.get(key)?.timestampMs ?? 0) + 1)
    const sample = { name, labels, timestampMs, value }
    series.set(key, sample)
    out.push(sample)
    return key
  }
  const gauge = (at: number, name: PublishedSeries, own: Readonly<Record<string, string>>, value: number) => {
    const key = write(at, name, own, value)
    const sample = key === undefined ? undefined : series.get(key)
    if (key !== undefined && sample) gauges.set(key, { ...sample, labels: own })
  }
  const repeatGauges = (at: number) => {
    if (at - gaugesAt < GAUGES_EVERY_MS) return
    gaugesAt = at
    for (const { name, labels, value } of [...gauges.values()]) write(at, name, labels, value)
  }
  const end = (at: number) => {
    for (const { name, labels, value } of gauges.values()) if (isState(name) && value !== 0) write(at, name, labels, 0)
    for (const { name, labels } of [...series.values()]) write(at + 1, name, labels, 'stale')
  }

  return {
    samples(record) {
      out = []
      const { at } = record
      switch (record.kind) {
        case 'run-started':
          head ??= record
          for (const each of objectives(record)) gauge(at, each.name, each.labels, each.value)
          break
        case 'phase-started':
          for (const { name, labels, value } of [...gauges.values()])
            if (name === 'matchday_phase' && value === 1) gauge(at, name, labels, 0)
          gauge(at, 'matchday_phase', { phase: record.phase }, 1)
          break
        case 'fault-step':
          if (record.step.is === 'injected') gauge(at, 'matchday_fault_active', { fault: record.fault }, 1)
          if (record.step.is === 'healed') gauge(at, 'matchday_fault_active', { fault: record.fault }, 0)
          break
        case 'action-step':
          if (record.step.is === 'begun') gauge(at, 'matchday_action_active', { action: record.action }, 1)
          if (record.step.is === 'healed' || record.step.is === 'kept')
            gauge(at, 'matchday_action_active', { action: record.action }, 0)
          break
        case 'load-frame':
          for (const each of counters.add(record, head))
            write(each.zero ? at - 1 : at, each.name, each.labels, each.value)
          gauge(at, 'matchday_generator_vus', { instance: record.instance }, record.vus)
          if (record.loopLag)
            gauge(
              at,
              'matchday_generator_loop_lag_p95_seconds',
              { instance: record.instance },
              record.loopLag.p95Ms / 1000,
            )
          repeatGauges(at)
          break
        case 'generator-health': {
          const { instance, cpuCores, hostBusy } = record
          gauge(at, 'matchday_generator_cpu_cores', { instance }, cpuCores)
          gauge(at, 'matchday_generator_host_busy_ratio', { instance }, hostBusy)
          break
        }
        case 'object-seen':
          for (const each of replicas(record)) gauge(at, each.name, each.labels, each.value)
          break
        case 'run-ended':
          end(at)
          break
        default:
          break
      }
      return out
    },
  }
}

const labelsOf = ({ run, rehearsal, target }: RunStarted) => ({
  run,
  rehearsal: rehearsal.name,
  context: target.context,
})

const isState = (name: PublishedSeries): boolean => /^matchday_(phase|fault_active|action_active)$/.test(name)

type Gauge = {
  readonly name: PublishedSeries
  readonly labels: Readonly<Record<string, string>>
  readonly value: number
}

const objectives = ({ rehearsal }: RunStarted): readonly Gauge[] =>
  rehearsal.slos.map((slo): Gauge => {
    if (slo.kind === 'availability')
      return { name: 'matchday_sli_objective_ratio', labels: { sli: slo.sli }, value: slo.objective }
    const labels = { sli: slo.sli, quantile: String(slo.quantile) }
    return { name: 'matchday_sli_latency_objective_seconds', labels, value: slo.targetMs / 1000 }
  })

function replicas({ change, object }: EvidenceOf<'object-seen'>): readonly Gauge[] {
  if (object.resource !== 'Deployment' && object.resource !== 'StatefulSet') return []
  const { namespace, name: workload, ready, wanted } = object
  const labels = { namespace, workload, kind: object.resource }
  const isThere = change !== 'deleted'
  return [
    { name: 'matchday_workload_replicas_ready', labels, value: isThere ? ready : 0 },
    { name: 'matchday_workload_replicas_desired', labels, value: isThere ? wanted : 0 },
  ]
}

/** `zero`: the value before the first one, so that a rate sees the first count too. */
type Count = Gauge & { readonly zero?: true }

function createCounters() {
  const byInstance = new Map<string, LoadFrame>()
  const buckets = new Map<string, number[]>()
  const seen = new Set<string>()

  const countsOf = (sli: string): readonly Gauge[] => {
    const all = [...byInstance.values()].flatMap(({ slis }) => slis[sli] ?? [])
    const sum = (part: 'good' | 'bad') => all.reduce((total, each) => total + each[part], 0)
    return [
      { name: 'matchday_sli_good_total', labels: { sli }, value: sum('good') },
      { name: 'matchday_sli_bad_total', labels: { sli }, value: sum('bad') },
      { name: 'matchday_sli_attempts_total', labels: { sli }, value: sum('good') + sum('bad') },
      ...latencies(sli, buckets.get(sli) ?? []),
    ]
  }
  const addLatencies = ({ slis }: LoadFrame) => {
    for (const [sli, { histogram }] of Object.entries(slis)) {
      const counts = buckets.get(sli) ?? bounds.map(() => 0)
      buckets.set(sli, counts)
      for (const [upper, count] of histogram) {
        const index = bounds.findIndex((bound) => upper <= bound)
        counts[index] = (counts[index] ?? 0) + count
      }
    }
  }
  return {
    add(frame: LoadFrame, head: RunStarted | undefined): readonly Count[] {
      byInstance.set(frame.instance, frame)
      addLatencies(frame)
      const names = [...new Set([...byInstance.values()].flatMap(({ slis }) => Object.keys(slis)))]
      const dropped = [...byInstance.values()]
        .flatMap(({ profiles }) => Object.values(profiles))
        .reduce((sum, profile) => sum + profile.dropped, 0)
      const unions = Object.entries(head?.timeline.load.unions ?? {}).flatMap(([union, parts]) =>
        summed(union, parts.filter((part) => names.includes(part)).flatMap(countsOf)),
      )
      const all = [
        ...names.flatMap(countsOf),
        ...unions,
        { name: 'matchday_generator_dropped_total', labels: {}, value: dropped } as const,
      ]
      return [...firstZeros(all, seen), ...all]
    },
  }
}

const bounds: readonly number[] = [...publishedBucketsMs, Number.POSITIVE_INFINITY]

function latencies(sli: string, counts: readonly number[]): readonly Gauge[] {
  let upTo = 0
  const all = bounds.map((bound, index): Gauge => {
    upTo += counts[index] ?? 0
    const le = Number.isFinite(bound) ? String(bound / 1000) : '+Inf'
    return { name: 'matchday_sli_latency_seconds_bucket', labels: { sli, le }, value: upTo }
  })
  return [...all, { name: 'matchday_sli_latency_seconds_count', labels: { sli }, value: upTo }]
}

/** Counts of all parts of a union together, under its name. */
function summed(union: string, counts: readonly Gauge[]): readonly Gauge[] {
  const sums = new Map<string, Gauge>()
  for (const { name, labels, value } of counts) {
    const own: Gauge['labels'] = { ...labels, sli: union }
    const key = `${name} ${own.le ?? ''}`
    sums.set(key, { name, labels: own, value: (sums.get(key)?.value ?? 0) + value })
  }
  return [...sums.values()]
}

function firstZeros(all: readonly Gauge[], seen: Set<string>): readonly Count[] {
  const fresh = all.filter(({ name, labels }) => {
    const key = `${name} ${JSON.stringify(labels)}`
    return !seen.has(key) && seen.add(key)
  })
  return fresh.filter(({ value }) => value > 0).map((each) => ({ ...each, value: 0, zero: true }))
}

/** Samples by series, each in order of time. */
export function seriesOf(samples: readonly PublishedSample[]): readonly WrittenSeries[] {
  const groups = Map.groupBy(samples, ({ name, labels }) => `${name} ${JSON.stringify(labels)}`)
  return [...groups.values()].flatMap((group) => {
    const [first] = group
    return first ? [{ name: first.name, labels: first.labels, samples: group }] : []
  })
}
