// One HTTP request through the ingress: route, endpoint, pod, answer. Bodies stream both ways with back-pressure; a request moves to
// another endpoint only while nothing of it was sent.
import type { IncomingMessage, ServerResponse } from 'node:http'
import type { Dispatcher } from 'undici'
import type { Endpoint } from '../pod-network/messages.ts'
import type { Balancer, Choice } from './balancer.ts'
import { failureOf } from './failure.ts'
import { clientAddress, towardsClient, towardsPod } from './headers.ts'
import type { Pools } from './pools.ts'
import type { Route } from './routes.ts'

export type Upstreams = {
  route(request: IncomingMessage): Route | undefined
  endpoints(route: Route): readonly Endpoint[] | undefined
  balancer: Balancer
  pools: Pools
  onRetry(route: Route, reason: string): void
}

/** Ends with the status that the client was given; 499 when it went away first, as nginx counts it. */
export type Outcome = { route: Route | undefined; status: number }

// As nginx's proxy_next_upstream_tries in ingress-nginx.
export const TRIES_MAX = 3
export const CLIENT_WENT = 499

export function proxyRequest(
  request: IncomingMessage,
  response: ServerResponse,
  upstreams: Upstreams,
  done: (outcome: Outcome) => void,
): void {
  const route = upstreams.route(request)
  const endpoints = route && upstreams.endpoints(route)
  const settle = (status: number) => done({ route, status })
  response.once('close', () => settle(response.writableFinished ? response.statusCode : CLIENT_WENT))
  if (!route || !endpoints) {
    refuse(request, response, route ? 503 : 404, route ? 'no such service' : 'no route')
    return
  }
  const tried = new Set<Endpoint>()
  const attempt = (lastFailure: { status: number; reason: string } | undefined): void => {
    const client = { address: clientAddress(request), cookies: request.headers.cookie }
    const choice = tried.size < TRIES_MAX ? upstreams.balancer.choose(route, endpoints, client, tried) : undefined
    if (!choice) {
      refuse(request, response, lastFailure?.status ?? 503, lastFailure?.reason ?? 'no endpoint is ready')
      return
    }
    tried.add(choice.endpoint)
    send(request, response, { route, choice, pools: upstreams.pools }, (failure) => {
      upstreams.onRetry(route, failure.reason)
      attempt(failure)
    })
  }
  attempt(undefined)
}

type Sending = { route: Route; choice: Choice; pools: Pools }

function send(
  request: IncomingMessage,
  response: ServerResponse,
  { route, choice, pools }: Sending,
  tryAnother: (failure: { status: number; reason: string }) => void,
): void {
  const { connectMs, readMs } = route.settings
  let abort: (() => void) | undefined
  const clientWent = () => {
    if (!response.writableFinished) abort?.()
  }
  response.once('close', clientWent)
  const handler: Dispatcher.DispatchHandler = {
    onRequestStart(controller) {
      abort = () => controller.abort(new Error('the client went away'))
      if (response.destroyed) abort()
    },
    onResponseStart(controller, status, headers, message) {
      // Early hints and the like: the answer proper is still to come.
      if (status < 200) return
      response.on('drain', () => controller.resume())
      response.writeHead(status, message, towardsClient(headers, choice.cookie))
    },
    onResponseData(controller, chunk) {
      if (!response.write(chunk)) controller.pause()
    },
    onResponseEnd() {
      response.end()
    },
    onResponseError(_, error) {
      response.off('close', clientWent)
      const failure = failureOf(error)
      if (response.destroyed) return
      if (response.headersSent) response.destroy()
      else if (failure.wasSent) refuse(request, response, failure.status, failure.reason)
      else tryAnother(failure)
    },
  }
  pools.to(choice.endpoint, connectMs).dispatch(
    {
      path: request.url ?? '/',
      method: (request.method ?? 'GET') as Dispatcher.HttpMethod,
      headers: towardsPod(request),
      body: hasBody(request) ? request : null,
      headersTimeout: readMs,
      bodyTimeout: readMs,
    },
    handler,
  )
}

function hasBody({ headers }: IncomingMessage): boolean {
  return headers['transfer-encoding'] !== undefined || Number(headers['content-length'] ?? 0) > 0
}

function refuse(request: IncomingMessage, response: ServerResponse, status: number, reason: string): void {
  // Whatever of a body is still coming would otherwise be read as the next request.
  if (!request.complete) response.setHeader('connection', 'close')
  response.writeHead(status, { 'content-type': 'text/plain; charset=utf-8' })
  response.end(`${status} ${reason} (ingress)\n`)
}
