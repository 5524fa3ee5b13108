/** From pushes to frames: the scenario's series as evidence. */
import type { LoadFrame, OperationCounts, SliCounts } from '../../domain/evidence.ts'
import type { LoadPlan } from '../../domain/timeline.ts'
import type { Instant } from '../../domain/units.ts'
import type { WriteRequest } from '../../protocols/prometheus/remote-write.ts'
import { scenarioMetrics } from '../../wire/metrics.ts'
import { indicatorCounts, seriesRead } from './indicator-counts.ts'
import { counter, gauge, trend } from './series-names.ts'
import { createTotals, type HistogramTotal, type Totals } from './totals.ts'

export type Frame = Omit<LoadFrame, 'kind' | 'at'> & { readonly at: Instant }

const OF_K6: ReadonlySet<string> = new Set([counter('iterations'), counter('dropped_iterations'), gauge('vus')])

/** Other metrics of k6 are not used, and unknown keys are many: neither is summed. */
function wanting({ indicators = {} }: LoadPlan): (name: string) => boolean {
  const read = new Set([...OF_K6, ...Object.values(indicators).flatMap(seriesRead)])
  return (name) => read.has(name) || (name.startsWith('k6_md_') && name !== counter(scenarioMetrics.unknown))
}

/** Makes the function that takes the pushes of one instance and answers the frame after each. */
export function createFraming(
  instance: string,
  plan: LoadPlan,
  unitMs?: number,
): (request: WriteRequest, at: Instant) => Frame {
  const sums = createTotals(unitMs)
  const isWanted = wanting(plan)
  const unknown = unknownKeys()
  const newLatencies = new Map<string, (now: HistogramTotal) => Histogram>()
  const newLag = growth()

  const histogramOf = (sli: string, latency: HistogramTotal): Histogram => {
    const grown = newLatencies.get(sli) ?? growth()
    newLatencies.set(sli, grown)
    return grown(latency)
  }
  const sliOf = (sli: string): SliCounts => {
    const declared = plan.indicators?.[sli]
    if (declared) {
      const { latency, ...counts } = indicatorCounts(declared, sums, plan.limits[sli])
      return { ...counts, histogram: histogramOf(sli, latency) }
    }
    const latency = sums.histogram(trend(scenarioMetrics.latency), { sli })
    const limits = sums.sumBy(counter(scenarioMetrics.slow), 'limit', { sli })
    return {
      good: latency.count,
      ...badOf(sums.sumBy(counter(scenarioMetrics.bad), 'reason', { sli })),
      slow: limits.target ?? 0,
      overCeiling: limits.ceiling ?? 0,
      histogram: histogramOf(sli, latency),
    }
  }

  return (request, at) => {
    const unknownNow = unknown(request)
    sums.add({ series: request.series.filter(({ name }) => isWanted(name)) })
    const slis = Object.fromEntries(slisIn(sums, plan).map((sli) => [sli, sliOf(sli)]))
    return {
      at,
      instance,
      slis: { ...slis, ...composites(slis, plan) },
      profiles: profilesOf(sums, plan),
      operations: operationsOf(sums),
      unknownKeys: unknownNow,
      ...socketsOf(sums, plan),
      ...lagOf(newLag(sums.histogram(trend(scenarioMetrics.loopLag)))),
      vus: sums.sum(gauge('vus')) ?? 0,
    }
  }
}

/**
 * SLIs seen so far, declared ones, and those of the plan's profiles, which have zeros from the first frame. A script that does not know the plan measures
 * no profile.
 */
function slisIn(sums: Totals, plan: LoadPlan): readonly string[] {
  const seen = [scenarioMetrics.latency, scenarioMetrics.bad].flatMap((name) => [
    ...sums.values(trend(name), 'sli'),
    ...sums.values(counter(name), 'sli'),
  ])
  const measured = plan.outside === undefined ? plan.profiles.map(({ name }) => name) : []
  return [...new Set([...measured, ...Object.keys(plan.indicators ?? {}), ...seen])]
}

function badOf(byReason: Readonly<Record<string, number>>): Pick<SliCounts, 'bad' | 'badBy'> {
  const badBy = Object.fromEntries(Object.entries(byReason).filter(([, count]) => count > 0))
  return { bad: Object.values(badBy).reduce((sum, count) => sum + count, 0), badBy }
}

