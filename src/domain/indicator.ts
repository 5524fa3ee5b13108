/**
 * Indicators that a rehearsal declares: where the attempts of an SLI come from, and which of them are good. A union on `kind`, one kind for each sort of
 * measurement. The kinds here are k6's own metrics, so that any k6 script can feed an SLI. An SLI that a script measures by `lib/measure` needs no
 * declaration.
 */
import type { SourcePoint } from './issue.ts'

/** Only samples with these k6 tags. A group is written with or without its leading `::`. */
export type Tags = Readonly<Record<string, string>>

export type Indicator = IndicatorSource & { readonly at: SourcePoint }

export type IndicatorSource =
  /** HTTP requests: bad where k6 says `http_req_failed`. Latency is `http_req_duration` of the good ones. */
  | { readonly kind: 'http'; readonly where: Tags }
  /** gRPC calls: good with status OK. Latency is `grpc_req_duration` of the good ones. */
  | { readonly kind: 'grpc'; readonly where: Tags }
  /** WebSocket handshakes: good with status 101. Latency is `ws_connecting` of the good ones. */
  | { readonly kind: 'websocket'; readonly where: Tags }
  /** `check()` of a script: a passed check is good. */
  | { readonly kind: 'checks'; readonly where: Tags }
  /** A custom Rate: `good` says which of its values is good. */
  | { readonly kind: 'rate'; readonly metric: string; readonly good: 'zero' | 'nonzero'; readonly where: Tags }
  /** A custom Trend in milliseconds: each sample is one good attempt. */
  | { readonly kind: 'trend'; readonly metric: string; readonly where: Tags }
  /** Two custom Counters. */
  | { readonly kind: 'counters'; readonly good: string; readonly bad: string; readonly where: Tags }

export type IndicatorKind = IndicatorSource['kind']

/** Whether attempts of a kind can be bad, and whether they have a latency. An objective needs the one or the other. */
export const indicatorAbilities: Readonly<
  Record<IndicatorKind, { readonly canBeBad: boolean; readonly hasLatency: boolean }>
> = {
  http: { canBeBad: true, hasLatency: true },
  grpc: { canBeBad: true, hasLatency: true },
  websocket: { canBeBad: true, hasLatency: true },
  checks: { canBeBad: true, hasLatency: false },
  rate: { canBeBad: true, hasLatency: false },
  trend: { canBeBad: false, hasLatency: true },
  counters: { canBeBad: true, hasLatency: false },
}

/** k6 tags that an indicator reads. k6 must keep these system tags. */
export function tagsRead(indicator: IndicatorSource): readonly string[] {
  const named = Object.keys(indicator.where)
  switch (indicator.kind) {
    case 'http':
      return ['expected_response', 'status', 'error_code', ...named]
    case 'grpc':
    case 'websocket':
      return ['status', ...named]
    case 'checks':
      return ['check', ...named]
    case 'rate':
    case 'trend':
    case 'counters':
      return named
  }
}

/** Latencies of k6's own metrics are counted in histogram buckets, so a limit is judged at the highest bucket bound that is not above it. */
export const BUCKETS_PER_DOUBLING = 8

/** The bound at which a limit is judged, in ms. It is at most 9 % below the limit. */
export const judgedAtMs = (limitMs: number): number =>
  2 ** (Math.floor(Math.log2(limitMs) * BUCKETS_PER_DOUBLING + 1e-9) / BUCKETS_PER_DOUBLING)
