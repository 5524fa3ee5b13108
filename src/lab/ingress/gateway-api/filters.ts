// Filters of a rule or a backend, compiled once: what they change in a request and in its response.
import { durationMs } from './durations.ts'
import type { HeaderModifier, HttpFilter, ObjectRef, PathModifier, RouteRule } from './objects.ts'

/** Changes a list in which names and values alternate. */
export type HeaderChange = (headers: string[]) => string[]

export type PathChange = (path: string) => string

export type Redirect = { status: number; location(asked: { host: string; path: string; isTls: boolean }): string }

export type MirrorFilter = { target: ObjectRef; part: number; whole: number }

/** What is done to a request on its way to a backend, and to its response. */
export type Changes = {
  readonly request: readonly HeaderChange[]
  readonly response: readonly HeaderChange[]
  readonly hostname?: string
  /** Changes the path, not the query. */
  readonly path?: PathChange
}

const SUPPORTED: ReadonlySet<string> = new Set([
  'RequestHeaderModifier',
  'ResponseHeaderModifier',
  'RequestRedirect',
  'URLRewrite',
  'RequestMirror',
])

/** Why a rule is not served as it is written; undefined when it is. Ignoring a filter would be worse than refusing its route. */
export function unsupportedIn({ filters = [], backendRefs = [], timeouts }: RouteRule): string | undefined {
  const ofBackends = backendRefs.flatMap((each) => each.filters ?? [])
  const strange = [...filters, ...ofBackends].find(({ type }) => !SUPPORTED.has(type))
  if (strange) return `the filter ${strange.type}`
  const onlyForRules = ofBackends.find(({ type }) => type === 'RequestRedirect' || type === 'RequestMirror')
  if (onlyForRules) return `the filter ${onlyForRules.type} in a backendRef`
  const times = [timeouts?.request, timeouts?.backendRequest].filter((time) => time !== undefined)
  return times.some((time) => durationMs(time) === undefined) ? `the duration in timeouts` : undefined
}

/** `prefix` is that of the match which took the request; undefined for an exact path. */
export function changesOf(filters: readonly HttpFilter[], prefix: string | undefined): Changes {
  const rewrite = filters.find(({ type }) => type === 'URLRewrite')?.urlRewrite
  return {
    request: modifiers(filters.map(({ requestHeaderModifier }) => requestHeaderModifier)),
    response: modifiers(filters.map(({ responseHeaderModifier }) => responseHeaderModifier)),
    ...(rewrite?.hostname === undefined ? {} : { hostname: rewrite.hostname }),
    ...(rewrite?.path === undefined ? {} : { path: pathChange(rewrite.path, prefix) }),
  }
}

/** Those of the rule, then those of the backend. */
export const combined = (rule: Changes, backend: Changes): Changes => ({
  ...rule,
  ...backend,
  request: [...rule.request, ...backend.request],
  response: [...rule.response, ...backend.response],
})

const modifiers = (all: readonly (HeaderModifier | undefined)[]): HeaderChange[] =>
  all.flatMap((each) => (each ? [headerChange(each)] : []))

export function headerChange({ set = [], add = [], remove = [] }: HeaderModifier): HeaderChange {
  const dropped = new Set([...set.map(({ name }) => name), ...remove].map((name) => name.toLowerCase()))
  const appended = [...set, ...add].flatMap(({ name, value }) => [name, value])
  return (headers) => {
    const kept: string[] = []
    for (let at = 0; at + 1 < headers.length; at += 2) {
      const name = headers[at] ?? ''
      if (!dropped.has(name.toLowerCase())) kept.push(name, headers[at + 1] ?? '')
    }
    return [...kept, ...appended]
  }
}

export function pathChange({ type, replaceFullPath, replacePrefixMatch }: PathModifier, prefix = ''): PathChange {
  if (type === 'ReplaceFullPath') return () => replaceFullPath ?? '/'
  const replacement = (replacePrefixMatch ?? '').replace(/\/+$/, '')
  return (path) => {
    const changed = replacement + path.slice(prefix.length)
    return changed.startsWith('/') ? changed : `/${changed}`
  }
}

const DEFAULT_PORTS: Readonly<Record<string, number>> = { http: 80, https: 443 }

/** `listenerPort` is the port that the listener declares. It is the default where the filter changes neither port nor scheme. */
export function redirectOf(
  filters: readonly HttpFilter[],
  prefix: string | undefined,
  listenerPort: number,
): Redirect | undefined {
  const filter = filters.find(({ type }) => type === 'RequestRedirect')?.requestRedirect
  if (!filter) return undefined
  const change = filter.path && pathChange(filter.path, prefix)
  return {
    status: filter.statusCode ?? 302,
    location({ host, path, isTls }) {
      const scheme = filter.scheme?.toLowerCase() ?? (isTls ? 'https' : 'http')
      const port = filter.port ?? (filter.scheme === undefined ? listenerPort : DEFAULT_PORTS[scheme])
      const [plain = '', query] = path.split(/(?=\?)/)
      const target = `${change ? change(plain) : plain}${query ?? ''}`
      const shown = port === undefined || port === DEFAULT_PORTS[scheme] ? '' : `:${port}`
      return `${scheme}://${filter.hostname ?? host}${shown}${target}`
    },
  }
}

export function mirrorsOf(filters: readonly HttpFilter[]): MirrorFilter[] {
  return filters.flatMap(({ requestMirror }) => {
    if (!requestMirror) return []
    const { backendRef: target, percent, fraction } = requestMirror
    if (fraction) return [{ target, part: fraction.numerator, whole: fraction.denominator ?? 100 }]
    return [{ target, part: percent ?? 100, whole: 100 }]
  })
}
