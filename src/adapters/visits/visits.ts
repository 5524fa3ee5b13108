/** Visits by HTTP: one request each, as a browser would send it, through the entry of the target. */
import http, { type IncomingHttpHeaders, type IncomingMessage, type RequestOptions } from 'node:http'
import https from 'node:https'
import type { Visits } from '../../controller/ports.ts'
import { messageOf } from '../../domain/unknown.ts'

/** Users give up after some seconds; an answer after that is none. */
const TIMEOUT_MS = 5_000

export function httpVisits(): Visits {
  return {
    async visit({ entry }, { path, body }, headers) {
      const options = {
        method: body === undefined ? 'GET' : 'POST',
        headers: body === undefined ? headers : { 'content-type': 'application/json', ...headers },
        signal: AbortSignal.timeout(TIMEOUT_MS),
      }
      try {
        const answer = await exchange(new URL(entry.replace(/\/$/, '') + path), options, body)
        return { is: 'answer', status: answer.statusCode ?? 0, headers: flat(answer.headers) }
      } catch (error) {
        return { is: 'none', problem: messageOf(error) }
      }
    },
  }
}

/** Resolves when the answer has come as a whole. */
const exchange = (url: URL, options: RequestOptions, body?: string): Promise<IncomingMessage> =>
  new Promise((resolve, reject) => {
    const client = url.protocol === 'https:' ? https : http
    client
      .request(url, options, (answer) =>
        answer
          .once('end', () => resolve(answer))
          .once('error', reject)
          .resume(),
      )
      .once('error', reject)
      .end(body)
  })

/** A field that comes several times is one with commas (RFC 9110, 5.3). */
const flat = (headers: IncomingHttpHeaders): Readonly<Record<string, string>> =>
  Object.fromEntries(
    Object.entries(headers).flatMap(([name, value]) =>
      value === undefined ? [] : [[name, Array.isArray(value) ? value.join(', ') : value]],
    ),
  )
