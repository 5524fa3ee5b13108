/**
 * A body of Prometheus remote write 1.0: a protobuf `prometheus.WriteRequest` (field numbers from prompb/types.proto) in a snappy block. The block holds
 * literals alone, which every decoder reads: what is published is a few kilobytes a second, and not worth a compressor.
 */

/** Samples in order of time. `stale` ends the series: queries show it no longer. */
export type WrittenSeries = {
  readonly name: string
  readonly labels: Readonly<Record<string, string>>
  readonly samples: readonly { readonly timestampMs: number; readonly value: number | 'stale' }[]
}

/** Headers that the protocol asks for. */
export const remoteWriteHeaders = {
  'content-type': 'application/x-protobuf',
  'content-encoding': 'snappy',
  'x-prometheus-remote-write-version': '0.1.0',
} as const

export const remoteWriteBody = (series: readonly WrittenSeries[]): Uint8Array =>
  snappyBlock(Buffer.concat(series.map((each) => message(1, timeSeries(each)))))

function timeSeries({ name, labels, samples }: WrittenSeries): Buffer {
  // The protocol wants labels sorted by name, and none without a value. `__name__` is before all lower-case ones.
  const all = Object.entries({ ...labels, __name__: name })
    .filter(([, value]) => value !== '')
    .sort(([a], [b]) => (a < b ? -1 : 1))
  return Buffer.concat([
    ...all.map(([key, value]) => message(1, Buffer.concat([text(1, key), text(2, value)]))),
    ...samples.map(({ value, timestampMs }) => message(2, Buffer.concat([double(1, value), integer(2, timestampMs)]))),
  ])
}

const message = (field: number, content: Buffer): Buffer =>
  Buffer.concat([varint((field << 3) | 2), varint(content.length), content])
const text = (field: number, value: string): Buffer => message(field, Buffer.from(value, 'utf8'))
const integer = (field: number, value: number): Buffer => Buffer.concat([varint(field << 3), varint(value)])

/** The NaN with which Prometheus ends a series (model/value/value.go, StaleNaN). */
const STALE = 0x7ff0000000000002n

function double(field: number, value: number | 'stale'): Buffer {
  const bytes = Buffer.alloc(8)
  if (value === 'stale') bytes.writeBigUInt64LE(STALE)
  else bytes.writeDoubleLE(value)
  return Buffer.concat([varint((field << 3) | 1), bytes])
}

/** Base 128, lowest group first. Numbers up to 2^53, so no shifts of 32 bits. */
function varint(value: number): Buffer {
  const bytes: number[] = []
  let rest = value
  while (rest >= 128) {
    bytes.push((rest % 128) | 128)
    rest = Math.floor(rest / 128)
  }
  return Buffer.from([...bytes, rest])
}

/** A literal of snappy has its length less one in the tag (60 and more: in the bytes after it). 64 KiB fit into two bytes. */
const LITERAL_MAX = 65_536
const TWO_BYTES_FOLLOW = 61 << 2

function snappyBlock(content: Buffer): Uint8Array {
  const parts: Buffer[] = [varint(content.length)]
  for (let from = 0; from < content.length; from += LITERAL_MAX) {
    const literal = content.subarray(from, from + LITERAL_MAX)
    const head = Buffer.alloc(3)
    head.writeUInt8(TWO_BYTES_FOLLOW, 0)
    head.writeUInt16LE(literal.length - 1, 1)
    parts.push(head, literal)
  }
  return Buffer.concat(parts)
}
