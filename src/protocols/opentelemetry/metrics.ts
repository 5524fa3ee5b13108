/**
 * OTLP metrics (https://opentelemetry.io/docs/specs/otlp/): a protobuf `ExportMetricsServiceRequest`, field numbers from
 * opentelemetry-proto 1.9, metrics/v1/metrics.proto. Sums, gauges and exponential histograms are read; everything else is skipped or refused. Decoding
 * never throws: malformed input is a problem in words.
 */
import { createReader, ProtobufError, type Reader } from '../prometheus/protobuf.ts'

export type MetricPoint = {
  readonly name: string
  readonly attributes: Readonly<Record<string, string>>
  readonly value:
    | { readonly kind: 'sum' | 'gauge'; readonly value: number }
    | { readonly kind: 'histogram'; readonly histogram: ExponentialHistogram }
}

/** Counts since the start. Bucket `index` reaches from base^index, excluded, to base^(index+1), included; base = 2^(2^-scale). */
export type ExponentialHistogram = {
  readonly count: number
  readonly scale: number
  readonly zeroCount: number
  readonly positive: readonly (readonly [index: number, count: number])[]
  /** Values below zero, all together. */
  readonly negativeCount: number
}

export type DecodedExport =
  | { readonly ok: true; readonly points: readonly MetricPoint[] }
  | { readonly ok: false; readonly problem: string }

export function decodeMetricsExport(body: Uint8Array): DecodedExport {
  try {
    const points: MetricPoint[] = []
    each(createReader(body), {
      1: (resource) =>
        each(resource.message(), { 2: (scope) => each(scope.message(), { 2: (m) => metric(m, points) }) }),
    })
    return { ok: true, points }
  } catch (error) {
    if (error instanceof ProtobufError) return { ok: false, problem: `not an OTLP export: ${error.message}` }
    throw error
  }
}

type Fields = Readonly<Record<number, (reader: Reader) => void>>

/** Reads a message field by field and skips those that are not named. */
function each(reader: Reader, fields: Fields): void {
  for (let field = reader.field(); field !== 0; field = reader.field()) {
    const read = fields[field]
    if (read) read(reader)
    else reader.skip()
  }
}

function metric(outer: Reader, points: MetricPoint[]): void {
  let name = ''
  const of = (read: (reader: Reader) => Omit<MetricPoint, 'name'>) => (reader: Reader) =>
    each(reader.message(), { 1: (point) => points.push({ name, ...read(point.message()) }) })
  each(outer.message(), {
    1: (reader) => {
      name = reader.text()
    },
    5: of((point) => number(point, 'gauge')),
    7: of((point) => number(point, 'sum')),
    9: () => {
      throw new ProtobufError(`${name} is a histogram with fixed bounds`)
    },
    10: of(exponential),
  })
}

function number(point: Reader, kind: 'sum' | 'gauge'): Omit<MetricPoint, 'name'> {
  const attributes: Record<string, string> = {}
  let value = 0
  each(point, {
    4: (reader) => {
      value = reader.double()
    },
    6: (reader) => {
      value = reader.fixed64()
    },
    7: (reader) => attribute(reader, attributes),
  })
  return { attributes, value: { kind, value } }
}

function exponential(point: Reader): Omit<MetricPoint, 'name'> {
  const attributes: Record<string, string> = {}
  const histogram = { count: 0, scale: 0, zeroCount: 0, negativeCount: 0, positive: [] as [number, number][] }
  each(point, {
    1: (reader) => attribute(reader, attributes),
    4: (reader) => {
      histogram.count = reader.fixed64()
    },
    6: (reader) => {
      histogram.scale = reader.signed()
    },
    7: (reader) => {
      histogram.zeroCount = reader.fixed64()
    },
    8: (reader) => {
      histogram.positive = buckets(reader.message())
    },
    9: (reader) => {
      histogram.negativeCount = buckets(reader.message()).reduce((sum, [, count]) => sum + count, 0)
    },
  })
  return { attributes, value: { kind: 'histogram', histogram } }
}

function buckets(reader: Reader): [number, number][] {
  let offset = 0
  const counts: number[] = []
  each(reader, {
    1: (field) => {
      offset = field.signed()
    },
    2: (field) => field.integerList(counts),
  })
  return counts.flatMap((count, index) => (count > 0 ? [[offset + index, count]] : []))
}

function attribute(reader: Reader, attributes: Record<string, string>): void {
  let key = ''
  let value = ''
  each(reader.message(), {
    1: (field) => {
      key = field.text()
    },
    2: (field) => {
      value = anyValue(field.message())
    },
  })
  Object.defineProperty(attributes, key, { value, enumerable: true, configurable: true })
}

function anyValue(reader: Reader): string {
  let value = ''
  each(reader, {
    1: (field) => {
      value = field.text()
    },
    2: (field) => {
      value = field.integer() === 0 ? 'false' : 'true'
    },
    3: (field) => {
      value = String(field.integer())
    },
    4: (field) => {
      value = String(field.double())
    },
  })
  return value
}
