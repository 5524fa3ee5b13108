import { randomBytes } from 'node:crypto'
import { createServer, type IncomingMessage } from 'node:http'
import type { AddressInfo } from 'node:net'
import type { Duplex } from 'node:stream'
import { type WebSocket, WebSocketServer } from 'ws'
import { PROTOCOLS } from './channels.ts'
import { type AttachOffer, attach, type ExecOffer, exec } from './sessions.ts'

/**
 * Where the kubelet sends `kubectl exec` and `attach`. The CRI call returns a URL, and the kubelet forwards the client's connection to it.
 * A URL contains a random token and works once, within a minute.
 */
export type StreamingServer = {
  offerExec(offer: ExecOffer): string
  offerAttach(offer: AttachOffer): string
  stop(): void
}

type Session = (socket: WebSocket) => void

const OFFER_MS = 60_000

export async function startStreaming(log: (line: string) => void): Promise<StreamingServer> {
  const offers = new Map<string, Session>()
  const sockets = new WebSocketServer({ noServer: true, handleProtocols: chooseProtocol })
  const server = createServer((_, response) => {
    response.writeHead(426, { 'content-type': 'text/plain' })
    response.end('this server speaks WebSocket only\n')
  })
  server.on('upgrade', (request, socket, head) => {
    const session = take(offers, request)
    if (!session) return refuse(socket, '404 Not Found')
    if (request.headers.upgrade?.toLowerCase() !== 'websocket') return refuse(socket, '426 Upgrade Required')
    sockets.handleUpgrade(request, socket, head, (client) => {
      client.on('error', (error) => log(`exec stream: ${error.message}`))
      session(client)
    })
  })
  const port = await listen(server)
  const offer = (session: Session): string => {
    const token = randomBytes(16).toString('hex')
    offers.set(token, session)
    setTimeout(() => offers.delete(token), OFFER_MS).unref()
    return `http://127.0.0.1:${port}/${token}`
  }
  return {
    offerExec: (wanted) => offer((socket) => void exec(socket, wanted)),
    offerAttach: (wanted) => offer((socket) => attach(socket, wanted)),
    stop() {
      for (const client of sockets.clients) client.terminate()
      server.close()
    },
  }
}

/** False: none in common. The client, having named none, gets the oldest. */
function chooseProtocol(offered: Set<string>): string | false {
  return PROTOCOLS.find((protocol) => offered.has(protocol)) ?? false
}

function take(offers: Map<string, Session>, request: IncomingMessage): Session | undefined {
  const token = (request.url ?? '').split('?')[0]?.slice(1) ?? ''
  const session = offers.get(token)
  offers.delete(token)
  return session
}

function refuse(socket: Duplex, status: string): void {
  socket.end(`HTTP/1.1 ${status}\r\nconnection: close\r\ncontent-length: 0\r\n\r\n`)
}

function listen(server: ReturnType<typeof createServer>): Promise<number> {
  return new Promise((resolve, reject) => {
    server.once('error', reject)
    server.listen(0, '127.0.0.1', () => {
      const address: AddressInfo | string | null = server.address()
      resolve(typeof address === 'object' && address ? address.port : 0)
    })
  })
}
