/**
 * A small real server that speaks the platform's client API over HTTP and WebSocket on loopback, and keeps a book of what it
 * committed. Its behaviour is set by the test: how long it takes, and what it answers to whom.
 */
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { setTimeout as sleep } from 'node:timers/promises'
import { type WebSocket, WebSocketServer } from 'ws'

export type Order = { readonly key: string; readonly amountCents: number; readonly authorization: string }
export type Behaviour = {
  /** Before anything is answered. */
  delayMs: number
  /** Status for the n-th order (0 for the first) of a path; 0 hangs up without an answer, but commits. */
  status: (path: string, nth: number) => number
  pongDelayMs: number
}

export type SmallPlatform = {
  readonly entry: string
  readonly behaviour: Behaviour
  readonly logins: string[]
  /** When each arrival of a path came in, epoch ms. */
  readonly arrivals: Map<string, number[]>
  readonly committed: Map<string, Order[]>
  readonly sockets: ReadonlySet<WebSocket>
  /** Most sockets open at one time, and how many were ever opened. */
  readonly socketCounts: { peak: number; opened: number }
  close(): Promise<void>
}

export async function smallPlatform(): Promise<SmallPlatform> {
  const behaviour: Behaviour = { delayMs: 0, status: (path) => (path === '/login' ? 200 : 201), pongDelayMs: 0 }
  const logins: string[] = []
  const arrivals = new Map<string, number[]>()
  const committed = new Map<string, Order[]>()
  const socketCounts = { peak: 0, opened: 0 }

  const answer = async (request: IncomingMessage, response: ServerResponse): Promise<void> => {
    const path = request.url ?? '/'
    const times = arrivals.get(path) ?? []
    arrivals.set(path, times)
    const nth = times.push(performance.timeOrigin + performance.now()) - 1
    const body = JSON.parse((await text(request)) || '{}')
    if (behaviour.delayMs > 0) await sleep(behaviour.delayMs)
    const status = behaviour.status(path, nth)
    if (path === '/login') logins.push(body.player)
    else if (status === 201 || status === 202 || status === 0) {
      const amountCents = body.amountCents ?? body.stakeCents
      const key = String(request.headers['idempotency-key'])
      const authorization = String(request.headers.authorization)
      committed.set(path, [...(committed.get(path) ?? []), { key, amountCents, authorization }])
    }
    if (status === 0) return void request.socket.destroy()
    response.writeHead(status, { 'content-type': 'application/json' })
    response.end(
      JSON.stringify(path === '/login' ? { token: `t-${body.player}`, player: body.player } : { status: 'x' }),
    )
  }

  const server = createServer((request, response) => void answer(request, response).catch(() => response.destroy()))
  const realtime = new WebSocketServer({ server, path: '/ws' })
  realtime.on('connection', (socket) => {
    socketCounts.opened++
    socketCounts.peak = Math.max(socketCounts.peak, realtime.clients.size)
    const odds = setInterval(() => socket.send('{"type":"odds","event":"derby","price":1.85}'), 1000)
    socket.on('close', () => clearInterval(odds))
    socket.on('error', () => undefined)
    socket.on('message', (data) => {
      const { id } = JSON.parse(String(data))
      setTimeout(() => socket.send(JSON.stringify({ type: 'pong', id })), behaviour.pongDelayMs)
    })
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const { port } = server.address() as AddressInfo
  return {
    entry: `http://127.0.0.1:${port}`,
    behaviour,
    logins,
    arrivals,
    committed,
    sockets: realtime.clients,
    socketCounts,
    close: async () => {
      for (const socket of realtime.clients) socket.terminate()
      server.closeAllConnections()
      await new Promise((resolve) => server.close(resolve))
    },
  }
}

async function text(request: IncomingMessage): Promise<string> {
  const chunks: Buffer[] = []
  for await (const chunk of request) chunks.push(chunk)
  return Buffer.concat(chunks).toString('utf8')
}
