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
        const { answer, text } = await exchange(new URL(entry.replace(/\/$/, '') + path), options, body)
        return { is: 'answer', status: answer.statusCode ?? 0, headers: flat(answer.headers), body: text }
      } catch (error) {
        return { is: 'none', problem: messageOf(error) }
      }
    },
  }
}

type Exchanged = { readonly answer: IncomingMessage; readonly text: string }

/** Resolves when the answer has come as a whole. */
const exchange = (url: URL, options: RequestOptions, body?: string): Promise<Exchanged> =>
  new Promise((resolve, reject) => {
    const client = url.protocol === 'https:' ? https : http
    client
      .request(url, options, (answer) => textOf(answer).then((text) => resolve({ answer, text }), reject))
      .once('error', reject)
      .end(body)
  })

/** What comes after this many characters is dropped: answers are compared field by field, and no field is that large. */
const BODY_MOST = 262_144

async function textOf(answer: IncomingMessage): Promise<string> {
  let text = ''
  for await (const part of answer.setEncoding('utf8')) if (text.length < BODY_MOST) text += part
  return text.slice(0, BODY_MOST)
}

/** A field that comes several times is one with commas (RFC 9110, 5.3). */
const flat = (headers: IncomingHttpHeaders): Readonly<Record<string, string>> =>
  Object.fromEntries(
    Object.entries(headers).flatMap(([name, value]) =>
      value === undefined ? [] : [[name, Array.isArray(value) ? value.join(', ') : value]],
    ),
  )
