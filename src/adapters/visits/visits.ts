/** Visits by HTTP: one request each, as a browser would send it, through the entry of the target. */
import { request as send } from 'undici'
import type { Visits } from '../../controller/ports.ts'
import { messageOf } from '../../domain/unknown.ts'

/** Users give up after some seconds; an answer after that is none. */
const TIMEOUT_MS = 5_000

export function httpVisits(): Visits {
  return {
    async visit({ entry }, { path, body }, headers) {
      try {
        const answer = await send(entry.replace(/\/$/, '') + path, {
          method: body === undefined ? 'GET' : 'POST',
          headers: body === undefined ? headers : { 'content-type': 'application/json', ...headers },
          ...(body === undefined ? {} : { body }),
          signal: AbortSignal.timeout(TIMEOUT_MS),
        })
        await answer.body.dump()
        return { is: 'answer', status: answer.statusCode, headers: flat(answer.headers) }
      } catch (error) {
        return { is: 'none', problem: messageOf(error) }
      }
    },
  }
}

/** A field that comes several times is one with commas (RFC 9110, 5.3). */
const flat = (headers: Readonly<Record<string, string | string[] | undefined>>): Readonly<Record<string, string>> =>
  Object.fromEntries(
    Object.entries(headers).flatMap(([name, value]) =>
      value === undefined ? [] : [[name, Array.isArray(value) ? value.join(', ') : value]],
    ),
  )
