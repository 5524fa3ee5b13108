/** One attempt to deliver. Every failure is data, and none of them repeats the address. */
import http from 'node:http'
import https from 'node:https'
import type { Letter } from './forms.ts'
import { codeOf } from './webhooks.ts'

export type Attempt =
  | { readonly ok: true }
  | {
      readonly ok: false
      readonly problem: string
      readonly status?: number
      /** The receiver said how long to wait. */
      readonly waitMs?: number
      /** The receiver wants nothing any more (410). */
      readonly isGone?: true
      /** The receiver will never take this item: those behind it are delivered. */
      readonly isRefused?: true
    }

/** Never follows a redirect: the HTTP webhook specification (2.2) forbids it, and the body would go to another host. */
export function post(
  url: URL,
  { headers, body }: Letter<string | Uint8Array>,
  timeoutMs: number,
  signal: AbortSignal,
  ca?: string,
): Promise<Attempt> {
  const limit = AbortSignal.timeout(timeoutMs)
  const { promise, resolve } = Promise.withResolvers<Attempt>()
  const client = url.protocol === 'https:' ? https : http
  const options = {
    method: 'POST',
    headers: { ...headers, 'content-length': Buffer.byteLength(body) },
    signal: AbortSignal.any([limit, signal]),
    // A connection that stays open would keep the process alive, and may be dead by the next notification.
    agent: false,
    ...(ca === undefined ? {} : { ca }),
  } as const
  const request = client.request(url, options, (response) => {
    resolve(attemptOf(response.statusCode ?? 0, response.headers['retry-after']))
    // The answer's body says nothing that is needed.
    response.destroy()
  })
  request.on('error', (error) => {
    resolve({ ok: false, problem: limit.aborted ? `no answer within ${timeoutMs / 1000} s` : codeOf(error) })
  })
  request.end(body)
  return promise
}

function attemptOf(status: number, retryAfter: string | undefined): Attempt {
  if (status >= 200 && status < 300) return { ok: true }
  const problem = `answered ${status}`
  if (status === 410) return { ok: false, problem, status, isGone: true }
  const waitMs = status === 429 || status === 503 ? waitOf(retryAfter) : undefined
  return { ok: false, problem, status, ...(waitMs === undefined ? {} : { waitMs }) }
}

/** RFC 9110, 10.2.3: seconds, or a date. */
function waitOf(retryAfter: string | undefined): number | undefined {
  if (retryAfter === undefined) return undefined
  const seconds = /^\d+$/.test(retryAfter) ? Number(retryAfter) * 1000 : Date.parse(retryAfter) - Date.now()
  return Number.isFinite(seconds) ? Math.max(0, seconds) : undefined
}
