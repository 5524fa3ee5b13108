// One HTTP request through the ingress: route, endpoint, pod, response. Bodies stream in both directions with back-pressure; small ones are
// read first. A request may move to another endpoint while nothing of it was sent. After that it moves only if the pod that may have seen
// it is silent and the route allows a repetition.
import type { IncomingMessage, ServerResponse } from 'node:http'
import type { Dispatcher } from 'undici'
import type { Endpoint } from '../topology/addresses.ts'
import type { Balancer, EndpointChoice } from './balancer.ts'
import type { RepeatAllowance } from './ejection.ts'
import { failureOf } from './failure.ts'
import { type MirrorOutcome, sendMirrors } from './gateway-api/mirrors.ts'
import { clientAddress, targetOf, towardsClient, towardsPod } from './headers.ts'
import { type Outliers, PATIENT_CLIENT_MS } from './outliers.ts'
import type { Pools } from './pools.ts'
import type { Route, RouteDecision } from './routes.ts'

export type Upstreams = {
  endpoints(route: Route): readonly Endpoint[] | undefined
  balancer: Balancer
  outliers: Outliers
  allowance: RepeatAllowance
  pools: Pools
  onRetry(route: Route, reason: string): void
  onMirrored(to: Route, outcome: MirrorOutcome): void
}

/** Resolves with the status that the client got; 499 when it disconnected first, as in nginx. */
export type ProxyOutcome = { route: Route | undefined; status: number }

// Like nginx's proxy_next_upstream_tries in ingress-nginx.
export const TRIES_MAX = 3
export const CLIENT_WENT = 499
// Small bodies are read before they are sent, so that they can be sent again. Envoy buffers 1 MiB; the requests that matter here have a few
// hundred bytes.
const SMALL_BODY_BYTES = 65_536
// A mirrored body is sent twice, so it is read whole. Larger ones are not mirrored.
const MIRRORED_BODY_BYTES = 1_048_576
// Methods that nginx never repeats without `non_idempotent`.
const NOT_IDEMPOTENT: ReadonlySet<string> = new Set(['POST', 'LOCK', 'PATCH'])

export function proxyRequest(
  request: IncomingMessage,
  response: ServerResponse,
  decision: RouteDecision,
  upstreams: Upstreams,
  done: (outcome: ProxyOutcome) => void,
): void {
  const route = decision.kind === 'none' ? undefined : decision.route
  response.once('close', () => done({ route, status: response.writableFinished ? response.statusCode : CLIENT_WENT }))
  if (decision.kind === 'none') return refuse(request, response, 404, 'no route')
  if (decision.kind === 'answer') return refuse(request, response, decision.status, decision.reason, decision.headers)
  forward(request, response, decision.route, upstreams)
}

function forward(request: IncomingMessage, response: ServerResponse, route: Route, upstreams: Upstreams): void {
  const endpoints = upstreams.endpoints(route)
  if (!endpoints) return refuse(request, response, 503, 'no such service')
  upstreams.allowance.asked()
  const mirrors = route.gateway?.mirrors.filter((mirror) => mirror.takes()) ?? []
  const { requestMs } = route.gateway ?? {}
  const endsAtMs = requestMs === undefined ? undefined : performance.now() + requestMs
  void bodyOf(request, mirrors.length > 0 ? MIRRORED_BODY_BYTES : SMALL_BODY_BYTES).then((body) => {
    if (response.destroyed) return
    sendMirrors(request, body, mirrors, upstreams)
    tryEach({ request, response, body, endsAtMs }, route, endpoints, upstreams)
  })
}

export type Body = Buffer | IncomingMessage | null
/** `endsAtMs`: when the route's time for the whole request is over. */
type Exchange = { request: IncomingMessage; response: ServerResponse; body: Body; endsAtMs: number | undefined }

function tryEach(exchange: Exchange, route: Route, endpoints: readonly Endpoint[], upstreams: Upstreams): void {
  const { request, response } = exchange
  const tried = new Set<Endpoint>()
  const attempt = (lastFailure: { status: number; reason: string } | undefined): void => {
    const choice = tried.size < TRIES_MAX ? choose(upstreams, route, endpoints, request, tried) : undefined
    if (!choice) {
      refuse(request, response, lastFailure?.status ?? 503, lastFailure?.reason ?? 'no endpoint is ready')
      return
    }
    tried.add(choice.endpoint)
    send(exchange, { route, choice, endpoints, upstreams }, (failure) => {
      upstreams.onRetry(route, failure.reason)
      attempt(failure)
    })
  }
  attempt(undefined)
}

/** Ejected endpoints are tried only when nothing else is left. */
export function choose(
  { balancer, outliers }: Upstreams,
  route: Route,
  endpoints: readonly Endpoint[],
  request: IncomingMessage,
  tried: ReadonlySet<Endpoint>,
): EndpointChoice | undefined {
  const client = { address: clientAddress(request), cookies: request.headers.cookie }
  return (
    balancer.choose(route, outliers.left(endpoints), client, tried) ?? balancer.choose(route, endpoints, client, tried)
  )
}

