// What a fault does to HTTP/1.1 requests and responses, and which ones it selects, parsed from untrusted JSON. Field names and meaning are
// those of Chaos Mesh. The chaos daemon knows that its proxy reads some fields for one target only.
import { isObject } from '../../domain/unknown.ts'
import { within } from './untrusted.ts'

export type HttpMatch = {
  /** Without the query. `*` matches any text, `?` one character. */
  path?: string
  method?: string
  code?: number
  requestHeaders?: Readonly<Record<string, string>>
  responseHeaders?: Readonly<Record<string, string>>
}

export type HttpPairs = readonly (readonly [name: string, value: string])[]

export type HttpReplace = {
  path?: string
  method?: string
  code?: number
  bodyBase64?: string
  headers?: Readonly<Record<string, string>>
  queries?: Readonly<Record<string, string>>
}

/** The actions, in this order. After `abort`, nothing else is done. */
export type HttpActs = {
  abort?: boolean
  delayMs?: number
  replace?: HttpReplace
  /** Added to existing headers. */
  patch?: { headers?: HttpPairs; queries?: HttpPairs }
}

export type HttpEffect = {
  kind: 'http'
  target: 'request' | 'response'
  /** The port that the request was sent to: the pod's own, or the one that the pod connected to. */
  port: number
  match: HttpMatch
  acts: HttpActs
}

// The longest delay in the lab. Timers overflow at 2^31 ms.
const DELAY_MAX_MS = 3_600_000

/** Undefined, with a complaint for each problem, when it is not a valid effect. */
export function parseHttpEffect(effect: Record<string, unknown>, complain: (problem: string) => unknown) {
  const wrong = Object.entries(problemsOf(effect)).filter(([, isGood]) => !isGood)
  for (const [path] of wrong) complain(`.effect.${path} is not valid`)
  return wrong.length > 0 ? undefined : (effect as HttpEffect)
}

function problemsOf(effect: Record<string, unknown>): Record<string, boolean> {
  const match = isObject(effect.match) ? effect.match : {}
  const acts = isObject(effect.acts) ? effect.acts : {}
  const replace = isObject(acts.replace) ? acts.replace : {}
  const patch = isObject(acts.patch) ? acts.patch : {}
  return {
    target: effect.target === 'request' || effect.target === 'response',
    port: within(effect.port, 1, 65_535),
    match: isObject(effect.match),
    'match.path': may(isText, match.path),
    'match.method': may(isText, match.method),
    'match.code': may(isCode, match.code),
    'match.requestHeaders': may(isTexts, match.requestHeaders),
    'match.responseHeaders': may(isTexts, match.responseHeaders),
    acts: isObject(effect.acts),
    'acts.abort': may((value) => typeof value === 'boolean', acts.abort),
    'acts.delayMs': may((value) => within(value, 0, DELAY_MAX_MS), acts.delayMs),
    'acts.replace': may(isObject, acts.replace),
    'acts.replace.path': may(isText, replace.path),
    'acts.replace.method': may(isText, replace.method),
    'acts.replace.code': may(isCode, replace.code),
    'acts.replace.bodyBase64': may(isText, replace.bodyBase64),
    'acts.replace.headers': may(isTexts, replace.headers),
    'acts.replace.queries': may(isTexts, replace.queries),
    'acts.patch': may(isObject, acts.patch),
    'acts.patch.headers': may(isPairs, patch.headers),
    'acts.patch.queries': may(isPairs, patch.queries),
  }
}

const may = (isGood: (value: unknown) => boolean, value: unknown): boolean => value === undefined || isGood(value)
const isText = (value: unknown): boolean => typeof value === 'string'
const isCode = (value: unknown): boolean => within(value, 100, 999)
const isTexts = (value: unknown): boolean => isObject(value) && Object.values(value).every(isText)
const isPairs = (value: unknown): boolean =>
  Array.isArray(value) && value.every((pair) => Array.isArray(pair) && pair.length === 2 && pair.every(isText))
