// Copies of a request for mirrors. Nobody waits for them: their responses are counted and dropped.
import type { IncomingMessage } from 'node:http'
import type { Dispatcher } from 'undici'
import { targetOf, towardsPod } from '../headers.ts'
import { type Body, choose, type Upstreams } from '../proxy.ts'
import type { Route } from '../routes.ts'
import type { Mirror } from './rules.ts'

/** The status of the mirror, or why there is none. */
export type MirrorOutcome = number | 'failed' | 'too-large'

export function sendMirrors(
  request: IncomingMessage,
  body: Body,
  mirrors: readonly Mirror[],
  upstreams: Upstreams,
): void {
  for (const { to } of mirrors) {
    const told = (outcome: MirrorOutcome) => upstreams.onMirrored(to, outcome)
    if (body !== null && !Buffer.isBuffer(body)) told('too-large')
    else send(request, body, to, upstreams, told)
  }
}

function send(
  request: IncomingMessage,
  body: Buffer | null,
  to: Route,
  upstreams: Upstreams,
  told: (outcome: MirrorOutcome) => void,
): void {
  const endpoints = upstreams.endpoints(to) ?? []
  const choice = choose(upstreams, to, endpoints, request, new Set())
  if (!choice) return told('failed')
  let status = 0
  const handler: Dispatcher.DispatchHandler = {
    // undici refuses a handler without it.
    onRequestStart() {},
    onResponseStart(_, code) {
      if (code >= 200) status = code
    },
    onResponseData() {},
    onResponseEnd: () => told(status),
    onResponseError: () => told('failed'),
  }
  const { connectMs, readMs } = to.settings
  upstreams.pools.to(choice.endpoint, connectMs).dispatch(
    {
      path: targetOf(request, to),
      method: (request.method ?? 'GET') as Dispatcher.HttpMethod,
      headers: towardsPod(request, to),
      body,
      headersTimeout: readMs,
      bodyTimeout: readMs,
    },
    handler,
  )
}
