/** A client of SPDY as client-go is one: each stream is opened with headers, all headers of the connection are one zlib stream, and the client pings. */
import { once } from 'node:events'
import { type ClientRequest, request } from 'node:http'
import { Duplex } from 'node:stream'
import { constants, createDeflate } from 'node:zlib'
import {
  dataFrame,
  framesOf,
  lastFrame,
  pingFrame,
  resetFrame,
} from '../../../src/lab/runtime/streaming/spdy-frames.ts'
import { DICTIONARY } from '../../../src/lab/runtime/streaming/spdy-headers.ts'

export type ClientStream = {
  /** What the server sent so far. */
  text(): string
  send(data: string | Buffer): void
  end(): void
  reset(): void
  /** Resolves when the server has ended or reset the stream. */
  readonly over: Promise<'ended' | 'reset'>
}

export type SpdyClient = {
  open(headers: Readonly<Record<string, string>>): Promise<ClientStream>
  /** The numbers of the pings that were answered. */
  readonly pongs: readonly number[]
  ping(id: number): void
  /** A frame that says: I leave. */
  leave(): void
  readonly closed: Promise<unknown>
}

type Kept = { chunks: Buffer[]; over(how: 'ended' | 'reset'): void }

export function spdyClient(connection: Duplex): SpdyClient {
  const streams = new Map<number, Kept>()
  const pongs: number[] = []
  const pack = headerPacker()
  let next = 1
  connection.on('error', () => undefined)
  const closed = receive().catch(() => undefined)

  async function receive(): Promise<void> {
    for await (const frame of framesOf(connection)) {
      if (frame.kind === 'ping') pongs.push(frame.id)
      if (frame.kind === 'data') streams.get(frame.stream)?.chunks.push(frame.data)
      if (frame.kind === 'data' && frame.isLast) streams.get(frame.stream)?.over('ended')
      if (frame.kind === 'reset') streams.get(frame.stream)?.over('reset')
    }
  }

  return {
    pongs,
    closed,
    ping: (id) => void connection.write(pingFrame(id)),
    leave: () => void connection.write(Buffer.from(`8003000700000008${'0'.repeat(16)}`, 'hex')),
    async open(headers) {
      const id = next
      next += 2
      const chunks: Buffer[] = []
      const { promise: over, resolve } = Promise.withResolvers<'ended' | 'reset'>()
      streams.set(id, { chunks, over: resolve })
      const head = Buffer.alloc(10)
      head.writeUInt32BE(id)
      const body = Buffer.concat([head, await pack(headers)])
      const frame = Buffer.alloc(8)
      frame.writeUInt32BE(0x8003_0001)
      frame.writeUInt32BE(body.length, 4)
      connection.write(Buffer.concat([frame, body]))
      return {
        over,
        text: () => Buffer.concat(chunks).toString(),
        send: (data) => void connection.write(dataFrame(id, Buffer.from(data))),
        end: () => void connection.write(lastFrame(id)),
        reset: () => void connection.write(resetFrame(id)),
      }
    },
  }
}

/** As Go's compress/zlib: one stream for all headers, flushed after each. */
export function headerPacker(): (headers: Readonly<Record<string, string>>) => Promise<Buffer> {
  const packer = createDeflate({ dictionary: DICTIONARY, level: constants.Z_BEST_COMPRESSION })
  const packed: Buffer[] = []
  packer.on('data', (chunk: Buffer) => packed.push(chunk))
  return async (headers) => {
    const words = Object.entries(headers).flat()
    packer.write(
      Buffer.concat([number(words.length / 2), ...words.flatMap((word) => [number(word.length), Buffer.from(word)])]),
    )
    await new Promise<void>((done) => packer.flush(constants.Z_SYNC_FLUSH, () => done()))
    return Buffer.concat(packed.splice(0))
  }
}

function number(value: number): Buffer {
  const bytes = Buffer.alloc(4)
  bytes.writeUInt32BE(value)
  return bytes
}

/** The connection after the server has agreed, or the status with which it did not. */
export function upgraded(url: string, protocol: string): Promise<Duplex | number> {
  return dialled(url, { upgrade: 'SPDY/3.1', 'x-stream-protocol-version': protocol })
}

/** SPDY inside a WebSocket. The client of `ws` takes no protocol with a slash in its name. */
export async function tunnelled(url: string): Promise<Duplex> {
  const socket = await dialled(url, {
    upgrade: 'websocket',
    'sec-websocket-version': '13',
    'sec-websocket-key': Buffer.alloc(16).toString('base64'),
    'sec-websocket-protocol': 'SPDY/3.1+portforward.k8s.io',
  })
  if (typeof socket === 'number') throw new Error(`refused with ${socket}`)
  const stream = new Duplex({
    read: () => undefined,
    write: (data: Buffer, _, done) => void socket.write(Buffer.concat([headOf(data.length), data]), done),
  })
  void passFrames(socket, stream)
  return stream
}

/** Of a binary message in one frame (RFC 6455, section 5.2), masked with zeros. */
function headOf(length: number): Buffer {
  const head = Buffer.alloc(14)
  head.writeUInt16BE(0x82ff)
  head.writeBigUInt64BE(BigInt(length), 2)
  return head
}

async function passFrames(socket: Duplex, to: Duplex): Promise<void> {
  let held: Buffer = Buffer.alloc(0)
  for await (const chunk of socket) {
    held = Buffer.concat([held, chunk])
    for (;;) {
      const short = (held[1] ?? 0) & 0x7f
      const head = short === 126 ? 4 : short === 127 ? 10 : 2
      if (held.length < head) break
      const length = short === 126 ? held.readUInt16BE(2) : short === 127 ? Number(held.readBigUInt64BE(2)) : short
      if (held.length < head + length) break
      const isClose = ((held[0] ?? 0) & 0x0f) === 8
      if (isClose) socket.end()
      else to.push(held.subarray(head, head + length))
      held = held.subarray(head + length)
    }
  }
  to.push(null)
}

async function dialled(url: string, asked: Readonly<Record<string, string>>): Promise<Duplex | number> {
  const sent: ClientRequest = request(url, {
    method: asked.upgrade === 'websocket' ? 'GET' : 'POST',
    headers: { connection: 'Upgrade', ...asked },
  })
  const agreed = once(sent, 'upgrade').then(([, socket]) => socket as Duplex)
  const refused = once(sent, 'response').then(([response]) => Number(response.statusCode))
  sent.end()
  return Promise.race([agreed, refused])
}
