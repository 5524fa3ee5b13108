// Where faults act on a request: before the application sees it. It works for every server library (node:http, fastify, express). Upgrades,
// TLS and HTTP/2 use other events and classes and are not affected.
import http, { IncomingMessage } from 'node:http'
import type { HttpActs } from '../http-effect.ts'
import { courseOf, editedHeaders, editedUrl, type HttpEnds, requestRules } from '../http-fault.ts'
import { acceptedEnds } from './flow.ts'
import { holdBack } from './held-back.ts'
import { isTcp, type MessageInternals } from './internals.ts'
import { catchUp, httpRules } from './pod.ts'
import { portsLeadingTo } from './route.ts'

const DELIVERIES: readonly unknown[] = ['request', 'checkContinue', 'checkExpectation']
type Deliver = (request: IncomingMessage) => unknown

export function playRequests(): void {
  const { emit } = http.Server.prototype
  http.Server.prototype.emit = function (this: http.Server, event: string | symbol, ...args: unknown[]) {
    const [request, response] = args
    if (!DELIVERIES.includes(event) || !(request instanceof IncomingMessage))
      return Reflect.apply(emit, this, [event, ...args])
    meet(request, (met) => {
      if (met !== request) Reflect.set(Object(response), 'req', met)
      Reflect.apply(emit, this, [event, met, response])
    })
    return true
  }
}

/** Undefined when no network fault can act: a pod that calls itself, or something that is not a socket. */
export function endsOfRequest({ socket }: Pick<IncomingMessage, 'socket'>): HttpEnds | undefined {
  const handle: unknown = Reflect.get(Object(socket), '_handle')
  const ends = isTcp(handle) ? acceptedEnds(handle) : undefined
  return ends && { ...ends, ports: () => portsLeadingTo(ends.ownPort) }
}

function meet(request: IncomingMessage, deliver: Deliver): unknown {
  catchUp()
  const ends = httpRules().length === 0 ? undefined : endsOfRequest(request)
  if (!ends) return deliver(request)
  const { method = '', url = '', rawHeaders } = request
  const rules = requestRules(httpRules(), ends, { method, url, rawHeaders })
  if (rules.length === 0) return deliver(request)
  const { delayMs, abort, edits } = courseOf(rules)
  const goOn = () => (abort ? request.socket.destroy() : deliver(edits.reduce(edited, request)))
  if (delayMs === 0) return goOn()
  holdBack(
    rules,
    delayMs,
    () => isThere(request) && goOn(),
    () => isThere(request) && deliver(request),
  )
}

// The proxy forwards nothing of a client that has disconnected.
const isThere = ({ socket }: IncomingMessage): boolean => !socket.destroyed

function edited(request: IncomingMessage, acts: HttpActs): IncomingMessage {
  const { replace } = acts
  const headers = editedHeaders(request.rawHeaders, acts)
  const body = replace?.bodyBase64
  const target = body === undefined ? request : withBody(request, Buffer.from(body, 'base64'))
  // When Node reads header lines, it joins values of the same name, or keeps the first.
  const lines: IncomingMessage & MessageInternals = Object.assign(new IncomingMessage(request.socket))
  lines._addHeaderLines(headers, headers.length)
  return Object.assign(target, {
    url: editedUrl(request.url ?? '/', acts),
    method: replace?.method ?? request.method,
    rawHeaders: headers,
    headers: lines.headers,
    headersDistinct: lines.headersDistinct,
  })
}

/** Replaces the request. Node drops unread data of the first one when the response is sent. */
function withBody(request: IncomingMessage, body: Buffer): IncomingMessage {
  const { httpVersion, httpVersionMajor, httpVersionMinor } = request
  const other = new IncomingMessage(request.socket)
  Object.assign(other, { httpVersion, httpVersionMajor, httpVersionMinor, complete: true })
  if (body.length > 0) other.push(body)
  other.push(null)
  return other
}
