/**
 * Prometheus remote write 1.0 (https://prometheus.io/docs/specs/prw/remote_write_spec/): a snappy block that holds a protobuf
 * `prometheus.WriteRequest` (field numbers from prompb/types.proto). Float samples and native histograms with integer counts are
 * read; metadata and exemplars are skipped. Decoding never throws: malformed or too large input is a problem in words.
 */
import { createReader, ProtobufError, type Reader } from './protobuf.ts'
import { SnappyError, uncompress } from './snappy.ts'

export type WriteRequest = { readonly series: readonly TimeSeries[] }

export type TimeSeries = {
  readonly name: string
  /** All labels but `__name__`. */
  readonly labels: Readonly<Record<string, string>>
  readonly samples: readonly FloatSample[]
  readonly histograms: readonly NativeHistogram[]
}

/** `value` may be NaN or infinite; a stale marker is a NaN. */
export type FloatSample = { readonly value: number; readonly timestampMs: number }

/** Cumulative counts. Bucket `index` reaches from base^(index-1), excluded, to base^index, included; base = 2^(2^-schema). */
export type NativeHistogram = {
  readonly timestampMs: number
  readonly count: number
  readonly sum: number
  readonly schema: number
  readonly zeroThreshold: number
  readonly zeroCount: number
  readonly positive: readonly BucketCount[]
  readonly negative: readonly BucketCount[]
}
export type BucketCount = readonly [index: number, count: number]

export type DecodedWrite =
  | { readonly ok: true; readonly request: WriteRequest }
  | { readonly ok: false; readonly problem: string }

/** Far above what one k6 sends in a second (some 200 bytes a series), far below what would hurt. */
const UNCOMPRESSED_BYTES_MAX = 64 * 1024 * 1024
/** A span may claim any length in a few bytes, so the claim is bounded. Real histograms have some hundred buckets. */
const BUCKETS_MAX = 10_000
const SCHEMA_RANGE = [-4, 8] as const

export function decodeWriteRequest(body: Uint8Array, bytesMax: number = UNCOMPRESSED_BYTES_MAX): DecodedWrite {
  try {
    return { ok: true, request: writeRequest(createReader(uncompress(body, bytesMax))) }
  } catch (error) {
    if (error instanceof SnappyError) return { ok: false, problem: error.message }
    if (error instanceof ProtobufError) return { ok: false, problem: `not a WriteRequest: ${error.message}` }
    throw error
  }
}

/** Upper bound of a bucket, in the histogram's own unit. */
export const upperBound = (schema: number, index: number): number => 2 ** (index * 2 ** -schema)

function writeRequest(reader: Reader): WriteRequest {
  const series: TimeSeries[] = []
  for (let field = reader.field(); field !== 0; field = reader.field()) {
    if (field === 1) series.push(timeSeries(reader.message()))
    else reader.skip()
  }
  return { series }
}

function timeSeries(reader: Reader): TimeSeries {
  const labels: Record<string, string> = {}
  const samples: FloatSample[] = []
  const histograms: NativeHistogram[] = []
  let name = ''
  for (let field = reader.field(); field !== 0; field = reader.field()) {
    if (field === 1) {
      const label = nameAndValue(reader.message())
      if (label.name === '__name__') name = label.value
      else Object.defineProperty(labels, label.name, { value: label.value, enumerable: true, configurable: true })
    } else if (field === 2) samples.push(floatSample(reader.message()))
    else if (field === 4) histograms.push(nativeHistogram(reader.message()))
    else reader.skip()
  }
  if (name === '') throw new ProtobufError('a series has no name')
  return { name, labels, samples, histograms }
}

function nameAndValue(reader: Reader): { name: string; value: string } {
  const label = { name: '', value: '' }
  for (let field = reader.field(); field !== 0; field = reader.field()) {
    if (field === 1) label.name = reader.text()
    else if (field === 2) label.value = reader.text()
    else reader.skip()
  }
  return label
}

function floatSample(reader: Reader): FloatSample {
  const sample = { value: 0, timestampMs: 0 }
  for (let field = reader.field(); field !== 0; field = reader.field()) {
    if (field === 1) sample.value = reader.double()
    else if (field === 2) sample.timestampMs = reader.integer()
    else reader.skip()
  }
  return sample
}

type Span = { readonly offset: number; readonly length: number }

function nativeHistogram(reader: Reader): NativeHistogram {
  const histogram = { timestampMs: 0, count: 0, sum: 0, schema: 0, zeroThreshold: 0, zeroCount: 0 }
  const spans: Record<'negative' | 'positive', Span[]> = { negative: [], positive: [] }
  const deltas: Record<'negative' | 'positive', number[]> = { negative: [], positive: [] }
  for (let field = reader.field(); field !== 0; field = reader.field()) {
    if (field === 1) histogram.count = reader.integer()
    else if (field === 3) histogram.sum = reader.double()
    else if (field === 4) histogram.schema = reader.signed()
    else if (field === 5) histogram.zeroThreshold = reader.double()
    else if (field === 6) histogram.zeroCount = reader.integer()
    else if (field === 8) spans.negative.push(bucketSpan(reader.message()))
    else if (field === 9) reader.signedList(deltas.negative)
    else if (field === 11) spans.positive.push(bucketSpan(reader.message()))
    else if (field === 12) reader.signedList(deltas.positive)
    else if (field === 15) histogram.timestampMs = reader.integer()
    else if (FLOAT_COUNTS.has(field)) throw new ProtobufError('a histogram has float counts')
    else reader.skip()
  }
  if (histogram.schema < SCHEMA_RANGE[0] || histogram.schema > SCHEMA_RANGE[1])
    throw new ProtobufError(`a histogram has schema ${histogram.schema}`)
  return {
    ...histogram,
    positive: buckets(spans.positive, deltas.positive),
    negative: buckets(spans.negative, deltas.negative),
  }
}

/** count_float, zero_count_float, negative_counts and positive_counts: histograms with fractions, which clients never send. */
const FLOAT_COUNTS: ReadonlySet<number> = new Set([2, 7, 10, 13])

function bucketSpan(reader: Reader): Span {
  const span = { offset: 0, length: 0 }
  for (let field = reader.field(); field !== 0; field = reader.field()) {
    if (field === 1) span.offset = reader.signed()
    else if (field === 2) span.length = reader.integer()
    else reader.skip()
  }
  return span
}

/** Spans say which buckets there are, each by its distance to the end of the one before; deltas are between neighbours' counts. */
function buckets(spans: readonly Span[], deltas: readonly number[]): readonly BucketCount[] {
  const claimed = spans.reduce((sum, { length }) => sum + (length < 0 ? Number.NaN : length), 0)
  if (!(claimed <= BUCKETS_MAX) || claimed !== deltas.length)
    throw new ProtobufError(`spans claim ${claimed} buckets, ${deltas.length} are given`)
  const counts: BucketCount[] = []
  let index = 0
  let count = 0
  for (const { offset, length } of spans) {
    index += offset
    for (let each = 0; each < length; each++, index++) {
      count += deltas[counts.length] ?? 0
      if (count < 0) throw new ProtobufError('a bucket has a negative count')
      counts.push([index, count])
    }
  }
  return counts
}
