/**
 * Verdicts over HTTP, for tools that decide about a release. Argo Rollouts' web provider reads a JSON body and takes any status but 2xx for an error
 * (its docs/analysis/web.md). Flagger's webhooks read only the status: 200 to 202 is success, everything else is not (its docs, webhooks). The server
 * only reads; a request names a run and gets an answer within the time that both tools wait for by default, 10 s.
 */
import { createHash, timingSafeEqual } from 'node:crypto'
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { EnvironmentError } from '../../controller/ports.ts'
import { answerOf, type GateVerdict, type VerdictAnswer } from './answer.ts'
import type { ListenAddress } from './listen.ts'
import { type GateProtocol, routeOf, type VerdictRoute } from './routes.ts'
import type { ServedRuns } from './served-runs.ts'

export type VerdictServer = {
  readonly url: string
  /** Ends when requests under way are answered, or after two seconds. */
  close(): Promise<void>
}

/** `token`: what a request must carry; undefined on loopback only. `now` in ms since 1970. */
export type Doorkeeper = { readonly token?: string; now(): number; answered?(line: string): void }

/** A request has no body that matters: Flagger sends a few hundred bytes. */
const BODY_BYTES_MAX = 64 << 10
const CONNECTIONS_MAX = 64
const REQUEST_MS = 10_000
/** Below the 10 s after which both tools give up. */
const ANSWER_MS = 8_000
const CLOSE_MS = 2_000

export async function serveVerdicts(
  runs: ServedRuns,
  listen: ListenAddress,
  keeper: Doorkeeper,
): Promise<VerdictServer> {
  const server = createServer({ requestTimeout: REQUEST_MS, headersTimeout: 5_000, keepAliveTimeout: 5_000 })
  server.maxConnections = CONNECTIONS_MAX
  server.on('request', (request, response) => void handle(runs, listen, keeper, request, response))
  const port = await listening(server, listen)
  const host = listen.host.includes(':') ? `[${listen.host}]` : listen.host
  return { url: `http://${host}:${port}`, close: () => closed(server) }
}

function listening(server: Server, { host, port }: ListenAddress): Promise<number> {
  return new Promise((resolve, reject) => {
    server.once('error', (error: NodeJS.ErrnoException) => {
      const problem = `${host}:${port} cannot be listened on: ${error.code ?? error.message}`
      reject(new EnvironmentError(problem, 'Choose another --listen.', error))
    })
    server.listen(port, host, () => resolve((server.address() as AddressInfo).port))
  })
}

function closed(server: Server): Promise<void> {
  return new Promise((resolve) => {
    const late = setTimeout(() => server.closeAllConnections(), CLOSE_MS)
    server.close(() => {
      clearTimeout(late)
      resolve()
    })
    server.closeIdleConnections()
  })
}

type Reply = { readonly status: number; readonly body: object }

async function handle(
  runs: ServedRuns,
  listen: ListenAddress,
  keeper: Doorkeeper,
  request: IncomingMessage,
  response: ServerResponse,
): Promise<void> {
  const { status, body } = await reply(runs, listen, keeper, request)
  response.writeHead(status, {
    'Content-Type': 'application/json',
    'Cache-Control': 'no-store',
    'X-Content-Type-Options': 'nosniff',
    ...(status === 401 ? { 'WWW-Authenticate': 'Bearer realm="matchday", Basic realm="matchday"' } : {}),
    // What is left of a body that is too long is not read.
    ...(status === 413 ? { Connection: 'close' } : {}),
  })
  response.end(`${JSON.stringify(body)}\n`)
  keeper.answered?.(`${request.method} ${request.url}: ${status}${'verdict' in body ? ` ${String(body.verdict)}` : ''}`)
}

async function reply(
  runs: ServedRuns,
  listen: ListenAddress,
  keeper: Doorkeeper,
  request: IncomingMessage,
): Promise<Reply> {
  const route = routeOf(request.method ?? '', request.url ?? '')
  if (route.kind === 'health') return { status: 200, body: { ok: true } }
  const refusal = refused(listen, keeper.token, request)
  if (refusal !== undefined) return refusal
  if (route.kind === 'wrong') return problem(route.status, route.problem)
  if (!(await bodyIsShort(request))) return problem(413, `the body is longer than ${BODY_BYTES_MAX} bytes`)
  const answer = await answerInTime(runs, route, keeper.now())
  if (answer === undefined) return problem(404, `there is no run ${route.asked.run}`)
  return { status: statusOf(route.door, answer.verdict), body: answer }
}

const problem = (status: number, text: string): Reply => ({ status, body: { problem: text } })

/** A name that was made to point at this machine (DNS rebinding) reaches any server on loopback; with a token it learns nothing. */
function refused(listen: ListenAddress, token: string | undefined, request: IncomingMessage): Reply | undefined {
  if (token !== undefined) return carries(request, token) ? undefined : problem(401, 'the token is missing or wrong')
  const name = (request.headers.host ?? '').replace(/:\d+$/, '')
  const known = ['localhost', '127.0.0.1', '[::1]', listen.host]
  return known.includes(name) ? undefined : problem(403, 'this server is not asked by that name')
}

const digest = (text: string): Buffer => createHash('sha256').update(text).digest()

/** As a bearer token, or as the password of basic authentication: Flagger has no headers, but a URL with user and password. */
function carries({ headers }: IncomingMessage, token: string): boolean {
  const [scheme = '', given = ''] = (headers.authorization ?? '').split(' ')
  const written =
    scheme.toLowerCase() === 'basic'
      ? Buffer.from(given, 'base64')
          .toString('utf8')
          .replace(/^[^:]*:/, '')
      : given
  return ['basic', 'bearer'].includes(scheme.toLowerCase()) && timingSafeEqual(digest(written), digest(token))
}

async function bodyIsShort(request: IncomingMessage): Promise<boolean> {
  let size = 0
  try {
    for await (const chunk of request as AsyncIterable<Buffer>) {
      size += chunk.length
      if (size > BODY_BYTES_MAX) return false
    }
    return true
  } catch {
    return false
  }
}

/** A long journal is judged on while the tool asks again. */
async function answerInTime(
  runs: ServedRuns,
  { asked }: Extract<VerdictRoute, { kind: 'ask' }>,
  now: number,
): Promise<VerdictAnswer | undefined> {
  let timer: NodeJS.Timeout | undefined
  const late = new Promise<VerdictAnswer>((resolve) => {
    timer = setTimeout(() => resolve(answerOf('running', 'The run is being judged; ask again.')), ANSWER_MS)
  })
  try {
    return await Promise.race([runs.answer(asked, now), late])
  } finally {
    clearTimeout(timer)
  }
}

/** 425 (Too Early, RFC 8470) for what may still become 200. */
const statuses: Readonly<Record<GateProtocol, Readonly<Record<GateVerdict, number>>>> = {
  verdict: { pass: 200, fail: 200, inconclusive: 200, running: 200 },
  confirm: { pass: 200, fail: 409, inconclusive: 425, running: 425 },
  rollback: { pass: 409, fail: 200, inconclusive: 425, running: 425 },
}
const statusOf = (door: GateProtocol, verdict: GateVerdict): number => statuses[door][verdict]