/** A union of SLIs without samples of its own is the sum of its parts that exist. */
function composites(slis: Readonly<Record<string, SliCounts>>, plan: LoadPlan): Record<string, SliCounts> {
  const unions = Object.entries(plan.unions).flatMap(([name, parts]) => {
    const present = parts.flatMap((part) => slis[part] ?? [])
    return slis[name] === undefined && present.length > 0 ? [[name, present.reduce(union)] as const] : []
  })
  return Object.fromEntries(unions)
}

const union = (a: SliCounts, b: SliCounts): SliCounts => ({
  good: a.good + b.good,
  bad: a.bad + b.bad,
  badBy: summed(a.badBy, b.badBy),
  slow: a.slow + b.slow,
  overCeiling: a.overCeiling + b.overCeiling,
  histogram: ascending(addedUp(a.histogram, b.histogram)),
})

function summed(a: Readonly<Record<string, number>>, b: Readonly<Record<string, number>>): Record<string, number> {
  const sums = { ...a }
  for (const [name, value] of Object.entries(b)) sums[name] = (sums[name] ?? 0) + value
  return sums
}

const profilesOf = (sums: Totals, plan: LoadPlan): LoadFrame['profiles'] =>
  Object.fromEntries(
    plan.profiles.map(({ name }) => {
      const count = (metric: string) => sums.sum(counter(metric), { scenario: name }) ?? 0
      return [name, { iterations: count('iterations'), dropped: count('dropped_iterations') }]
    }),
  )

function operationsOf(sums: Totals): Record<string, OperationCounts> {
  const names = [scenarioMetrics.acknowledged, scenarioMetrics.refused, scenarioMetrics.unknownCount]
  const operations = new Set(names.flatMap((name) => sums.values(counter(name), 'op')))
  const countsOf = (op: string): OperationCounts => {
    const count = (name: string) => sums.sum(counter(name), { op }) ?? 0
    return {
      acknowledged: count(scenarioMetrics.acknowledged),
      amountCents: count(scenarioMetrics.amount),
      digestLow: count(scenarioMetrics.digestLow),
      digestHigh: count(scenarioMetrics.digestHigh),
      refused: count(scenarioMetrics.refused),
      unknown: count(scenarioMetrics.unknownCount),
    }
  }
  return Object.fromEntries([...operations].map((op) => [op, countsOf(op)]))
}

function socketsOf(sums: Totals, plan: LoadPlan): Pick<LoadFrame, 'sockets'> {
  if (plan.sockets === undefined) return {}
  const {
    connected = 0,
    failed = 0,
    dropped = 0,
    'sent-away': sentAway = 0,
    kept = 0,
    moved = 0,
  } = sums.sumBy(counter(scenarioMetrics.socketEvents), 'outcome')
  const open = sums.sum(gauge(scenarioMetrics.socketsOpen)) ?? 0
  return { sockets: { open, connected, failed, dropped, sentAway, kept, moved } }
}

/** Each unknown key is a series. It is reported once and then dropped from the totals, which would otherwise grow without limit. */
function unknownKeys(): (request: WriteRequest) => LoadFrame['unknownKeys'] {
  const told = new Set<string>()
  const name = counter(scenarioMetrics.unknown)
  return ({ series }) =>
    series.flatMap(({ name: given, labels: { op, key } }) => {
      if (given !== name || op === undefined || key === undefined || told.has(key)) return []
      told.add(key)
      return [{ operation: op, key }]
    })
}

type Histogram = readonly (readonly [number, number])[]

/** Makes the function that tells how a histogram grew since the call before. */
function growth(): (now: HistogramTotal) => Histogram {
  let before: ReadonlyMap<number, number> = new Map()
  return ({ buckets }) => {
    const grown = [...buckets].map(([bound, count]) => [bound, count - (before.get(bound) ?? 0)] as const)
    before = buckets
    return ascending(grown.filter(([, count]) => count > 0))
  }
}

const ascending = (histogram: Histogram): Histogram => [...histogram].sort(([a], [b]) => a - b)

function addedUp(a: Histogram, b: Histogram): Histogram {
  const counts = new Map<number, number>(a)
  for (const [bound, count] of b) counts.set(bound, (counts.get(bound) ?? 0) + count)
  return [...counts]
}

function lagOf(grown: Histogram): Pick<LoadFrame, 'loopLag'> {
  const count = grown.reduce((sum, [, each]) => sum + each, 0)
  if (count === 0) return {}
  let left = Math.ceil(count * 0.95)
  for (const [bound, each] of grown) {
    left -= each
    if (left <= 0) return { loopLag: { count, p95Ms: bound } }
  }
  return {}
}
