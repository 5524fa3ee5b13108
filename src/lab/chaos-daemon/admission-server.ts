/**
 * The HTTPS server of the admission webhooks: the API server sends each chaos object here before it stores it. On loopback, with its own
 * authority.
 */

import type { IncomingMessage, ServerResponse } from 'node:http'
import { createServer, type Server } from 'node:https'
import type { AddressInfo } from 'node:net'
import { messageOf } from '../../domain/unknown.ts'
import { createAuthority } from '../control-plane/certificates.ts'
import { type ReviewKind, reviewed } from './review.ts'

export type AdmissionServer = { readonly url: string; readonly authorityPem: string; close(): void }

// The API server accepts objects of up to 3 MiB.
const BODY_MAX_BYTES = 8 * 1024 * 1024

export async function startAdmissionServer(): Promise<AdmissionServer> {
  const authority = await createAuthority('lab chaos daemon')
  const pair = await authority.issue({
    commonName: 'chaos-daemon',
    use: 'server',
    dnsNames: ['localhost'],
    addresses: ['127.0.0.1'],
  })
  const server = createServer({ cert: pair.certificate, key: pair.key }, (request, response) => {
    answer(request, response).catch((error: unknown) => response.writeHead(400).end(messageOf(error)))
  })
  const port = await listening(server)
  return {
    url: `https://127.0.0.1:${port}`,
    authorityPem: authority.certificate,
    close: () => {
      server.close()
      server.closeAllConnections()
    },
  }
}

async function listening(server: Server): Promise<number> {
  const { promise, resolve, reject } = Promise.withResolvers<void>()
  server.once('error', reject)
  server.listen(0, '127.0.0.1', resolve)
  await promise
  return addressOf(server).port
}

function addressOf(server: Server): AddressInfo {
  const address = server.address()
  if (address === null || typeof address === 'string') throw new Error('the admission server has no port')
  return address
}

const kindOfPath = (path: string | undefined): ReviewKind | undefined =>
  path?.startsWith('/mutate') ? 'mutate' : path?.startsWith('/validate') ? 'validate' : undefined

async function answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
  const kind = kindOfPath(request.url)
  if (kind === undefined || request.method !== 'POST') {
    response.writeHead(404).end()
    return
  }
  const body = JSON.stringify(reviewed(kind, JSON.parse(await bodyOf(request))))
  response.writeHead(200, { 'content-type': 'application/json' }).end(body)
}

async function bodyOf(request: IncomingMessage): Promise<string> {
  let text = ''
  request.setEncoding('utf8')
  for await (const chunk of request) {
    text += chunk
    if (text.length > BODY_MAX_BYTES) throw new Error('the review is too large')
  }
  return text
}
