/**
 * What gets worse while the load stays the same: latency of an indicator, memory or event loop of a pod. A warning with the time until its limit:
 * the run was too short to reach it, the event will not be. Never for a starved generator, which makes everything slower.
 */
import { LOOP_LAG, MEMORY } from '../../domain/metric-names.ts'
import { median, type TrendPoint, trendOf } from '../../domain/trend.ts'
import type { Finding } from '../../domain/verdict.ts'
import { finding } from '../findings/findings.ts'
import { duration } from '../findings/words.ts'
import { harmsOf } from '../harm/harm.ts'
import { countRows } from '../load/windows.ts'
import type { PodGauge } from '../seen/pod-gauges.ts'
import type { Seen } from '../seen/seen.ts'

type Span = { readonly fromAt: number; readonly toAt: number }
type Series = {
  readonly subject: string
  readonly points: readonly (TrendPoint & { readonly line: number })[]
  readonly limit: number
  readonly leastPoints: number
  readonly show: (value: number) => string
}

const BUCKET_MS = 5000
/** A quantile of fewer attempts is noise. */
const ATTEMPTS_LEAST = 40
/** A minute of latency. Memory of a young process grows until its first collections: two minutes. */
const POINTS_LEAST = { latency: 12, process: 24 } as const
/** By chance in one of 2,000 series. A run has some dozens. */
const Z_LEAST = 3.29
/** Less growth than a quarter over the span changes nothing that anybody would notice. */
const GROWTH_LEAST = 0.25
/** What flattens out is warming up: the second half grows at least half as fast as the whole. */
const STEADY = 0.5
/** Peaks last an hour or two; what takes longer to its limit survives until the next release. */
const SOON_MS = 2 * 3_600_000
/** After a ramp or a harm pools, caches and autoscalers need a while. */
const SETTLING_MS = 15_000
/** Lag of an event loop that users notice. */
const LAG_LIMIT_SECONDS = 0.1

export function degrading(seen: Seen): readonly Finding[] {
  return constantLoad(seen).flatMap((span) =>
    [...latencies(seen, span), ...processes(seen, span)].flatMap((series) => judgeSeries(series)),
  )
}

/** The longest stretch of each phase in which neither the load nor anything else was changed. */
function constantLoad(seen: Seen): readonly Span[] {
  const { zeroAt, head, seenUntil } = seen.run
  if (zeroAt === undefined) return []
  const harms = harmsOf(seen).map(({ createdAt, healedAt, endAt }) => ({
    fromAt: createdAt,
    toAt: (healedAt ?? endAt) + SETTLING_MS,
  }))
  return head.timeline.phases.flatMap(({ rampEndMs, toMs }) => {
    const [fromAt, toAt] = [zeroAt + rampEndMs + SETTLING_MS, Math.min(zeroAt + toMs, seenUntil)]
    const edges = [fromAt, ...harms.map((each) => each.toAt).filter((at) => at > fromAt && at < toAt)]
    const free = edges
      .filter((at) => !harms.some((each) => each.fromAt <= at && each.toAt > at))
      .map((at) => ({
        fromAt: at,
        toAt: Math.min(toAt, ...harms.map((each) => each.fromAt).filter((next) => next >= at)),
      }))
    return free.sort((a, b) => b.toAt - b.fromAt - (a.toAt - a.fromAt)).slice(0, 1)
  })
}

/** Each indicator with an objective on its latency, against the objective. */
function latencies(seen: Seen, { fromAt, toAt }: Span): readonly Series[] {
  return seen.run.head.rehearsal.slos.flatMap((slo): Series[] => {
    if (slo.kind !== 'latency') return []
    const buckets = Map.groupBy(
      seen.load.rows(slo.sli).filter((row) => row.fromAt >= fromAt && row.at <= toAt),
      (row) => Math.floor((row.at - fromAt) / BUCKET_MS),
    )
    const points = [...buckets].flatMap(([index, rows]) => {
      const { attempts, quantileMs } = countRows(rows, 0, slo.quantile)
      const line = rows[0]?.line ?? 0
      return quantileMs === undefined || attempts < ATTEMPTS_LEAST
        ? []
        : [{ at: fromAt + index * BUCKET_MS, value: quantileMs, line }]
    })
    const subject = `${slo.sli} p${slo.quantile * 100}`
    return [{ subject, points, limit: slo.targetMs, leastPoints: POINTS_LEAST.latency, show: (ms) => duration(ms) }]
  })
}

/** Memory of each pod whose limit is known, and the event loop of each pod that shows it. */
function processes(seen: Seen, { fromAt, toAt }: Span): readonly Series[] {
  return seen.podGauges.all.flatMap((gauge): Series[] => {
    const points = gauge.values.filter(({ at }) => at >= fromAt && at <= toAt)
    const of = { points, leastPoints: POINTS_LEAST.process }
    const limit = limitOf(seen, gauge)
    switch (gauge.metric) {
      case MEMORY:
        return limit === undefined
          ? []
          : [
              {
                ...of,
                subject: `memory of ${gauge.pod}`,
                limit,
                show: (bytes) => `${(bytes / 2 ** 20).toFixed(0)} MiB`,
              },
            ]
      case LOOP_LAG:
        return [
          {
            ...of,
            subject: `event loop of ${gauge.pod}`,
            limit: LAG_LIMIT_SECONDS,
            show: (lag) => duration(lag * 1000),
          },
        ]
      default:
        return []
    }
  })
}

function limitOf(seen: Seen, { source, pod }: PodGauge): number | undefined {
  const namespace = seen.run.head.target.sources[source]?.namespace
  return seen.objects.lives.all.find(
    (life) => life.name === pod && (namespace === undefined || life.namespace === namespace),
  )?.memoryLimit
}

function judgeSeries({ subject, points, limit, leastPoints, show }: Series): readonly Finding[] {
  const sorted = [...points].sort((a, b) => a.at - b.at)
  const [first, last] = [sorted[0], sorted.at(-1)]
  const trend = trendOf(sorted)
  if (!first || !last || !trend || sorted.length < leastPoints || trend.z < Z_LEAST) return []
  const late = trendOf(sorted.slice(sorted.length >> 1))
  if (!late || late.slope < STEADY * trend.slope) return []
  const spanMs = last.at - first.at
  const [start, end] = [middle(sorted.slice(0, 3)), middle(sorted.slice(-3))]
  const untilMs = Math.max(0, limit - end) / trend.slope
  if (trend.slope * spanMs < GROWTH_LEAST * start || untilMs > SOON_MS) return []
  const when = end >= limit ? 'it has passed' : `it reaches in ${timeText(untilMs)} at this rate`
  const sentence = `${subject} grew from ${show(start)} to ${show(end)} in ${duration(spanMs)} of constant load; its limit is ${show(limit)}, which ${when}.`
  return [finding('warning', 'degrading', subject, sentence, sorted.map(({ line }) => line).sort(compareNumbers))]
}

const middle = (points: readonly TrendPoint[]): number => median(points.map(({ value }) => value)) ?? 0
const timeText = (ms: number): string => (ms < 120_000 ? duration(ms) : `${Math.round(ms / 60_000)} min`)
const compareNumbers = (a: number, b: number): number => a - b
