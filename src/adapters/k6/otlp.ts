/**
 * k6's OpenTelemetry output as the same series that its remote write makes, so that one code counts both. OTLP carries what remote write does not: a Rate
 * as counts of zero and nonzero values, and every series in every push, so that nothing stays behind at the end of a run.
 */
import {
  decodeMetricsExport,
  type ExponentialHistogram,
  type MetricPoint,
} from '../../protocols/opentelemetry/metrics.ts'
import type { DecodedWrite, NativeHistogram, TimeSeries } from '../../protocols/prometheus/remote-write.ts'

/** The SDK puts what is beyond its limit of series into one series with this attribute. */
const OVERFLOW = 'otel.metric.overflow'
/** Eight buckets per doubling, as in k6's native histograms. A finer scale is merged, so that bounds stay equal from push to push. */
const SCALE_MAX = 3

export function decodeOtlp(body: Uint8Array): DecodedWrite {
  const decoded = decodeMetricsExport(body)
  if (!decoded.ok) return decoded
  if (decoded.points.some(({ attributes }) => Object.hasOwn(attributes, OVERFLOW)))
    return { ok: false, problem: 'k6 has more series than its output can tell apart: tag requests by name, not by URL' }
  return { ok: true, request: { series: decoded.points.map(seriesOf) } }
}

function seriesOf({ name, attributes: labels, value }: MetricPoint): TimeSeries {
  if (value.kind === 'histogram')
    return { name: `k6_${name}_seconds`, labels, samples: [], histograms: [nativeOf(value.histogram)] }
  const samples = [{ value: value.value, timestampMs: 0 }]
  return { name: value.kind === 'gauge' ? `k6_${name}` : counterName(name), labels, samples, histograms: [] }
}

/** A Rate is exported as `NAME.total`. */
const counterName = (name: string): string =>
  name.endsWith('.total') ? `k6_${name.slice(0, -'.total'.length)}_rate_total` : `k6_${name}_total`

/** OTLP numbers a bucket by its lower bound, Prometheus by its upper one. */
function nativeOf({ count, scale, zeroCount, negativeCount, positive }: ExponentialHistogram): NativeHistogram {
  const schema = Math.min(scale, SCALE_MAX)
  const step = 2 ** (scale - schema)
  const merged = new Map<number, number>()
  for (const [index, each] of positive) {
    const at = Math.floor(index / step) + 1
    merged.set(at, (merged.get(at) ?? 0) + each)
  }
  const negative = negativeCount > 0 ? ([[0, negativeCount]] as const) : []
  const buckets = { positive: [...merged], negative }
  return { timestampMs: 0, count, sum: 0, schema, zeroThreshold: 0, zeroCount, ...buckets }
}
