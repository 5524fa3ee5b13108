/**
 * Frames of SPDY/3.1, as far as Kubernetes' clients use them: these open streams, send data, and end or reset streams. Flow control, priorities and settings
 * are ignored, as they are by github.com/moby/spdystream, which all of these clients use.
 * Source: SPDY Protocol, draft 3.1, sections 2.2 and 2.6.
 */
import { noHeaders } from './spdy-headers.ts'

/** `isLast`: the sender sends nothing more on this stream. `block`: compressed headers (spdy-headers.ts). */
export type SpdyFrame =
  | { readonly kind: 'open'; readonly stream: number; readonly isLast: boolean; readonly block: Buffer }
  | { readonly kind: 'headers'; readonly block: Buffer }
  | { readonly kind: 'data'; readonly stream: number; readonly isLast: boolean; readonly data: Buffer }
  | { readonly kind: 'reset'; readonly stream: number }
  | { readonly kind: 'ping'; readonly id: number }
  | { readonly kind: 'goaway' }
  | { readonly kind: 'ignored' }

const VERSION = 3
const HEAD_BYTES = 8
const FLAG_LAST = 1
// The highest bit of a frame tells control frames from data.
const CONTROL = 0x8000_0000
const TYPE = { open: 1, reply: 2, reset: 3, ping: 6, goaway: 7, headers: 8 } as const
// Status of a reset: this side no longer needs the stream.
const STATUS_CANCEL = 5

/** @throws Error for a frame of another version */
export async function* framesOf(chunks: AsyncIterable<Buffer>): AsyncGenerator<SpdyFrame> {
  let held: Buffer = Buffer.alloc(0)
  for await (const chunk of chunks) {
    held = held.length === 0 ? chunk : Buffer.concat([held, chunk])
    for (let bytes = bytesOfFirst(held); bytes <= held.length; bytes = bytesOfFirst(held)) {
      yield frameIn(held.subarray(0, bytes))
      held = held.subarray(bytes)
    }
  }
}

/** Length of the first frame, or of its header while that is incomplete. */
const bytesOfFirst = (held: Buffer): number =>
  held.length < HEAD_BYTES ? HEAD_BYTES : HEAD_BYTES + held.readUIntBE(5, 3)

function frameIn(frame: Buffer): SpdyFrame {
  const first = frame.readUInt32BE(0)
  const isLast = ((frame[4] ?? 0) & FLAG_LAST) !== 0
  const body = frame.subarray(HEAD_BYTES)
  if (first < CONTROL) return { kind: 'data', stream: first, isLast, data: body }
  const version = frame.readUInt16BE(0) & 0x7fff
  if (version !== VERSION) throw new Error(`a frame of SPDY ${version}, and not ${VERSION}`)
  return controlFrame(frame.readUInt16BE(2), isLast, body)
}

function controlFrame(type: number, isLast: boolean, body: Buffer): SpdyFrame {
  switch (type) {
    case TYPE.open:
      // Bytes 4 to 9, which are not used: an associated stream, a priority and a slot.
      return { kind: 'open', stream: body.readUInt32BE(0), isLast, block: body.subarray(10) }
    case TYPE.reply:
    case TYPE.headers:
      return { kind: 'headers', block: body.subarray(4) }
    case TYPE.reset:
      return { kind: 'reset', stream: body.readUInt32BE(0) }
    case TYPE.ping:
      return { kind: 'ping', id: body.readUInt32BE(0) }
    case TYPE.goaway:
      return { kind: 'goaway' }
    default:
      return { kind: 'ignored' }
  }
}

/** The answer to a client that opens a stream. `isFirst`: of its connection. */
export const replyFrame = (stream: number, isFirst: boolean): Buffer =>
  control(TYPE.reply, Buffer.concat([numbers(stream), noHeaders(isFirst)]))

export const resetFrame = (stream: number): Buffer => control(TYPE.reset, numbers(stream, STATUS_CANCEL))

export const pingFrame = (id: number): Buffer => control(TYPE.ping, numbers(id))

export const dataFrame = (stream: number, data: Buffer): Buffer => Buffer.concat([numbers(stream, data.length), data])

/** This side sends nothing more on the stream. */
export const lastFrame = (stream: number): Buffer => numbers(stream, FLAG_LAST << 24)

const control = (type: number, body: Buffer): Buffer =>
  Buffer.concat([numbers(CONTROL + (VERSION << 16) + type, body.length), body])

function numbers(...values: readonly number[]): Buffer {
  const bytes = Buffer.alloc(4 * values.length)
  for (const [index, value] of values.entries()) bytes.writeUInt32BE(value, 4 * index)
  return bytes
}
