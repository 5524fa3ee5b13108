/** What the services of the shop share: routes, health, metrics and the end of a pod. */
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'

export type Reply = { readonly status: number; readonly body: unknown }
/** `gone`: aborted when the client no longer waits for the reply. */
export type Route = (body: Record<string, unknown>, query: URLSearchParams, gone: AbortSignal) => Reply | Promise<Reply>

/** Lines of /metrics, by name and labels. */
export type Metrics = {
  /** Shown from the start: a counter that has not counted yet is 0. */
  declare(name: string, labels?: Readonly<Record<string, string>>): void
  count(name: string, labels?: Readonly<Record<string, string>>): void
  gauge(name: string, read: () => number): void
}

const PORT = 8080
/** What nginx counts for a client that closed its connection before there was a reply. */
const CLIENT_GONE = 499

/** `METHOD /path` to what answers it. */
export function serve(routes: Readonly<Record<string, Route>>, metrics: Metrics & { text(): string }): void {
  let isEnding = false
  const end = (response: ServerResponse, text: string): void => {
    // A pod that ends makes its clients reconnect to other pods: it waits for open connections, and would be killed while a client keeps one.
    if (isEnding) response.setHeader('connection', 'close')
    response.end(text)
  }
  const server = createServer(async (request, response) => {
    const { pathname, searchParams } = new URL(request.url ?? '/', 'http://shop')
    if (pathname === '/healthz') return end(response, 'ok')
    if (pathname === '/metrics') return end(response, metrics.text())
    const route = routes[`${request.method} ${pathname}`]
    const gone = goneOf(response)
    const { status, body } = route ? await answered(route, request, searchParams, gone) : { status: 404, body: {} }
    metrics.count('http_requests_total', { code: String(gone.aborted ? CLIENT_GONE : status) })
    response.statusCode = status
    response.setHeader('content-type', 'application/json')
    end(response, JSON.stringify(body))
  })
  server.listen(PORT)
  process.once('SIGTERM', () => {
    isEnding = true
    server.close(() => process.exit(0))
    server.closeIdleConnections()
  })
}

/** Aborted when the connection of the response is closed. */
function goneOf(response: ServerResponse): AbortSignal {
  const gone = new AbortController()
  response.once('close', () => gone.abort())
  return gone.signal
}

async function answered(
  route: Route,
  request: IncomingMessage,
  query: URLSearchParams,
  gone: AbortSignal,
): Promise<Reply> {
  try {
    const chunks: Buffer[] = []
    for await (const chunk of request) chunks.push(chunk)
    const text = Buffer.concat(chunks).toString()
    return await route(text === '' ? {} : JSON.parse(text), query, gone)
  } catch (error) {
    return { status: 500, body: { error: String(error) } }
  }
}

export function createMetrics(): Metrics & { text(): string } {
  const counters = new Map<string, number>()
  const gauges = new Map<string, () => number>()
  const add = (name: string, labels: Readonly<Record<string, string>>, by: number): void => {
    const inside = Object.entries(labels).map(([label, value]) => `${label}="${value}"`)
    const series = inside.length === 0 ? name : `${name}{${inside.join(',')}}`
    counters.set(series, (counters.get(series) ?? 0) + by)
  }
  add('http_requests_total', { code: '200' }, 0)
  return {
    declare: (name, labels = {}) => add(name, labels, 0),
    count: (name, labels = {}) => add(name, labels, 1),
    gauge: (name, read) => void gauges.set(name, read),
    text: () =>
      [...counters, ...[...gauges].map(([name, read]) => [name, read()] as const)]
        .map(([series, value]) => `${series} ${value}\n`)
        .join(''),
  }
}

/** Status 0 where nobody answered before the signal was aborted. */
export async function ask(url: string, body: unknown, signal: AbortSignal): Promise<number> {
  try {
    const headers = { 'content-type': 'application/json' }
    const response = await fetch(url, { method: 'POST', headers, body: JSON.stringify(body), signal })
    await response.arrayBuffer()
    return response.status
  } catch {
    return 0
  }
}
