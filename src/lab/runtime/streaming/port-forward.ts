/**
 * `kubectl port-forward`. A client speaks SPDY, as kubectl does through API server and kubelet, or SPDY inside a WebSocket, or the channels of a WebSocket. For
 * each connection to a port there are two streams: one for its bytes, and one that tells the client of an error.
 * Source: k8s.io/cri-streaming/pkg/streaming/portforward.
 */
import type { Socket } from 'node:net'
import { Duplex } from 'node:stream'
import type { WebSocket } from 'ws'
import { messageOf } from '../../../domain/unknown.ts'
import { sendOn, splitMessage } from './channels.ts'
import { serveSpdy } from './spdy.ts'

export const PORT_FORWARD = 'portforward.k8s.io'
export const TUNNELLED = `SPDY/3.1+${PORT_FORWARD}`
export const PORT_CHANNELS = ['v4.channel.k8s.io', 'v4.base64.channel.k8s.io'] as const

export type PortForwardOffer = {
  /** For messages. */
  readonly pod: string
  /** For the channels of a WebSocket. A SPDY client names the port of each stream. */
  readonly ports: readonly number[]
  /** The other end may close first. @throws Error if nothing listens there */
  connect(port: number): Promise<Socket>
}

/** Until the client leaves. @throws Error when its connection breaks */
export function forwardOverSpdy(connection: Duplex, offer: PortForwardOffer): Promise<void> {
  const alone = new Map<string, { readonly type: string; readonly stream: Duplex }>()
  return serveSpdy(connection, (headers, id) => {
    const [type, port] = [headers.get('streamtype'), Number(headers.get('port'))]
    if ((type !== 'data' && type !== 'error') || !isPort(port)) return undefined
    // A client without request ids opens the stream for errors first, and then the next one for data.
    const request = headers.get('requestid') ?? String(type === 'error' ? id : id - 2)
    const other = alone.get(request)
    if (other?.type === type) return undefined
    return (stream) => {
      if (other === undefined) {
        alone.set(request, { type, stream })
        stream.once('close', () => alone.delete(request))
      } else {
        alone.delete(request)
        const [data, errors] = type === 'data' ? [stream, other.stream] : [other.stream, stream]
        void forward(offer, port, data, errors)
      }
    }
  })
}

const isPort = (port: number): boolean => Number.isInteger(port) && port > 0 && port < 65_536

/** Port n of the offer has channel 2n for data and 2n + 1 for errors. Both begin with the port, in two bytes, the low one first. */
export async function forwardOverChannels(socket: WebSocket, offer: PortForwardOffer): Promise<void> {
  const pairs = offer.ports.map((port, index) => ({
    port,
    data: openChannel(socket, 2 * index),
    errors: openChannel(socket, 2 * index + 1),
  }))
  socket.on('message', (raw) => {
    const [channel = 1, data] = splitMessage(socket, raw)
    const to = pairs[channel / 2]?.data
    if (to && !to.writableEnded && !to.push(data)) socket.pause()
  })
  socket.once('close', () => {
    for (const { data, errors } of pairs) for (const channel of [data, errors]) channel.destroy()
  })
  const forwarded = pairs.map(({ port, data, errors }) => {
    const bytes = Buffer.from([port & 0xff, port >> 8])
    for (const channel of [data, errors]) channel.write(bytes)
    return forward(offer, port, data, errors)
  })
  await Promise.all(forwarded)
  socket.close(1000)
}

/** A WebSocket client cannot close one channel. So a channel stops accepting data when the pod ends its side of the connection. */
function openChannel(socket: WebSocket, channel: number): Duplex {
  const stream: Duplex = new Duplex({
    read: () => socket.resume(),
    write: (data: Buffer, _, done) => sendOn(socket, channel, data, done),
    final(done) {
      stream.push(null)
      done()
    },
    destroy(error, done) {
      socket.resume() // so that its end is noticed
      done(error)
    },
  })
  stream.on('error', () => undefined) // the client has left
  return stream
}

async function forward({ pod, connect }: PortForwardOffer, port: number, data: Duplex, errors: Duplex): Promise<void> {
  errors.resume() // clients say nothing there
  try {
    await join(data, await connect(port))
    await end(errors)
  } catch (error) {
    await end(errors, `error forwarding port ${port} to pod ${pod}: ${messageOf(error)}`)
    data.destroy()
  }
}

/** Passes on the bytes of both and, one by one, their ends. Resolves when the pod's side is closed. @throws Error when that breaks */
function join(client: Duplex, pod: Socket): Promise<void> {
  return new Promise((resolve, reject) => {
    pod.once('error', reject)
    pod.once('close', () => resolve())
    if (client.destroyed) pod.destroy()
    client.once('close', () => {
      const isComplete = client.readableEnded && client.writableFinished
      if (!isComplete) pod.destroy()
    })
    client.pipe(pod)
    pod.pipe(client)
  })
}

const end = (stream: Duplex, ...text: readonly string[]): Promise<void> =>
  new Promise((resolve) => {
    for (const each of text) stream.write(each)
    stream.end(() => resolve())
  })
