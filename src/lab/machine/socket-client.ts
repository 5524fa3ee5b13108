/** JSON over HTTP over a unix socket of the lab. */

import { request } from 'node:http'
import type { Fields } from '../../protocols/fields.ts'
import { fieldsOf, listOf, textOf } from './json.ts'

export type SocketRequest = {
  readonly method: 'GET' | 'PUT' | 'POST' | 'DELETE'
  readonly path: string
  readonly body?: unknown
}

/** @throws when nobody listens, the status is 400 or above, the answer is not JSON, or there is no answer within `withinMs` */
export function callSocket(socketPath: string, wanted: SocketRequest, withinMs: number): Promise<unknown> {
  const { promise, resolve, reject } = Promise.withResolvers<unknown>()
  const { method, path, body } = wanted
  const content = body === undefined ? undefined : JSON.stringify(body)
  const headers =
    content === undefined ? {} : { 'content-type': 'application/json', 'content-length': Buffer.byteLength(content) }
  const signal = AbortSignal.timeout(withinMs)
  const outgoing = request({ socketPath, method, path, headers, signal }, (answer) => {
    let text = ''
    answer.setEncoding('utf8')
    answer.on('data', (chunk: string) => {
      text += chunk
    })
    answer.on('error', reject)
    answer.on('end', () => {
      const status = answer.statusCode ?? 0
      const value = parsed(text)
      if (status >= 400) reject(new Error(`${method} ${path} answered ${status}: ${problemOf(value, text)}`))
      else if (value === NOT_JSON) reject(new Error(`${method} ${path} did not answer with JSON`))
      else resolve(value)
    })
  })
  outgoing.on('error', (error) =>
    reject(signal.aborted ? new Error(`${method} ${path} was not answered within ${withinMs} ms`) : error),
  )
  outgoing.end(content)
  return promise
}

const NOT_JSON = Symbol('not JSON')

function parsed(text: string): unknown {
  if (text === '') return {}
  try {
    return JSON.parse(text)
  } catch {
    return NOT_JSON
  }
}

function problemOf(value: unknown, text: string): string {
  const fields: Fields = fieldsOf(value)
  const problems = listOf(fields.problems).map(textOf).join('; ')
  return problems || textOf(fields.problem) || textOf(fields.message) || textOf(fields.error) || text.slice(0, 200)
}
