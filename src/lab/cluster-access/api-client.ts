import type { IncomingMessage } from 'node:http'
import { Agent, request } from 'node:https'

export type ApiAnswer = { readonly status: number; readonly body: string }
export type ApiRequest = {
  readonly method?: 'GET' | 'POST' | 'PATCH' | 'DELETE'
  readonly path: string
  readonly body?: unknown
  readonly contentType?: string
}

/** The few requests that the lab itself makes of its API server. A full client costs half a second to load, at the worst moment. */
export type ApiClient = {
  /** Any HTTP answer is an answer. @throws when there is no connection, or none of the authority's */
  call(request: ApiRequest): Promise<ApiAnswer>
  /** Lines of a streaming answer (a watch), until it ends. @throws like call, and on a status other than 200 */
  lines(path: string, signal: AbortSignal): AsyncIterable<string>
  close(): void
}

export function apiClient(url: string, authorityPem: string, token: string): ApiClient {
  const agent = new Agent({ keepAlive: true, ca: authorityPem })
  const options = { agent, ca: authorityPem, headers: { authorization: `Bearer ${token}` } }
  return {
    call: (wanted) => call(url, options, wanted),
    lines: (path, signal) => lines(url, { ...options, signal }, path),
    close: () => agent.destroy(),
  }
}

type Options = { agent: Agent; ca: string; headers: Record<string, string>; signal?: AbortSignal }

function call(url: string, options: Options, wanted: ApiRequest): Promise<ApiAnswer> {
  const { promise, resolve, reject } = Promise.withResolvers<ApiAnswer>()
  const body = wanted.body === undefined ? undefined : JSON.stringify(wanted.body)
  const headers = {
    ...options.headers,
    'content-type': wanted.contentType ?? 'application/json',
    // Node leaves it out of a DELETE, whose body would then be read as the connection's next request.
    ...(body !== undefined && { 'content-length': Buffer.byteLength(body) }),
  }
  const outgoing = request(
    new URL(wanted.path, url),
    { ...options, headers, method: wanted.method ?? 'GET' },
    (answer) => {
      let text = ''
      answer.setEncoding('utf8')
      answer.on('data', (chunk: string) => {
        text += chunk
      })
      answer.on('end', () => resolve({ status: answer.statusCode ?? 0, body: text }))
      answer.on('error', reject)
    },
  )
  outgoing.on('error', reject)
  outgoing.end(body)
  return promise
}

async function* lines(url: string, options: Options, path: string): AsyncGenerator<string> {
  const { promise, resolve, reject } = Promise.withResolvers<IncomingMessage>()
  request(new URL(path, url), options, resolve).on('error', reject).end()
  const answer = await promise
  if (answer.statusCode !== 200) {
    answer.destroy()
    throw new Error(`GET ${path} answered ${answer.statusCode}`)
  }
  let rest = ''
  answer.setEncoding('utf8')
  for await (const chunk of answer) {
    const parts = `${rest}${chunk}`.split('\n')
    rest = parts.pop() ?? ''
    yield* parts
  }
}
