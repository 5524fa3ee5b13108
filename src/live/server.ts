/**
 * live: a run that is watched. A server on loopback follows a journal and shows the report's charts as they grow; it never writes the journal. What
 * people write goes through the control socket to the run's controller, which records it; without a controller the page only reads.
 */
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { livePage } from '../report/live/page.ts'
import { liveScript } from '../report/live/page-script.ts'
import { liveStyle } from '../report/live/page-style.ts'
import { createPageAccess, type PageAccess } from './admission.ts'
import type { ControlReply } from './control.ts'
import type { Feed } from './feed.ts'
import { parseRequest, type Request } from './requests.ts'
import { VIEWERS_MAX, type Viewers } from './viewers.ts'

/** The environment refuses; exit code 5. */
export class LiveError extends Error {
  readonly next: string
  constructor(problem: string, next: string, cause?: unknown) {
    super(problem, { cause })
    this.name = 'LiveError'
    this.next = next
  }
}

export type LiveServer = {
  /** With the tokens: who has the first one may stop the run and write; the other one only reads. */
  readonly urls: { readonly act: string; readonly watch: string }
  close(): Promise<void>
}

export type Live = {
  readonly feed: Feed
  readonly viewers: Viewers
  /** Called before a viewer is let in, so that it is shown the present. */
  arrived(): void
  /** Hands a request to the run's controller. */
  ask(request: Request): Promise<ControlReply>
  /** Why nobody may write now, for the page; undefined if the run is under way. */
  readsOnly(): string | undefined
}

/** Nothing from elsewhere, nothing inline; no other page may frame it. */
const secure = {
  'Content-Security-Policy':
    "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; img-src 'self' data:; form-action 'none'; frame-ancestors 'none'; base-uri 'none'",
  'Cross-Origin-Resource-Policy': 'same-origin',
  'Cross-Origin-Opener-Policy': 'same-origin',
  'Referrer-Policy': 'no-referrer',
  'X-Content-Type-Options': 'nosniff',
  'Cache-Control': 'no-store',
} as const

const files: Readonly<Record<string, readonly [type: string, text: string]>> = {
  '/': ['text/html; charset=utf-8', livePage],
  '/page.js': ['text/javascript; charset=utf-8', liveScript],
  '/page.css': ['text/css; charset=utf-8', liveStyle],
}

/** Port 0 lets the system choose. */
export async function serveLive(live: Live, port: number): Promise<LiveServer> {
  let admission: PageAccess | undefined
  const often = { session: notTooOften(), act: notTooOften() }
  const server = createServer((request, response) => {
    for (const [name, value] of Object.entries(secure)) response.setHeader(name, value)
    if (admission) void answer(live, admission, often, request, response)
  })
  const chosen = await listening(server, port)
  admission = createPageAccess(chosen)
  const at = `http://127.0.0.1:${chosen}/#`
  return {
    urls: { act: at + admission.tokens.act, watch: at + admission.tokens.watch },
    close: () =>
      new Promise((resolve) => {
        live.viewers.bye()
        server.close(() => resolve())
        setTimeout(() => server.closeAllConnections(), 200).unref()
      }),
  }
}

function listening(server: Server, port: number): Promise<number> {
  return new Promise((resolve, reject) => {
    server.once('error', (error: NodeJS.ErrnoException) =>
      reject(
        new LiveError(`port ${port} cannot be used: ${error.code ?? error.message}`, 'Choose another --port.', error),
      ),
    )
    server.listen(port, '127.0.0.1', () => resolve((server.address() as AddressInfo).port))
  })
}

