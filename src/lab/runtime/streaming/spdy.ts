/** The streams that a SPDY client opens over one connection. Each is a stream of Node, whose ends are independent. */
import { Duplex } from 'node:stream'
import { dataFrame, framesOf, lastFrame, pingFrame, replyFrame, resetFrame, type SpdyFrame } from './spdy-frames.ts'
import { createHeaderReader, type SpdyHeaders } from './spdy-headers.ts'

/** Says who takes a stream that the client opens; undefined refuses it. */
export type StreamReceiver = (headers: SpdyHeaders, id: number) => ((stream: Duplex) => void) | undefined

type SpdyStream = {
  readonly stream: Duplex
  /** Resolves when the stream takes data again, or is closed. */
  awaitRoom(): Promise<void>
}

// A client that sends faster than a stream is read has to wait, with all its streams: SPDY's flow control is not used by Kubernetes' clients.
const HELD_BYTES_MAX = 1024 * 1024

/** Serves until the client leaves, and then closes the connection. @throws Error when the connection breaks */
export async function serveSpdy(connection: Duplex, receiver: StreamReceiver): Promise<void> {
  const streams = new Map<number, SpdyStream>()
  const headersIn = createHeaderReader()
  let replies = 0
  connection.on('error', () => undefined) // the loop below throws it
  connection.once('close', closeAll)
  try {
    for await (const frame of framesOf(connection.iterator({ destroyOnReturn: false }))) {
      if (frame.kind === 'goaway') break
      await take(frame)
    }
  } finally {
    closeAll()
    connection.resume().end()
  }

  function closeAll(): void {
    for (const { stream } of streams.values()) stream.destroy()
  }

  async function take(frame: Exclude<SpdyFrame, { kind: 'goaway' }>): Promise<void> {
    switch (frame.kind) {
      case 'open':
        return open(frame)
      case 'headers':
        headersIn(frame.block) // unused, but later headers refer to them
        return
      case 'data':
        return receive(frame)
      case 'reset': {
        const reset = streams.get(frame.stream)
        streams.delete(frame.stream)
        reset?.stream.destroy()
        return
      }
      case 'ping':
        connection.write(pingFrame(frame.id))
        return
      case 'ignored':
        return
    }
  }

  function open({ stream: id, isLast, block }: SpdyFrame & { kind: 'open' }): void {
    const taker = receiver(headersIn(block), id)
    if (!taker) return void connection.write(resetFrame(id))
    const opened = createSpdyStream(id, connection, () => streams.delete(id))
    streams.set(id, opened)
    connection.write(replyFrame(id, replies === 0))
    replies += 1
    if (isLast) opened.stream.push(null)
    taker(opened.stream)
  }

  async function receive({ stream: id, isLast, data }: SpdyFrame & { kind: 'data' }): Promise<void> {
    const to = streams.get(id)
    if (!to || to.stream.destroyed) return
    if (data.length > 0 && !to.stream.push(data) && !to.stream.destroyed) await to.awaitRoom()
    if (isLast) to.stream.push(null)
  }
}

/** `forget` says whether the connection still knew the stream: the client is not told of one that it has reset itself. */
function createSpdyStream(id: number, connection: Duplex, forget: () => boolean): SpdyStream {
  let wake = (): void => undefined
  const stream: Duplex = new Duplex({
    readableHighWaterMark: HELD_BYTES_MAX,
    read: () => wake(),
    write: (data: Buffer, _, done) => void connection.write(dataFrame(id, data), done),
    final: (done) => void connection.write(lastFrame(id), done),
    destroy(error, done) {
      const isComplete = stream.writableFinished && stream.readableEnded
      if (forget() && !isComplete && connection.writable) connection.write(resetFrame(id))
      wake()
      done(error)
    },
  })
  stream.on('error', () => undefined) // its connection is closed
  return {
    stream,
    awaitRoom: () =>
      new Promise((resolve) => {
        wake = resolve
      }),
  }
}
