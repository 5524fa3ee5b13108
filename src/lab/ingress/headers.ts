// Headers on their way to a pod and back: hop-by-hop headers are removed, and the pod learns who the client is.
import type { IncomingHttpHeaders, IncomingMessage } from 'node:http'
import { headerChange } from './gateway-api/filters.ts'
import type { Route } from './routes.ts'

// The hop-by-hop headers of RFC 9110, section 7.6.1, and those used in practice.
const ONE_HOP = new Set([
  'connection',
  'keep-alive',
  'proxy-authenticate',
  'proxy-authorization',
  'proxy-connection',
  'te',
  'trailer',
  'transfer-encoding',
  'upgrade',
  // The ingress answers Expect itself, because it does not hold the body back.
  'expect',
])

/** Names and values alternate, as undici and node:http take them. */
export function towardsPod(request: IncomingMessage, route: Route): string[] {
  const headers = forwarded(request)
  const changes = route.gateway?.changes
  if (!changes) return headers
  const changed = changes.request.reduce((all, change) => change(all), headers)
  return changes.hostname === undefined
    ? changed
    : headerChange({ set: [{ name: 'host', value: changes.hostname }] })(changed)
}

/** Path and query as the pod gets them. */
export function targetOf({ url = '/' }: IncomingMessage, route: Route): string {
  const change = route.gateway?.changes.path
  if (!change) return url
  const [path = '', query = ''] = url.split(/(?=\?)/)
  return change(path) + query
}

function forwarded(request: IncomingMessage): string[] {
  const dropped = namedByConnection(request.headers.connection)
  const replaced = ['x-forwarded-for', 'x-real-ip', 'x-forwarded-proto', 'x-forwarded-host']
  const kept = keepPairs(
    request.rawHeaders,
    (name) => !ONE_HOP.has(name) && !dropped.has(name) && !replaced.includes(name),
  )
  const client = clientAddress(request)
  const before = request.headers['x-forwarded-for']
  return [
    ...kept,
    ...['x-forwarded-for', before ? `${before}, ${client}` : client],
    ...['x-real-ip', client],
    ...['x-forwarded-proto', isTls(request) ? 'https' : 'http'],
    ...['x-forwarded-host', request.headers.host ?? ''],
  ]
}

export function towardsClient(
  headers: IncomingHttpHeaders,
  cookie: string | undefined,
  route: Route,
): Record<string, string | string[]> | string[] {
  const dropped = namedByConnection(headers.connection)
  const kept: Record<string, string | string[]> = {}
  for (const [name, value] of Object.entries(headers)) {
    if (value !== undefined && !ONE_HOP.has(name) && !dropped.has(name)) kept[name] = value
  }
  if (cookie !== undefined) kept['set-cookie'] = [...[kept['set-cookie'] ?? []].flat(), cookie]
  const changes = route.gateway?.changes.response ?? []
  return changes.length === 0 ? kept : changes.reduce((all, change) => change(all), pairsOf(kept))
}

const pairsOf = (headers: Record<string, string | string[]>): string[] =>
  Object.entries(headers).flatMap(([name, values]) => [values].flat().flatMap((value) => [name, value]))

export const isTls = ({ socket }: IncomingMessage): boolean => 'encrypted' in socket && socket.encrypted === true

export function clientAddress(request: IncomingMessage): string {
  return (request.socket.remoteAddress ?? '').replace(/^::ffff:/, '')
}

function namedByConnection(connection: string | undefined): ReadonlySet<string> {
  return new Set((connection ?? '').split(',').map((name) => name.trim().toLowerCase()))
}

function keepPairs(raw: readonly string[], keep: (name: string) => boolean): string[] {
  const kept: string[] = []
  for (let at = 0; at + 1 < raw.length; at += 2) {
    const name = raw[at] ?? ''
    if (keep(name.toLowerCase())) kept.push(name, raw[at + 1] ?? '')
  }
  return kept
}
