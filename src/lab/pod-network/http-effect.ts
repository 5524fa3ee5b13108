// What a fault does to HTTP/1.1 requests and their answers, parsed from untrusted JSON, and which of them it means. The words and the
// reach of each are Chaos Mesh's; that its proxy reads a field for one target only is the chaos daemon's to know.
import { isRecord, within } from './untrusted.ts'

export type HttpMatch = {
  /** Without the query; `*` for any text, `?` for one character. */
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

/** What is done, in this order; `abort` leaves nothing for the others to do. */
export type HttpActs = {
  abort?: boolean
  delayMs?: number
  replace?: HttpReplace
  /** Added to what is there. */
  patch?: { headers?: HttpPairs; queries?: HttpPairs }
}

export type HttpEffect = {
  kind: 'http'
  target: 'request' | 'response'
  /** Where the request was sent: the pod's own port, or the port that the pod dialled. */
  port: number
  match: HttpMatch
  acts: HttpActs
}

// A pod in the lab never waits longer: timers overflow at 2^31 ms.
const DELAY_MAX_MS = 3_600_000

/** Undefined, and a complaint for each problem, when it is none. */
export function parseHttpEffect(effect: Record<string, unknown>, complain: (problem: string) => unknown) {
  const wrong = Object.entries(problemsOf(effect)).filter(([, isGood]) => !isGood)
  for (const [path] of wrong) complain(`.effect.${path} is not what it should be`)
  return wrong.length > 0 ? undefined : (effect as HttpEffect)
}

function problemsOf(effect: Record<string, unknown>): Record<string, boolean> {
  const match = isRecord(effect.match) ? effect.match : {}
  const acts = isRecord(effect.acts) ? effect.acts : {}
  const replace = isRecord(acts.replace) ? acts.replace : {}
  const patch = isRecord(acts.patch) ? acts.patch : {}
  return {
    target: effect.target === 'request' || effect.target === 'response',
    port: within(effect.port, 1, 65_535),
    match: isRecord(effect.match),
    'match.path': may(isText, match.path),
    'match.method': may(isText, match.method),
    'match.code': may(isCode, match.code),
    'match.requestHeaders': may(isTexts, match.requestHeaders),
    'match.responseHeaders': may(isTexts, match.responseHeaders),
    acts: isRecord(effect.acts),
    'acts.abort': may((value) => typeof value === 'boolean', acts.abort),
    'acts.delayMs': may((value) => within(value, 0, DELAY_MAX_MS), acts.delayMs),
    'acts.replace': may(isRecord, acts.replace),
    'acts.replace.path': may(isText, replace.path),
    'acts.replace.method': may(isText, replace.method),
    'acts.replace.code': may(isCode, replace.code),
    'acts.replace.bodyBase64': may(isText, replace.bodyBase64),
    'acts.replace.headers': may(isTexts, replace.headers),
    'acts.replace.queries': may(isTexts, replace.queries),
    'acts.patch': may(isRecord, acts.patch),
    'acts.patch.headers': may(isPairs, patch.headers),
    'acts.patch.queries': may(isPairs, patch.queries),
  }
}

const may = (isGood: (value: unknown) => boolean, value: unknown): boolean => value === undefined || isGood(value)
const isText = (value: unknown): boolean => typeof value === 'string'
const isCode = (value: unknown): boolean => within(value, 100, 999)
const isTexts = (value: unknown): boolean => isRecord(value) && Object.values(value).every(isText)
const isPairs = (value: unknown): boolean =>
  Array.isArray(value) && value.every((pair) => Array.isArray(pair) && pair.length === 2 && pair.every(isText))
