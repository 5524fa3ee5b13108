import fc from 'fast-check'
import protobuf from 'protobufjs'
import snappy from 'snappyjs'
import { describe, expect, it } from 'vitest'
import { decodeWriteRequest, upperBound } from '../../../src/protocols/prometheus/remote-write.ts'
import { uncompress } from '../../../src/protocols/prometheus/snappy.ts'

/** An independent encoder: the message definitions of remote write 1.0 as protobufjs reads them, and snappyjs. */
const { root } = protobuf.parse(`
  syntax = "proto3";
  message WriteRequest { repeated TimeSeries timeseries = 1; }
  message TimeSeries { repeated Label labels = 1; repeated Sample samples = 2; repeated Histogram histograms = 4; }
  message Label { string name = 1; string value = 2; }
  message Sample { double value = 1; int64 timestamp = 2; }
  message BucketSpan { sint32 offset = 1; uint32 length = 2; }
  message Histogram {
    oneof count { uint64 count_int = 1; double count_float = 2; }
    double sum = 3;
    sint32 schema = 4;
    double zero_threshold = 5;
    oneof zero_count { uint64 zero_count_int = 6; double zero_count_float = 7; }
    repeated BucketSpan negative_spans = 8;
    repeated sint64 negative_deltas = 9;
    repeated BucketSpan positive_spans = 11;
    repeated sint64 positive_deltas = 12;
    int64 timestamp = 15;
  }`)
const WriteRequest = root.lookupType('WriteRequest')
const encode = (timeseries: readonly object[]): Uint8Array =>
  snappy.compress(WriteRequest.encode(WriteRequest.fromObject({ timeseries })).finish())

const label = (name: string, value: string) => ({ name, value })
const decoded = (body: Uint8Array) => {
  const result = decodeWriteRequest(body)
  if (!result.ok) throw new Error(result.problem)
  return result.request.series
}

