import type { IncomingMessage } from 'node:http'
import { Agent, request } from 'node:https'
import type { Socket } from 'node:net'

/** Where an API server is and how a client authenticates: the current context of a kubeconfig. */
export type ApiAccess = {
  /** https://127.0.0.1:6443 */
  readonly server: URL
  readonly ca?: Buffer | string
  readonly insecure?: boolean
  readonly token?: string
  readonly clientCertificate?: Buffer
  readonly clientKey?: Buffer
}

export type ClientAnswer = { readonly status: number; readonly body: string }
export type ClientCall = {
  readonly method?: 'GET' | 'POST' | 'PATCH' | 'DELETE'
  readonly path: string
  /** A text is sent as it is, everything else as JSON. */
  readonly body?: unknown
  readonly contentType?: string
  readonly signal?: AbortSignal | undefined
}

/** HTTPS to an API server. A whole client library would take half a second to load, and the boot of a lab takes twelve. */
export type ApiClient = {
  /** Any HTTP status is an answer. @throws when there is no connection, no trust, or no answer for a minute */
  call(request: ClientCall): Promise<ClientAnswer>
  /** The non-empty lines of a streaming answer (a watch), until it ends. @throws like call, and for a status other than 200 */
  lines(path: string, signal: AbortSignal): AsyncIterable<string>
  close(): void
}

// The API server itself gives up on a request after a minute (--request-timeout).
const ANSWER_MS = 60_000
// A stopped server (SIGSTOP) keeps its connections open. A healthy watch sends a bookmark about once a minute.
const SILENCE_MS = 180_000

export function createApiClient(access: ApiAccess): ApiClient {
  const agent = new Agent({ keepAlive: true })
  const options: Options = {
    agent,
    rejectUnauthorized: !access.insecure,
    headers: { accept: 'application/json', ...(access.token ? { authorization: `Bearer ${access.token}` } : {}) },
    ...(access.ca ? { ca: access.ca } : {}),
    ...(access.clientCertificate ? { cert: access.clientCertificate } : {}),
    ...(access.clientKey ? { key: access.clientKey } : {}),
  }
  return {
    call: (wanted) => call(access.server, options, wanted),
    lines: (path, signal) => lines(access.server, { ...options, signal }, path),
    close: () => agent.destroy(),
  }
}

type Options = {
  readonly agent: Agent
  readonly rejectUnauthorized: boolean
  readonly headers: Readonly<Record<string, string | number>>
  readonly ca?: Buffer | string
  readonly cert?: Buffer
  readonly key?: Buffer
  readonly signal?: AbortSignal
}

async function call(server: URL, options: Options, wanted: ClientCall): Promise<ClientAnswer> {
  const body = wanted.body === undefined || typeof wanted.body === 'string' ? wanted.body : JSON.stringify(wanted.body)
  const headers = {
    ...options.headers,
    'content-type': wanted.contentType ?? 'application/json',
    // Node omits the length of a DELETE's body. The server would then read the body as the connection's next request.
    ...(body !== undefined && { 'content-length': Buffer.byteLength(body) }),
  }
  const { method = 'GET', path, signal } = wanted
  const answer = await send(server, { ...options, headers, method, ...(signal && { signal }) }, path, ANSWER_MS, body)
  return { status: answer.statusCode ?? 0, body: await textOf(answer) }
}

async function* lines(server: URL, options: Options, path: string): AsyncGenerator<string> {
  const answer = await send(server, options, path, SILENCE_MS)
  if (answer.statusCode !== 200)
    throw new Error(`GET ${path} answered ${answer.statusCode}: ${(await textOf(answer)).slice(0, 300)}`)
  let rest = ''
  answer.setEncoding('utf8')
  for await (const chunk of answer) {
    const parts = `${rest}${chunk}`.split('\n')
    rest = parts.pop() ?? ''
    for (const line of parts) if (line !== '') yield line
  }
}

function send(
  server: URL,
  options: Options & { readonly method?: string },
  path: string,
  silenceMs: number,
  body?: string,
): Promise<IncomingMessage> {
  const { promise, resolve, reject } = Promise.withResolvers<IncomingMessage>()
  const outgoing = request(new URL(path, server), options, resolve)
  outgoing.on('error', reject)
  outgoing.on('socket', keepListening)
  outgoing.setTimeout(silenceMs, () => {
    outgoing.destroy(new Error(`no answer from ${server.host} for ${silenceMs} ms`))
  })
  outgoing.end(body)
  return promise
}

const listening = new WeakSet<Socket>()

/**
 * Node takes its own listener off the socket of an answer that has just ended. An abort at that moment would be an error that nobody listens to, which
 * ends the process. The request itself gets the error too.
 */
function keepListening(socket: Socket): void {
  if (listening.has(socket)) return
  listening.add(socket)
  socket.on('error', () => undefined)
}

async function textOf(answer: IncomingMessage): Promise<string> {
  let text = ''
  answer.setEncoding('utf8')
  for await (const chunk of answer) text += chunk
  return text
}
