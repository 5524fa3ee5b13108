/** How k6's metrics reach the receiver, and which tags k6 keeps on them. */
import { tagsRead } from '../../domain/indicator.ts'
import type { LoadPlan } from '../../domain/timeline.ts'
import { type DecodedWrite, decodeWriteRequest } from '../../protocols/prometheus/remote-write.ts'
import { decodeOtlp } from './otlp.ts'
import { selectorOf } from './thresholds.ts'

export type Output = {
  readonly name: string
  /** Unit of histograms, in ms. */
  readonly unitMs: number
  readonly decode: (body: Uint8Array) => DecodedWrite
  /** Environment for pushes to a URL. */
  env(url: string): Readonly<Record<string, string>>
}

/** Remote write is cheaper for a script that measures by `lib/measure`: it sends only what changed. k6's own metrics need OpenTelemetry; see otlp.ts. */
export const outputFor = ({ indicators, outside, thresholds }: LoadPlan): Output =>
  indicators === undefined && outside === undefined && thresholds === undefined ? remoteWriteOutput : openTelemetry

/** A Prometheus takes it too. */
export const remoteWriteOutput: Output = {
  name: 'experimental-prometheus-rw',
  unitMs: 1000,
  decode: decodeWriteRequest,
  env: (url) => ({
    K6_PROMETHEUS_RW_SERVER_URL: url,
    K6_PROMETHEUS_RW_PUSH_INTERVAL: '1s',
    K6_FEATURES: 'native-histograms',
    // At the end they carry the last state of every histogram; see scenarios/lib/series.ts for the counters.
    K6_PROMETHEUS_RW_STALE_MARKERS: 'true',
  }),
}

const openTelemetry: Output = {
  name: 'opentelemetry',
  unitMs: 1,
  decode: decodeOtlp,
  env: (url) => {
    const { host, pathname } = new URL(url)
    return {
      K6_OTEL_EXPORTER_PROTOCOL: 'http/protobuf',
      K6_OTEL_HTTP_EXPORTER_ENDPOINT: host,
      K6_OTEL_HTTP_EXPORTER_URL_PATH: pathname,
      K6_OTEL_HTTP_EXPORTER_INSECURE: 'true',
      K6_OTEL_EXPORT_INTERVAL: '1s',
      K6_OTEL_FLUSH_INTERVAL: '250ms',
      // The default bounds (…100, 250, 500…) do not tell 120 ms from 200 ms.
      OTEL_EXPORTER_OTLP_METRICS_DEFAULT_HISTOGRAM_AGGREGATION: 'base2_exponential_bucket_histogram',
      // Above its limit of 2,000 the SDK puts series together.
      OTEL_GO_X_CARDINALITY_LIMIT: '100000',
    }
  },
}

/** k6's system tags. Others are the script's own, which k6 always keeps. */
const SYSTEM_TAGS = new Set(
  'proto subproto status method url name group check error error_code tls_version scenario service expected_response vu iter ip ocsp_status'.split(
    ' ',
  ),
)
const KEPT = ['scenario', 'group', 'check', 'status', 'error_code', 'expected_response', 'method'] as const

/**
 * The system tags that k6 keeps for a script whose load is set from outside. Each URL and each name would be a series of its own, so these two are kept only
 * where an indicator or a threshold reads them.
 */
export function systemTags({ indicators = {}, outside, thresholds = [] }: LoadPlan): string | undefined {
  if (outside === undefined && Object.keys(indicators).length === 0) return undefined
  const read = Object.values(indicators).flatMap(tagsRead)
  const compared = thresholds.flatMap(({ metric }) => Object.keys(selectorOf(metric).tags))
  return [...new Set([...KEPT, ...read, ...compared])].filter((tag) => SYSTEM_TAGS.has(tag)).join(',')
}
