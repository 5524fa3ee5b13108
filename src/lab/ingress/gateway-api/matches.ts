// Which requests a match of an HTTPRoute takes, and which match wins when several take a request.
import type { IncomingMessage } from 'node:http'
import type { RouteMatch, ValueMatch } from './objects.ts'

/** What matches look at, read once for each request. */
export type AskedRequest = {
  readonly method: string
  readonly path: string
  readonly headers: IncomingMessage['headers']
  /** Parsed only when a match needs it. */
  query(): URLSearchParams
}

export type CompiledMatch = {
  takes(asked: AskedRequest): boolean
  /** The path of a PathPrefix match without its last slash; undefined for an exact path. */
  readonly prefix: string | undefined
  readonly precedence: Precedence
}

/** Compared in this order, the larger number first: see HTTPRouteRule.matches of the Gateway API. */
export type Precedence = readonly [
  exactPath: number,
  pathLength: number,
  method: number,
  headers: number,
  query: number,
]

export function askedBy(request: IncomingMessage): AskedRequest {
  const [path = '/', query = ''] = (request.url ?? '/').split(/\?(.*)/s)
  let parsed: URLSearchParams | undefined
  return {
    method: request.method ?? 'GET',
    path,
    headers: request.headers,
    query: () => {
      parsed ??= new URLSearchParams(query)
      return parsed
    },
  }
}

/** The type of match that is not supported, or undefined when all are. */
export function unsupportedMatch(match: RouteMatch): string | undefined {
  const types = [match.path?.type ?? 'PathPrefix', ...valuesOf(match).map(({ type }) => type ?? 'Exact')]
  return types.find((type) => type !== 'PathPrefix' && type !== 'Exact')
}

const valuesOf = ({ headers = [], queryParams = [] }: RouteMatch): readonly ValueMatch[] => [...headers, ...queryParams]

/** Of two entries with one name only the first counts, as the API says. */
function distinct(values: readonly ValueMatch[] | undefined, nameOf: (name: string) => string): [string, string][] {
  const kept = new Map<string, string>()
  for (const { name, value } of values ?? []) if (!kept.has(nameOf(name))) kept.set(nameOf(name), value)
  return [...kept]
}

export function matchOf(match: RouteMatch): CompiledMatch {
  const path = match.path?.value ?? '/'
  const isExact = match.path?.type === 'Exact'
  const prefix = path.replace(/\/+$/, '')
  const headers = distinct(match.headers, (name) => name.toLowerCase())
  const query = distinct(match.queryParams, (name) => name)
  const { method } = match
  const takesPath = isExact
    ? (asked: string) => asked === path
    : (asked: string) => asked.startsWith(prefix) && (asked.length === prefix.length || asked[prefix.length] === '/')
  return {
    takes: (asked) =>
      takesPath(asked.path) &&
      (method === undefined || method === asked.method) &&
      headers.every(([name, value]) => headerText(asked, name) === value) &&
      query.every(([name, value]) => asked.query().get(name) === value),
    prefix: isExact ? undefined : prefix,
    precedence: [Number(isExact), path.length, Number(method !== undefined), headers.length, query.length],
  }
}

function headerText({ headers }: AskedRequest, name: string): string | undefined {
  const value = headers[name]
  return Array.isArray(value) ? value.join(',') : value
}

export function byPrecedence(one: Precedence, other: Precedence): number {
  for (const [position, value] of one.entries()) {
    const difference = (other[position] ?? 0) - value
    if (difference !== 0) return difference
  }
  return 0
}
