/**
 * HTTPS for the aggregated APIs. Only the API server's front proxy gets answers: it has already authenticated and authorized the caller.
 */

import type { IncomingMessage, ServerResponse } from 'node:http'
import { createServer } from 'node:https'
import { TLSSocket } from 'node:tls'
import { messageOf } from '../../domain/unknown.ts'
import type { MetricsAnswer } from './answers.ts'

export type MetricsServer = { readonly port: number; close(): void }
export type ServerCredentials = {
  readonly certificate: string
  readonly key: string
  readonly frontProxyAuthority: string
}

// The API server's --requestheader-allowed-names.
const FRONT_PROXY = 'front-proxy-client'

export async function startServer(
  credentials: ServerCredentials,
  answer: (target: string) => MetricsAnswer,
): Promise<MetricsServer> {
  const options = {
    cert: credentials.certificate,
    key: credentials.key,
    ca: credentials.frontProxyAuthority,
    requestCert: true,
    // Other clients get an HTTP error instead of a failed handshake.
    rejectUnauthorized: false,
  }
  const server = createServer(options, (request, response) => send(response, answered(request, answer)))
  const { promise, resolve, reject } = Promise.withResolvers<void>()
  server.once('error', reject)
  server.listen(0, '127.0.0.1', resolve)
  await promise
  const address = server.address()
  if (address === null || typeof address === 'string') throw new Error('the metrics API has no port')
  return {
    port: address.port,
    close: () => {
      server.close()
      server.closeAllConnections()
    },
  }
}

function answered(request: IncomingMessage, answer: (target: string) => MetricsAnswer): MetricsAnswer {
  if (!isFrontProxy(request)) return { status: 401, body: failure(401, 'Unauthorized', 'only the API server may ask') }
  if (request.method !== 'GET') return { status: 405, body: failure(405, 'MethodNotAllowed', 'metrics are read-only') }
  try {
    return answer(request.url ?? '/')
  } catch (error) {
    return { status: 400, body: failure(400, 'BadRequest', messageOf(error)) }
  }
}

function isFrontProxy({ socket }: IncomingMessage): boolean {
  return socket instanceof TLSSocket && socket.authorized && socket.getPeerCertificate().subject?.CN === FRONT_PROXY
}

const failure = (code: number, reason: string, message: string) => ({
  kind: 'Status',
  apiVersion: 'v1',
  status: 'Failure',
  reason,
  message,
  code,
})

function send(response: ServerResponse, { status, body }: MetricsAnswer): void {
  response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(body))
}
