import { randomBytes } from 'node:crypto'
import { createServer, type IncomingMessage } from 'node:http'
import type { AddressInfo } from 'node:net'
import type { Duplex } from 'node:stream'
import { createWebSocketStream, type WebSocket, WebSocketServer } from 'ws'
import { messageOf } from '../../../domain/unknown.ts'
import { PROTOCOLS } from './channels.ts'
import {
  forwardOverChannels,
  forwardOverSpdy,
  PORT_CHANNELS,
  PORT_FORWARD,
  type PortForwardOffer,
  TUNNELLED,
} from './port-forward.ts'
import { type AttachOffer, attach, type ExecOffer, exec } from './sessions.ts'

/**
 * Where the kubelet sends `kubectl exec`, `attach` and `port-forward`. The CRI call returns a URL, and the kubelet forwards the client's connection to it.
 * A URL contains a random token and works once, within a minute.
 */
export type StreamingServer = {
  offerExec(offer: ExecOffer): string
  offerAttach(offer: AttachOffer): string
  offerPortForward(offer: PortForwardOffer): string
  stop(): void
}

/** What a URL leads to. */
type Session = {
  readonly kind: string
  /** Subprotocols of a WebSocket, the preferred one first. A client that names none gets the oldest. */
  readonly protocols: readonly string[]
  onWebSocket(socket: WebSocket): Promise<void>
  /** By itself, or inside a WebSocket. Absent: not spoken. */
  onSpdy?(connection: Duplex): Promise<void>
}

type Upgrade = {
  readonly request: IncomingMessage
  readonly socket: Duplex
  /** What the client sent after its request. */
  readonly head: Buffer
  readonly logError: (error: unknown) => void
}

const OFFER_MS = 60_000

export async function startStreaming(log: (line: string) => void): Promise<StreamingServer> {
  const offers = new Map<string, Session>()
  const open = new Set<Duplex>()
  const server = createServer((_, response) => {
    response.writeHead(426, { 'content-type': 'text/plain' })
    response.end('this server speaks WebSocket, and SPDY for port-forward\n')
  })
  server.on('upgrade', (request, socket, head) => {
    const session = take(offers, request)
    if (!session) return refuse(socket, '404 Not Found')
    open.add(socket)
    socket.once('close', () => open.delete(socket))
    const logError = (error: unknown) => log(`${session.kind} stream: ${messageOf(error)}`)
    accept(session, { request, socket, head, logError })
  })
  const port = await listen(server)
  const offer = (session: Session): string => {
    const token = randomBytes(16).toString('hex')
    offers.set(token, session)
    setTimeout(() => offers.delete(token), OFFER_MS).unref()
    return `http://127.0.0.1:${port}/${token}`
  }
  return {
    offerExec: (wanted) => offer(commandSession('exec', (socket) => exec(socket, wanted))),
    offerAttach: (wanted) => offer(commandSession('attach', async (socket) => attach(socket, wanted))),
    offerPortForward: (wanted) => offer(portForwardSession(wanted)),
    stop() {
      for (const socket of open) socket.destroy()
      server.close()
    },
  }
}

const commandSession = (kind: string, onWebSocket: Session['onWebSocket']): Session => ({
  kind,
  protocols: PROTOCOLS,
  onWebSocket,
})

const portForwardSession = (wanted: PortForwardOffer): Session => ({
  kind: 'port-forward',
  protocols: PORT_CHANNELS,
  onWebSocket: (socket) => forwardOverChannels(socket, wanted),
  onSpdy: (connection) => forwardOverSpdy(connection, wanted),
})

function accept(session: Session, upgrade: Upgrade): void {
  switch (upgrade.request.headers.upgrade?.toLowerCase()) {
    case 'websocket':
      return acceptWebSocket(session, upgrade)
    case 'spdy/3.1':
      return acceptSpdy(session, upgrade)
    default:
      return refuse(upgrade.socket, '426 Upgrade Required')
  }
}

function acceptWebSocket({ protocols, onWebSocket, onSpdy }: Session, upgrade: Upgrade): void {
  const { request, socket, head, logError } = upgrade
  // False: none in common.
  const handleProtocols = (offered: Set<string>) => protocols.find((protocol) => offered.has(protocol)) ?? false
  const sockets = new WebSocketServer({ noServer: true, clientTracking: false, handleProtocols })
  const isTunnel = onSpdy !== undefined && listed(request, 'sec-websocket-protocol').includes(TUNNELLED)
  if (isTunnel) {
    // ws takes no name with a slash.
    delete request.headers['sec-websocket-protocol']
    sockets.on('headers', (lines) => lines.push(`Sec-WebSocket-Protocol: ${TUNNELLED}`))
  }
  sockets.handleUpgrade(request, socket, head, (client) => {
    client.on('error', logError)
    const served = isTunnel ? onSpdy(createWebSocketStream(client)) : onWebSocket(client)
    served.catch(logError)
  })
}

function acceptSpdy({ onSpdy }: Session, { request, socket, head, logError }: Upgrade): void {
  if (!onSpdy) return refuse(socket, '426 Upgrade Required')
  if (!listed(request, 'x-stream-protocol-version').includes(PORT_FORWARD)) return refuse(socket, '403 Forbidden')
  socket.write(SWITCHED)
  if (head.length > 0) socket.unshift(head)
  onSpdy(socket).catch(logError)
}

const SWITCHED = [
  'HTTP/1.1 101 Switching Protocols',
  'Connection: Upgrade',
  'Upgrade: SPDY/3.1',
  `X-Stream-Protocol-Version: ${PORT_FORWARD}`,
  '\r\n',
].join('\r\n')

const listed = ({ headers }: IncomingMessage, name: string): string[] =>
  String(headers[name])
    .split(',')
    .map((word) => word.trim())

function take(offers: Map<string, Session>, request: IncomingMessage): Session | undefined {
  const token = (request.url ?? '').split('?')[0]?.slice(1) ?? ''
  const session = offers.get(token)
  offers.delete(token)
  return session
}

function refuse(socket: Duplex, status: string): void {
  socket.on('error', () => undefined) // the client has left
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
