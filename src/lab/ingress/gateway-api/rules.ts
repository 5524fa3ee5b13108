// Compiles the rules of attached HTTPRoutes for one port: from a request to the backend, redirect or error that answers it.
import type { IncomingMessage } from 'node:http'
import type { Route, RouteDecision } from '../routes.ts'
import { settingsOf } from '../settings.ts'
import type { Attached } from './attach.ts'
import { durationMs } from './durations.ts'
import { type Changes, changesOf, combined, mirrorsOf, type Redirect, redirectOf } from './filters.ts'
import { bySpecificity, hostOf, matchesHostname } from './hostnames.ts'
import { type AskedRequest, askedBy, byPrecedence, type CompiledMatch, matchOf } from './matches.ts'
import { type BackendRef, type HttpRoute, keyOf, type RouteRule } from './objects.ts'
import type { BackendTarget, References } from './references.ts'
import type { Shares, WeightedName } from './shares.ts'

/** A listener's host name, and the routes that it serves. */
export type RoutedListener = { readonly hostname: string; readonly routes: readonly Attached[] }

/** What a route of the Gateway API does to a request besides forwarding it. */
export type GatewayPart = {
  /** For the counters: namespace/name of the HTTPRoute, name or number of its rule, namespace/name:port of the backend. */
  readonly route: string
  readonly rule: string
  readonly backend: string
  readonly changes: Changes
  readonly mirrors: readonly Mirror[]
  /** The whole time from the request to the end of its response. */
  readonly requestMs?: number
}

export type Mirror = { readonly to: Route; takes(): boolean }

export type Router = (request: IncomingMessage) => RouteDecision

type Entry = {
  readonly host: string
  readonly match: CompiledMatch
  readonly route: HttpRoute
  /** Position in the route, for entries of equal precedence. */
  readonly order: readonly [rule: number, match: number]
  readonly decide: (request: IncomingMessage, asked: AskedRequest) => RouteDecision
}

/** What compiling needs to know about the port that is served. */
export type RuleContext = {
  readonly references: References
  readonly shares: Shares
  readonly port: number
  readonly isTls: boolean
}

/** The most specific listener decides alone: where it has no route for a request, no other listener is asked. */
export function createRouter(listeners: readonly RoutedListener[], context: RuleContext): Router {
  const compiled = new Map<string, Entry[]>()
  for (const { hostname, routes } of listeners) {
    const entries = routes.flatMap((attached) => entriesOf(attached, context))
    compiled.set(hostname, [...(compiled.get(hostname) ?? []), ...entries])
  }
  const tables = [...compiled]
    .map(([hostname, entries]) => ({ hostname, entries: entries.toSorted(before) }))
    .toSorted((one, other) => bySpecificity(one.hostname, other.hostname))
  return (request) => {
    const host = hostOf(request.headers.host ?? '')
    const table = tables.find(({ hostname }) => matchesHostname(hostname, host))
    if (!table) return { kind: 'none' }
    const asked = askedBy(request)
    const entry = table.entries.find((each) => matchesHostname(each.host, host) && each.match.takes(asked))
    return entry ? entry.decide(request, asked) : { kind: 'none' }
  }
}

/** The order of the API: host name, match, age of the route, its name, position in the route. */
function before(one: Entry, other: Entry): number {
  const text = (a = '', b = '') => (a < b ? -1 : a > b ? 1 : 0)
  return (
    bySpecificity(one.host, other.host) ||
    byPrecedence(one.match.precedence, other.match.precedence) ||
    text(one.route.metadata.creationTimestamp, other.route.metadata.creationTimestamp) ||
    text(keyOf(one.route), keyOf(other.route)) ||
    one.order[0] - other.order[0] ||
    one.order[1] - other.order[1]
  )
}

const ANY_REQUEST = [{ path: { type: 'PathPrefix', value: '/' } }]

function entriesOf({ route, hostnames }: Attached, context: RuleContext): Entry[] {
  return (route.spec?.rules ?? []).flatMap((rule, ruleAt) =>
    (rule.matches?.length ? rule.matches : ANY_REQUEST).flatMap((spec, matchAt) => {
      const match = matchOf(spec)
      const decide = createDecide({ route, rule, ruleAt }, match.prefix, context)
      return hostnames.map((host): Entry => ({ host, match, route, order: [ruleAt, matchAt], decide }))
    }),
  )
}

type RuleOf = { readonly route: HttpRoute; readonly rule: RouteRule; readonly ruleAt: number }

function createDecide(of: RuleOf, prefix: string | undefined, context: RuleContext): Entry['decide'] {
  const { route, rule, ruleAt } = of
  const from = { kind: 'HTTPRoute', namespace: route.metadata.namespace ?? '' } as const
  const filters = rule.filters ?? []
  const changes = changesOf(filters, prefix)
  const routeTo = createRouteTo(of)
  // What is counted where no backend gets the request.
  const nowhere = routeTo(undefined, changes, [])
  const redirect = redirectOf(filters, prefix, context.port)
  if (redirect) return (request) => redirected(redirect, request, nowhere, context.isTls)
  const place = `${keyOf(route)}#${ruleAt}`
  const mirrors = mirrorsOf(filters).flatMap(({ target, part, whole }, at): Mirror[] => {
    const found = context.references.backend(from, target)
    if (!found.ok) return []
    const takes = context.shares.share(`${place} mirror ${at}`, part, whole)
    return [{ to: routeTo(found.target, changes, []), takes }]
  })
  const backends = (rule.backendRefs ?? []).map((reference) => {
    const found = context.references.backend(from, reference)
    const own = combined(changes, changesOf(reference.filters ?? [], prefix))
    return found.ok ? routeTo(found.target, own, mirrors) : undefined
  })
  const choose = context.shares.choice(place, (rule.backendRefs ?? []).map(weightOf))
  return () => {
    const to = backends[choose() ?? -1]
    if (to) return { kind: 'forward', route: to }
    return { kind: 'answer', route: nowhere, status: 500, reason: 'no valid backend', headers: {} }
  }
}

function createRouteTo({ route, rule, ruleAt }: RuleOf) {
  const settings = settingsOf({})
  const readMs = durationMs(rule.timeouts?.backendRequest ?? '') || settings.readMs
  const requestMs = durationMs(rule.timeouts?.request ?? '')
  const key = keyOf(route)
  const labels = { route: key, rule: rule.name ?? String(ruleAt), ...(requestMs ? { requestMs } : {}) }
  return (target: BackendTarget | undefined, changes: Changes, mirrors: readonly Mirror[]): Route => ({
    ingress: key,
    ...(target ?? { namespace: route.metadata.namespace ?? '', service: '', port: 0 }),
    settings: { ...settings, readMs },
    gateway: { ...labels, backend: target ? shown(target) : '', changes, mirrors },
  })
}

function redirected(
  redirect: Redirect,
  { headers, url }: IncomingMessage,
  route: Route,
  isTls: boolean,
): RouteDecision {
  const location = redirect.location({ host: hostOf(headers.host ?? ''), path: url ?? '/', isTls })
  return { kind: 'answer', route, status: redirect.status, reason: 'redirected', headers: { location } }
}

/** The API's default weight is 1. */
const weightOf = ({ namespace = '', name, port = 0, weight = 1 }: BackendRef): WeightedName => ({
  name: `${namespace}/${name}:${port}`,
  weight,
})

const shown = ({ namespace, service, port }: BackendTarget): string => `${namespace}/${service}:${port}`
