/** Turns an HTTPChaos into the rules of its pods, reading each field as Chaos Mesh's proxy does. */

import { parseGoDuration } from '../../protocols/chaos-mesh/go-text.ts'
import type { HTTPChaosSpec } from '../../protocols/chaos-mesh/objects.ts'
import type { HttpActs, HttpEffect, HttpMatch, HttpPairs } from '../pod-network/http-effect.ts'

/** @throws when the proxy would reject the spec */
export function httpEffect(spec: HTTPChaosSpec): HttpEffect {
  const target = spec.target === 'Request' ? 'request' : 'response'
  return { kind: 'http', target, port: spec.port ?? 0, match: matchOf(spec), acts: actsOf(spec) }
}

/** Conditions on responses are ignored for requests. */
function matchOf({ target, path, method, code, request_headers, response_headers }: HTTPChaosSpec): HttpMatch {
  const always = { path, method, requestHeaders: request_headers }
  return known(target === 'Request' ? always : { ...always, code, responseHeaders: response_headers })
}

function actsOf({ target, abort, delay, replace, patch }: HTTPChaosSpec): HttpActs {
  return known({
    abort,
    delayMs: delay === undefined ? undefined : delayOf(delay),
    replace: replace && replaceOf(target, replace),
    patch: patch && patchOf(target, patch),
  })
}

function replaceOf(target: HTTPChaosSpec['target'], replace: NonNullable<HTTPChaosSpec['replace']>) {
  const { path, method, queries, code, headers, body } = replace
  const always = { headers, bodyBase64: body }
  return known(target === 'Request' ? { ...always, path, method, queries } : { ...always, code })
}

function patchOf(target: HTTPChaosSpec['target'], { headers, queries }: NonNullable<HTTPChaosSpec['patch']>) {
  const added = { headers: headers && pairsOf('headers', headers) }
  return known(target === 'Request' ? { ...added, queries: queries && pairsOf('queries', queries) } : added)
}

function pairsOf(name: string, lists: readonly (readonly string[])[]): HttpPairs {
  return lists.map(([key, value, ...rest]) => {
    if (key === undefined || value === undefined || rest.length > 0)
      throw new Error(`patch.${name}: ${JSON.stringify([key, value, ...rest])} is not a pair of a name and a value`)
    return [key, value]
  })
}

/** The proxy reads whole numbers only, although the webhooks accept `1.5s`. */
function delayOf(text: string): number {
  const parsed = parseGoDuration(text)
  if (!parsed.ok) throw new Error(`delay: ${parsed.error}`)
  if (!/^(\d+[a-z]+)+$/.test(text))
    throw new Error(`delay: ${JSON.stringify(text)} is not made of whole numbers with units`)
  return parsed.value
}

type Known<T> = { [K in keyof T]?: Exclude<T[K], undefined> }

/** Drops fields without a value. */
function known<T extends object>(fields: T): Known<T> {
  return Object.fromEntries(Object.entries(fields).filter(([, value]) => value !== undefined)) as Known<T>
}