async function answer(
  live: Live,
  admission: PageAccess,
  often: Readonly<Record<'session' | 'act', () => boolean>>,
  request: IncomingMessage,
  response: ServerResponse,
): Promise<void> {
  const problem = admission.problemOf(request)
  if (problem !== undefined) return say(response, 403, problem)
  const path = (request.url ?? '').split('?')[0] ?? ''
  const file = files[path]
  if (request.method === 'GET' && file !== undefined) return send(response, 200, ...file)
  if (request.method === 'GET' && path === '/events') return watch(live, admission, request, response)
  if (request.method === 'POST' && ['/session', '/note', '/decision'].includes(path)) {
    const acts = path !== '/session'
    if (acts && admission.rightsOf(request) !== 'act') return say(response, 401, 'this page only reads')
    // Counted apart: whoever tries tokens must not keep others from stopping the run.
    if (!often[acts ? 'act' : 'session']()) return say(response, 429, 'too many requests; wait a second')
    const body = await bodyOf(request)
    if (body === undefined) return say(response, 413, 'the request is no JSON, or too long')
    if (!acts) return enter(admission, body, response)
    return hand(live, path === '/note' ? 'note' : 'decision', body, response)
  }
  say(response, 404, 'there is nothing here')
}

function watch(live: Live, admission: PageAccess, request: IncomingMessage, response: ServerResponse): void {
  const rights = admission.rightsOf(request)
  if (rights === undefined) return say(response, 401, 'open the address that matchday printed')
  if (live.viewers.count >= VIEWERS_MAX) return say(response, 503, 'too many viewers')
  const closed = live.readsOnly()
  const { name, roles } = live.feed
  const hello = {
    name,
    roles,
    writes: rights === 'act' && closed === undefined,
    reason: rights === 'act' ? closed : undefined,
  }
  live.arrived()
  const after = Number(request.headers['last-event-id'] ?? 0)
  live.viewers.welcome(response, Number.isSafeInteger(after) && after > 0 ? after : 0, hello)
}

function enter(admission: PageAccess, body: Readonly<Record<string, unknown>>, response: ServerResponse): void {
  const cookie = typeof body.token === 'string' ? admission.cookieFor(body.token) : undefined
  if (cookie === undefined) return say(response, 401, 'this token is not known')
  response.setHeader('Set-Cookie', cookie)
  send(response, 200, 'application/json', '{}')
}

async function hand(
  live: Live,
  kind: Request['kind'],
  body: Readonly<Record<string, unknown>>,
  response: ServerResponse,
): Promise<void> {
  const asked = parseRequest({ ...body, kind, via: 'page' })
  if (!asked.ok) return say(response, 400, asked.problem)
  const closed = live.readsOnly()
  const answered = closed === undefined ? await live.ask(asked.request) : { ok: false as const, problem: closed }
  if (!answered.ok) return say(response, 409, answered.problem)
  send(response, 200, 'application/json', '{}')
}

const say = (response: ServerResponse, status: number, problem: string): void =>
  send(response, status, 'application/json', JSON.stringify({ problem }))

function send(response: ServerResponse, status: number, type: string, text: string): void {
  response.writeHead(status, { 'Content-Type': type })
  response.end(text)
}

/** Bytes of a request's body: a note of 2,000 characters of four bytes, with what is around it. */
const BODY_BYTES_MAX = 12_000

async function bodyOf(request: IncomingMessage): Promise<Readonly<Record<string, unknown>> | undefined> {
  const chunks: Buffer[] = []
  let size = 0
  try {
    for await (const chunk of request as AsyncIterable<Buffer>) {
      size += chunk.length
      if (size > BODY_BYTES_MAX) return undefined
      chunks.push(chunk)
    }
    const value: unknown = JSON.parse(Buffer.concat(chunks).toString('utf8'))
    return typeof value === 'object' && value !== null && !Array.isArray(value) ? { ...value } : undefined
  } catch {
    return undefined
  }
}

const PER_SECOND_MAX = 10

/** At most so many changes in a second, whoever asks: the journal is not a chat. A token cannot be guessed at this speed either. */
function notTooOften(): () => boolean {
  const times: number[] = []
  return () => {
    const now = performance.now()
    while (times[0] !== undefined && times[0] < now - 1000) times.shift()
    return times.length < PER_SECOND_MAX && times.push(now) > 0
  }
}
