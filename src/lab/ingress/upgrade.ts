// WebSockets and other upgrades: the handshake goes to a pod like any request, then bytes are piped until one side ends.
import http, { type IncomingMessage } from 'node:http'
import type { Duplex } from 'node:stream'
import type { Endpoint } from '../topology/addresses.ts'
import type { EndpointChoice } from './balancer.ts'
import { failureOf } from './failure.ts'
import { targetOf, towardsPod } from './headers.ts'
import { choose, type ProxyOutcome, TRIES_MAX, type Upstreams } from './proxy.ts'
import type { Route, RouteDecision } from './routes.ts'

type Client = { request: IncomingMessage; socket: Duplex; head: Buffer }

/** `opened` gets the pair when it is piped; `done` is called when the handshake was answered. */
export function proxyUpgrade(
  client: Client,
  decision: RouteDecision,
  upstreams: Upstreams,
  opened: (sockets: readonly [Duplex, Duplex]) => void,
  done: (outcome: ProxyOutcome) => void,
): void {
  const { request, socket } = client
  socket.on('error', () => {})
  const route = decision.kind === 'none' ? undefined : decision.route
  const answer = (status: number, reason: string, headers: Readonly<Record<string, string>> = {}) => {
    const fields = Object.entries({ connection: 'close', ...headers }).map(([name, value]) => `${name}: ${value}\r\n`)
    socket.end(`HTTP/1.1 ${status} ${http.STATUS_CODES[status] ?? ''}\r\n${fields.join('')}\r\n${reason} (ingress)\n`)
    done({ route, status })
  }
  if (decision.kind === 'answer') return answer(decision.status, decision.reason, decision.headers)
  const endpoints = route && upstreams.endpoints(route)
  if (!route || !endpoints) return answer(route ? 503 : 404, route ? 'no such service' : 'no route')
  const tried = new Set<Endpoint>()
  const attempt = (lastFailure: { status: number; reason: string } | undefined): void => {
    const choice = tried.size < TRIES_MAX ? choose(upstreams, route, endpoints, request, tried) : undefined
    if (!choice) return answer(lastFailure?.status ?? 503, lastFailure?.reason ?? 'no endpoint is ready')
    tried.add(choice.endpoint)
    const handshake = shake(client, route, choice)
    // A failed handshake leaves nothing open. So it may go to another pod, whatever the first one has seen.
    const ended = upstreams.outliers.waits(choice.endpoint, endpoints, () => handshake.destroy(silent()))
    handshake.once('upgrade', (response, pod, podHead) => {
      ended('answered')
      socket.write(responseHead(response, route, choice.cookie))
      join(client, pod, podHead, route.settings.readMs)
      opened([socket, pod])
      done({ route, status: 101 })
    })
    handshake.once('response', (response) => {
      ended('answered')
      socket.write(responseHead(response, route, choice.cookie))
      response.pipe(socket)
      done({ route, status: response.statusCode ?? 502 })
    })
    handshake.once('error', (error) => {
      const failure = failureOf(error)
      ended(socket.destroyed ? 'neither' : 'unanswered')
      if (socket.destroyed) return done({ route, status: 499 })
      if (failure.wasSent) return answer(failure.status, failure.reason)
      upstreams.onRetry(route, failure.reason)
      attempt(failure)
    })
    socket.once('close', () => {
      ended('neither')
      handshake.destroy()
    })
  }
  attempt(undefined)
}

// Reported as if there had been no connection, so that it may move to another pod.
function silent(): Error {
  return Object.assign(new Error('silent'), { code: 'ETIMEDOUT', syscall: 'connect' })
}

function shake({ request }: Client, route: Route, { endpoint }: EndpointChoice): http.ClientRequest {
  const [host, port] = endpoint
  const { connectMs } = route.settings
  const handshake = http.request({
    host,
    port,
    path: targetOf(request, route),
    method: request.method ?? 'GET',
    headers: [...towardsPod(request, route), 'connection', 'Upgrade', 'upgrade', request.headers.upgrade ?? ''],
    agent: false,
  })
  const timer = setTimeout(() => {
    handshake.destroy(Object.assign(new Error('no connection in time'), { code: 'ETIMEDOUT', syscall: 'connect' }))
  }, connectMs)
  handshake.once('socket', (socket) => socket.once('connect', () => clearTimeout(timer)))
  handshake.once('close', () => clearTimeout(timer))
  return handshake.end()
}

function responseHead(response: IncomingMessage, { gateway }: Route, cookie: string | undefined): string {
  const lines = [`HTTP/1.1 ${response.statusCode} ${response.statusMessage}`]
  const raw = (gateway?.changes.response ?? []).reduce((all, change) => change(all), response.rawHeaders)
  for (let at = 0; at + 1 < raw.length; at += 2) lines.push(`${raw[at]}: ${raw[at + 1]}`)
  if (cookie !== undefined) lines.push(`set-cookie: ${cookie}`)
  return `${lines.join('\r\n')}\r\n\r\n`
}

function join({ socket, head }: Client, pod: Duplex, podHead: Buffer, idleMs: number): void {
  if (podHead.length > 0) socket.write(podHead)
  if (head.length > 0) pod.write(head)
  for (const [one, other] of [
    [socket, pod],
    [pod, socket],
  ] as const) {
    one.on('error', () => other.destroy())
    one.on('close', () => other.destroy())
    one.pipe(other)
  }
  // nginx closes an upgraded connection that was idle for proxy_read_timeout.
  if ('setTimeout' in pod && typeof pod.setTimeout === 'function') pod.setTimeout(idleMs, () => pod.destroy())
  if ('setNoDelay' in socket && typeof socket.setNoDelay === 'function') socket.setNoDelay(true)
}
