// Which requests and responses the rules of a pod select, and what happens to them. No sockets here; bundled into the preload. As in Chaos
// Mesh's proxy, rules are chosen by the original request and then applied one after the other.
import type { HttpActs, HttpMatch, HttpPairs } from './http-effect.ts'
import type { HttpRule } from './messages.ts'

export type HttpRequestHead = {
  readonly method: string
  readonly url: string
  /** Header names and values alternate, as they were received. */
  readonly rawHeaders: readonly string[]
}
export type HttpResponseHead = { readonly code: number; readonly valuesOf: (name: string) => readonly string[] }

/** Client and server. `ports`: the ports under which the client may have reached the server. */
export type HttpEnds = { readonly peerIp: string; readonly ownPort: number; readonly ports: () => readonly number[] }

export function requestRules(rules: readonly HttpRule[], ends: HttpEnds, asked: HttpRequestHead): HttpRule[] {
  return rules.filter(
    (rule) => rule.effect.target === 'request' && reaches(rule, ends) && meansRequest(rule.effect.match, asked),
  )
}

export function answerRules(
  rules: readonly HttpRule[],
  ends: HttpEnds,
  asked: HttpRequestHead,
  answered: HttpResponseHead,
): HttpRule[] {
  return rules.filter(
    (rule) =>
      rule.effect.target === 'response' &&
      reaches(rule, ends) &&
      meansRequest(rule.effect.match, asked) &&
      meansAnswer(rule.effect.match, answered),
  )
}

/** A fault of the client uses the port that was dialled; a fault of the server uses the port that it listens on. */
function reaches({ from, effect }: HttpRule, ends: HttpEnds): boolean {
  if (from === undefined) return effect.port === ends.ownPort
  return from === ends.peerIp && ends.ports().includes(effect.port)
}

function meansRequest(match: HttpMatch, { method, url, rawHeaders }: HttpRequestHead): boolean {
  if (match.path !== undefined && !isLike(match.path, pathOf(url))) return false
  if (match.method !== undefined && match.method !== method) return false
  return Object.entries(match.requestHeaders ?? {}).every(([name, value]) =>
    rawValues(rawHeaders, name).includes(value),
  )
}

function meansAnswer(match: HttpMatch, { code, valuesOf }: HttpResponseHead): boolean {
  if (match.code !== undefined && match.code !== code) return false
  return Object.entries(match.responseHeaders ?? {}).every(([name, value]) => valuesOf(name).includes(value))
}

export function rawValues(rawHeaders: readonly string[], name: string): string[] {
  const wanted = name.toLowerCase()
  return rawHeaders.filter((_, at) => at % 2 === 1 && rawHeaders[at - 1]?.toLowerCase() === wanted)
}

/** A request to a proxy contains the host too. */
function pathOf(url: string): string {
  if (!url.startsWith('/') && URL.canParse(url)) return new URL(url).pathname
  return url.split('?', 1)[0] ?? url
}

/** `*` is any text, `?` any one character. */
export function isLike(pattern: string, text: string): boolean {
  const parts = pattern.split('*').map((part) => part.replace(/[.+^${}()|[\]\\]/g, '\\$&').replaceAll('?', '.'))
  return new RegExp(`^${parts.join('.*')}$`, 's').test(text)
}

/** One after the other: delays add up, and nothing follows an abort. */
export type HttpCourse = { readonly delayMs: number; readonly abort: boolean; readonly edits: readonly HttpActs[] }

export function courseOf(rules: readonly HttpRule[]): HttpCourse {
  const edits: HttpActs[] = []
  let delayMs = 0
  for (const { effect } of rules) {
    if (effect.acts.abort) return { delayMs, abort: true, edits }
    delayMs += effect.acts.delayMs ?? 0
    edits.push(effect.acts)
  }
  return { delayMs, abort: false, edits }
}

export function editedUrl(url: string, { replace, patch }: HttpActs): string {
  const at = url.indexOf('?')
  const [path, query] = at < 0 ? [url, ''] : [url.slice(0, at), url.slice(at + 1)]
  const asked = replace?.queries ? replacedQuery(query, replace.queries) : query
  const added = asQuery(patch?.queries ?? [])
  const whole = [asked, added].filter((part) => part !== '').join('&')
  return `${replace?.path === undefined ? path : replace.path || '/'}${whole === '' ? '' : `?${whole}`}`
}

const asQuery = (queries: HttpPairs): string =>
  new URLSearchParams(queries.map(([name, value]): [string, string] => [name, value])).toString()

// Chaos Mesh reads the query into a map. If a name occurs twice, the last value stays.
function replacedQuery(query: string, queries: Readonly<Record<string, string>>): string {
  const known = Object.fromEntries(new URLSearchParams(query))
  return new URLSearchParams({ ...known, ...queries }).toString()
}

export function editedHeaders(rawHeaders: readonly string[], { replace, patch }: HttpActs): string[] {
  const replaced = Object.entries(replace?.headers ?? {})
  const body = replace?.bodyBase64
  const length: HttpPairs = body === undefined ? [] : [['content-length', String(Buffer.byteLength(body, 'base64'))]]
  const gone = new Set([
    ...replaced.map(([name]) => name.toLowerCase()),
    ...(body === undefined ? [] : ['content-length', 'transfer-encoding']),
  ])
  const kept = rawHeaders.filter((_, at) => !gone.has((rawHeaders[at - (at % 2)] ?? '').toLowerCase()))
  return [...kept, ...[...length, ...replaced, ...(patch?.headers ?? [])].flat()]
}
