import protobuf from 'protobufjs'
import snappy from 'snappyjs'
import { describe, expect, it } from 'vitest'
import { decodeWriteRequest } from '../../../src/protocols/prometheus/remote-write.ts'
import { remoteWriteBody, type WrittenSeries } from '../../../src/protocols/prometheus/remote-write-body.ts'

/** An independent decoder: the message definitions of remote write 1.0 as protobufjs reads them, and snappyjs. */
const { root } = protobuf.parse(`
  syntax = "proto3";
  message WriteRequest { repeated TimeSeries timeseries = 1; }
  message TimeSeries { repeated Label labels = 1; repeated Sample samples = 2; }
  message Label { string name = 1; string value = 2; }
  message Sample { double value = 1; int64 timestamp = 2; }`)
const decoded = (body: Uint8Array) =>
  root.lookupType('WriteRequest').toObject(root.lookupType('WriteRequest').decode(snappy.uncompress(body)), {
    longs: Number,
  })

const at = 1_795_472_814_177
const series = (labels: Readonly<Record<string, string>>, ...values: readonly number[]): WrittenSeries => ({
  name: 'matchday_x',
  labels,
  samples: values.map((value, index) => ({ timestampMs: at + index, value })),
})

describe('a body of remote write', () => {
  it('is read by another decoder, with its labels sorted and without empty ones', () => {
    expect(decoded(remoteWriteBody([series({ sli: 'größe', a: 'b', none: '' }, 1.5, -0)]))).toEqual({
      timeseries: [
        {
          labels: [
            { name: '__name__', value: 'matchday_x' },
            { name: 'a', value: 'b' },
            { name: 'sli', value: 'größe' },
          ],
          samples: [
            { value: 1.5, timestamp: at },
            { value: -0, timestamp: at + 1 },
          ],
        },
      ],
    })
  })

  it('may be larger than one literal of snappy', () => {
    const many = Array.from({ length: 3000 }, (_, index) => series({ n: `${index}`.repeat(20) }, index))
    const read = decodeWriteRequest(remoteWriteBody(many))
    expect(read.ok && read.request.series.length).toBe(3000)
    expect(decoded(remoteWriteBody(many)).timeseries).toHaveLength(3000)
  })

  it('ends a series with the NaN that Prometheus knows', () => {
    const body = snappy.uncompress(
      remoteWriteBody([{ name: 'x', labels: {}, samples: [{ timestampMs: at, value: 'stale' }] }]),
    )
    expect(Buffer.from(body).includes(Buffer.from('020000000000f07f', 'hex'))).toBe(true)
  })

  it('can be empty', () => {
    expect(decoded(remoteWriteBody([]))).toEqual({})
  })
})
