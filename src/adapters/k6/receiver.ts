/** Receives k6's metrics: an HTTP server on loopback with a secret in its path, so that only our k6 can push. */
import { randomUUID } from 'node:crypto'
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import { messageOf } from '../../domain/unknown.ts'
import { type DecodedWrite, decodeWriteRequest, type WriteRequest } from '../../protocols/prometheus/remote-write.ts'

/** Compressed size; a push of a thousand series has about 30 kB. */
const BODY_BYTES_MAX = 16 * 1024 * 1024

export type Receiver = {
  /** Where an instance pushes to. */
  urlOf(instance: string): string
  /** Messages about pushes that could not be read. */
  readonly problems: readonly string[]
  close(): Promise<void>
}

/** `onWrite` is called for each push, in order. `decode` reads what k6's output sends. */
export async function startReceiver(
  onWrite: (instance: string, request: WriteRequest) => void,
  decode: (body: Uint8Array) => DecodedWrite = decodeWriteRequest,
): Promise<Receiver> {
  const secret = randomUUID()
  const problems: string[] = []
  const server = createServer((request, response) => {
    void take(request, response, secret, onWrite, decode).catch((error: unknown) => {
      problems.push(`a push of k6 was not taken: ${messageOf(error)}`)
      if (!response.headersSent) response.writeHead(400)
      response.end()
    })
  })
  await new Promise<void>((listening, failed) => {
    server.once('error', failed).listen(0, '127.0.0.1', listening)
  })
  const address = server.address()
  if (address === null || typeof address === 'string') throw new Error('the receiver has no port')
  return {
    urlOf: (instance) => `http://127.0.0.1:${address.port}/${secret}/${encodeURIComponent(instance)}`,
    problems,
    close: () => {
      server.closeIdleConnections()
      const closed = new Promise<void>((done) => server.close(() => done()))
      // A push interrupted by the death of k6 would never end by itself.
      setTimeout(() => server.closeAllConnections(), 500).unref()
      return closed
    },
  }
}

async function take(
  request: IncomingMessage,
  response: ServerResponse,
  secret: string,
  onWrite: (instance: string, request: WriteRequest) => void,
  decode: (body: Uint8Array) => DecodedWrite,
): Promise<void> {
  const [, given, instance] = (request.url ?? '').split('/')
  if (request.method !== 'POST' || given !== secret || instance === undefined) {
    response.writeHead(404).end()
    return
  }
  const decoded = decode(await bodyOf(request))
  if (!decoded.ok) throw new Error(decoded.problem)
  onWrite(decodeURIComponent(instance), decoded.request)
  response.writeHead(204).end()
}

async function bodyOf(request: IncomingMessage): Promise<Uint8Array> {
  const chunks: Buffer[] = []
  let size = 0
  for await (const chunk of request) {
    size += chunk.length
    if (size > BODY_BYTES_MAX) throw new Error(`it is longer than ${BODY_BYTES_MAX} bytes`)
    chunks.push(chunk)
  }
  return Buffer.concat(chunks)
}