describe('a remote write', () => {
  it('is read with its labels, samples and time', () => {
    const labels = [label('__name__', 'k6_md_bad_total'), label('sli', 'deposit'), label('__proto__', 'x')]
    const [series] = decoded(encode([{ labels, samples: [{ value: 12.5, timestamp: 1_795_472_814_177 }] }]))
    expect(series?.name).toBe('k6_md_bad_total')
    expect(Object.entries(series?.labels ?? {})).toEqual([
      ['sli', 'deposit'],
      ['__proto__', 'x'],
    ])
    expect(series?.samples).toEqual([{ value: 12.5, timestampMs: 1_795_472_814_177 }])
  })

  it('has native histograms whose spans and deltas become buckets', () => {
    const histogram = {
      countInt: 11,
      sum: 0.5,
      schema: 3,
      zeroThreshold: 2.938735877055719e-39,
      zeroCountInt: 2,
      // Buckets -40, -39, then a gap of three, then -35.
      positiveSpans: [
        { offset: -40, length: 2 },
        { offset: 3, length: 1 },
      ],
      positiveDeltas: [3, 1, -2],
      timestamp: 7,
    }
    const [series] = decoded(
      encode([{ labels: [label('__name__', 'k6_md_latency_seconds')], histograms: [histogram] }]),
    )
    expect(series?.histograms[0]).toEqual({
      timestampMs: 7,
      count: 11,
      sum: 0.5,
      schema: 3,
      zeroThreshold: 2.938735877055719e-39,
      zeroCount: 2,
      positive: [
        [-40, 3],
        [-39, 4],
        [-35, 2],
      ],
      negative: [],
    })
    expect(upperBound(3, -40)).toBeCloseTo(1 / 32, 12)
  })

  it('keeps whole numbers exact up to 2^53 and refuses larger ones', () => {
    const of = (countInt: string) => encode([{ labels: [label('__name__', 'h')], histograms: [{ countInt }] }])
    expect(decoded(of('9007199254740991'))[0]?.histograms[0]?.count).toBe(Number.MAX_SAFE_INTEGER)
    expect(decodeWriteRequest(of('9007199254740992'))).toMatchObject({ ok: false })
  })

  it.each([
    ['a series without a name', [{ labels: [label('sli', 'login')] }], 'no name'],
    ['float counts', [{ labels: [label('__name__', 'h')], histograms: [{ countFloat: 1.5 }] }], 'float counts'],
    [
      'spans that claim more buckets than there are',
      [{ labels: [label('__name__', 'h')], histograms: [{ positiveSpans: [{ offset: 0, length: 4_000_000_000 }] }] }],
      'buckets',
    ],
    [
      'a bucket with less than nothing in it',
      [{ labels: [label('__name__', 'h')], histograms: [{ positiveSpans: [{ length: 1 }], positiveDeltas: [-1] }] }],
      'negative count',
    ],
  ])('with %s is refused with a reason', (_, series, problem) => {
    expect(decodeWriteRequest(encode(series))).toEqual({ ok: false, problem: expect.stringContaining(problem) })
  })

  it('that announces more than the limit is refused before memory is allocated', () => {
    expect(decodeWriteRequest(new Uint8Array([0xff, 0xff, 0xff, 0xff, 0x0f]))).toMatchObject({ ok: false })
    expect(decodeWriteRequest(encode([]), 0)).toMatchObject({ ok: true })
    expect(decodeWriteRequest(encode([{ labels: [label('__name__', 'a')] }]), 3)).toMatchObject({ ok: false })
  })

  it('decodes whatever was encoded', () => {
    const series = fc.record({
      labels: fc.array(fc.tuple(fc.string(), fc.string()), { maxLength: 4 }),
      value: fc.double({ noNaN: true }),
      timestamp: fc.integer({ min: -1000, max: 2 ** 48 }),
      buckets: fc.array(fc.tuple(fc.integer({ min: 0, max: 40 }), fc.array(fc.nat(1_000_000), { maxLength: 9 }))),
    })
    fc.assert(
      fc.property(fc.array(series, { maxLength: 8 }), (all) => {
        const body = encode(all.map((each) => encodable(each)))
        expect(decoded(body).map(({ samples, histograms }) => [samples, histograms[0]?.positive])).toEqual(
          all.map(({ value, timestamp, buckets }) => [[{ value, timestampMs: timestamp }], countsIn(buckets)]),
        )
      }),
      { numRuns: 200 },
    )
  })

  it('that is damaged anywhere gives a result, and never throws or hangs', () => {
    const body = encode([
      {
        labels: [label('__name__', 'h'), label('sli', 'x'.repeat(200))],
        samples: [{ value: 1 }],
        histograms: [{ countInt: 3, positiveSpans: [{ offset: 2, length: 2 }], positiveDeltas: [1, 1] }],
      },
    ])
    fc.assert(
      fc.property(fc.nat(body.length - 1), fc.nat(255), fc.nat(body.length), (at, byte, length) => {
        // A copy: protobufjs gives a Buffer, whose own slice is a view, and what one round breaks would stay broken for the next.
        const broken = Uint8Array.from(body.subarray(0, length))
        if (at < broken.length) broken[at] = byte
        expect(typeof decodeWriteRequest(broken).ok).toBe('boolean')
      }),
      { numRuns: 3000 },
    )
    for (let length = 1; length < body.length; length++)
      expect(decodeWriteRequest(body.subarray(0, length)).ok).toBe(false)
  })
})

describe('a snappy block', () => {
  it('is decompressed to the original, with runs and repetitions', () => {
    const pieces = fc.array(fc.tuple(fc.uint8Array({ maxLength: 70 }), fc.integer({ min: 1, max: 40 })), {
      maxLength: 12,
    })
    fc.assert(
      fc.property(pieces, (all) => {
        const bytes = Uint8Array.from(
          all.flatMap(([piece, times]) => Array.from({ length: times }, () => [...piece]).flat()),
        )
        expect(uncompress(snappy.compress(bytes), 1 << 20)).toEqual(bytes)
      }),
    )
  })
})

type Generated = {
  readonly labels: readonly (readonly [string, string])[]
  readonly value: number
  readonly timestamp: number
  readonly buckets: readonly (readonly [gap: number, counts: readonly number[]])[]
}

function encodable({ labels, value, timestamp, buckets }: Generated): object {
  const counts = buckets.flatMap(([, each]) => each)
  return {
    labels: [label('__name__', 'any'), ...labels.map(([name, text]) => label(`l${name}`, text))],
    samples: [{ value, timestamp }],
    histograms: [
      {
        countInt: counts.reduce((sum, count) => sum + count, 0),
        positiveSpans: buckets.map(([offset, each]) => ({ offset, length: each.length })),
        positiveDeltas: counts.map((count, index) => count - (counts[index - 1] ?? 0)),
      },
    ],
  }
}

function countsIn(buckets: Generated['buckets']): (readonly [number, number])[] {
  let index = 0
  return buckets.flatMap(([gap, counts]) => {
    index += gap
    return counts.map((count) => [index++, count] as const)
  })
}