type Sending = { route: Route; choice: EndpointChoice; endpoints: readonly Endpoint[]; upstreams: Upstreams }

function send(
  { request, response, body, endsAtMs }: Exchange,
  { route, choice, endpoints, upstreams }: Sending,
  tryAnother: (failure: { status: number; reason: string }) => void,
): void {
  const { connectMs, readMs } = route.settings
  const startedMs = performance.now()
  let abort: (() => void) | undefined
  // Another try now has the request.
  let moved = false
  const ended = upstreams.outliers.waits(choice.endpoint, endpoints, () => {
    // If it never started, nothing was sent.
    const mayMove = !isStream(body) && (abort === undefined || mayRepeat(route, request, upstreams.allowance))
    if (mayMove && !response.headersSent && !response.destroyed) move({ status: 504, reason: 'silent' })
  })
  function move(failure: { status: number; reason: string }): void {
    moved = true
    response.off('close', clientWent)
    ended('neither')
    abort?.()
    tryAnother(failure)
  }
  function clientWent(): void {
    ended(performance.now() - startedMs >= PATIENT_CLIENT_MS ? 'unanswered' : 'neither')
    if (!response.writableFinished) abort?.()
  }
  response.once('close', clientWent)
  limitTime(endsAtMs, response, () => {
    if (moved || response.writableFinished) return
    moved = true
    response.off('close', clientWent)
    ended('neither')
    abort?.()
    if (response.headersSent) response.destroy()
    else refuse(request, response, 504, 'the time of the route is over')
  })
  const handler: Dispatcher.DispatchHandler = {
    onRequestStart(controller) {
      abort = () => controller.abort(new Error('the client is gone'))
      if (moved || response.destroyed) abort()
    },
    onResponseStart(controller, status, headers, message) {
      // An interim response such as 103 Early Hints; the final response is still to come.
      if (moved || status < 200) return
      ended('answered')
      response.on('drain', () => controller.resume())
      response.writeHead(status, message, towardsClient(headers, choice.cookie, route))
    },
    onResponseData(controller, chunk) {
      if (!moved && !response.write(chunk)) controller.pause()
    },
    onResponseEnd() {
      if (!moved) response.end()
    },
    onResponseError(_, error) {
      if (moved) return
      response.off('close', clientWent)
      const failure = failureOf(error)
      ended(response.destroyed ? 'neither' : 'unanswered')
      if (response.destroyed) return
      if (response.headersSent) response.destroy()
      else if (failure.wasSent) refuse(request, response, failure.status, failure.reason)
      else tryAnother(failure)
    },
  }
  upstreams.pools.to(choice.endpoint, connectMs).dispatch(
    {
      path: targetOf(request, route),
      method: (request.method ?? 'GET') as Dispatcher.HttpMethod,
      headers: towardsPod(request, route),
      body,
      headersTimeout: readMs,
      bodyTimeout: readMs,
    },
    handler,
  )
}

function limitTime(endsAtMs: number | undefined, response: ServerResponse, isOver: () => void): void {
  if (endsAtMs === undefined) return
  const timer = setTimeout(isOver, Math.max(0, endsAtMs - performance.now()))
  response.once('close', () => clearTimeout(timer))
}

function mayRepeat({ settings }: Route, { method = 'GET' }: IncomingMessage, allowance: RepeatAllowance): boolean {
  const allowed = settings.repeats === 'all' || (settings.repeats === 'idempotent' && !NOT_IDEMPOTENT.has(method))
  return allowed && allowance.take()
}

async function bodyOf(request: IncomingMessage, smallBytes: number): Promise<Body> {
  if (!hasBody(request)) return null
  const bytes = Number(request.headers['content-length'] ?? Number.POSITIVE_INFINITY)
  if (bytes > smallBytes) return request
  const chunks: Buffer[] = []
  try {
    for await (const chunk of request) chunks.push(chunk)
  } catch {
    // The client disconnected; its response is closed with it.
  }
  return Buffer.concat(chunks)
}

const isStream = (body: Body): boolean => body !== null && !Buffer.isBuffer(body)

function hasBody({ headers }: IncomingMessage): boolean {
  return headers['transfer-encoding'] !== undefined || Number(headers['content-length'] ?? 0) > 0
}

function refuse(
  request: IncomingMessage,
  response: ServerResponse,
  status: number,
  reason: string,
  headers: Readonly<Record<string, string>> = {},
): void {
  // Otherwise the rest of the body would be read as the next request.
  if (!request.complete) response.setHeader('connection', 'close')
  response.writeHead(status, { 'content-type': 'text/plain; charset=utf-8', ...headers })
  response.end(`${status} ${reason} (ingress)\n`)
}
