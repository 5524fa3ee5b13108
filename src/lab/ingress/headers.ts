// Headers on their way to a pod and back: hop-by-hop headers are removed, and the pod learns who the client is.
import type { IncomingHttpHeaders, IncomingMessage } from 'node:http'

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
export function towardsPod(request: IncomingMessage): string[] {
  const dropped = namedByConnection(request.headers.connection)
  const forwarded = ['x-forwarded-for', 'x-real-ip', 'x-forwarded-proto', 'x-forwarded-host']
  const kept = keepPairs(
    request.rawHeaders,
    (name) => !ONE_HOP.has(name) && !dropped.has(name) && !forwarded.includes(name),
  )
  const client = clientAddress(request)
  const before = request.headers['x-forwarded-for']
  return [
    ...kept,
    ...['x-forwarded-for', before ? `${before}, ${client}` : client],
    ...['x-real-ip', client],
    ...['x-forwarded-proto', 'http'],
    ...['x-forwarded-host', request.headers.host ?? ''],
  ]
}

export function towardsClient(
  headers: IncomingHttpHeaders,
  cookie: string | undefined,
): Record<string, string | string[]> {
  const dropped = namedByConnection(headers.connection)
  const kept: Record<string, string | string[]> = {}
  for (const [name, value] of Object.entries(headers)) {
    if (value !== undefined && !ONE_HOP.has(name) && !dropped.has(name)) kept[name] = value
  }
  if (cookie !== undefined) kept['set-cookie'] = [...[kept['set-cookie'] ?? []].flat(), cookie]
  return kept
}

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
