// Which Service a request goes to, by the rules of networking.k8s.io/v1: the most specific host first, then an exact path, then the longest
// prefix, compared by path elements.
import type { Metadata } from '../cluster-access/kube-object.ts'
import type { GatewayPart } from './gateway-api/rules.ts'
import type { Ingress, IngressBackend } from './objects.ts'
import { type RouteSettings, settingsOf } from './settings.ts'

export type Route = {
  /** namespace/name of the Ingress or HTTPRoute, for metrics. */
  ingress: string
  namespace: string
  service: string
  /** The Service's port, as number or name. */
  port: number | string
  settings: RouteSettings
  /** Only of an HTTPRoute. */
  gateway?: GatewayPart
}

/** What becomes of a request. `answer`: the ingress itself answers, for a redirect or an invalid backend. */
export type RouteDecision =
  | { kind: 'none' }
  | { kind: 'forward'; route: Route }
  | { kind: 'answer'; route: Route; status: number; reason: string; headers: Readonly<Record<string, string>> }

export type RouteTable = { match(host: string, path: string): Route | undefined }

type Entry = { host: string; path: string; isExact: boolean; route: Route }

export const INGRESS_CLASS = 'lab'
const CLASS_ANNOTATION = 'kubernetes.io/ingress.class'

export function createRouteTable(ingresses: readonly Ingress[]): RouteTable {
  const entries = ingresses.filter(isOurs).flatMap(entriesOf).sort(byPrecedence)
  return {
    match(hostHeader, path) {
      const host = hostHeader.replace(/:\d+$/, '').toLowerCase()
      return entries.find((entry) => matchesHost(entry.host, host) && matchesPath(entry, path))?.route
    },
  }
}

function isOurs({ metadata, spec }: Ingress): boolean {
  const name = spec?.ingressClassName ?? metadata.annotations?.[CLASS_ANNOTATION]
  return name === undefined || name === INGRESS_CLASS
}

function entriesOf({ metadata, spec }: Ingress): Entry[] {
  const rules = (spec?.rules ?? []).flatMap((rule) =>
    (rule.http?.paths ?? []).flatMap((path) =>
      entry(metadata, rule.host ?? '', path.path ?? '/', path.pathType === 'Exact', path.backend),
    ),
  )
  return spec?.defaultBackend ? [...rules, ...entry(metadata, '', '/', false, spec.defaultBackend)] : rules
}

function entry(metadata: Metadata, host: string, path: string, isExact: boolean, { service }: IngressBackend): Entry[] {
  const port = service?.port?.number ?? service?.port?.name
  if (!service || port === undefined) return []
  const namespace = metadata.namespace ?? 'default'
  const settings = settingsOf(metadata.annotations ?? {})
  const route = { ingress: `${namespace}/${metadata.name}`, namespace, service: service.name, port, settings }
  return [{ host: host.toLowerCase(), path, isExact, route }]
}

function byPrecedence(one: Entry, other: Entry): number {
  return (
    hostRank(other.host) - hostRank(one.host) ||
    Number(other.isExact) - Number(one.isExact) ||
    other.path.length - one.path.length
  )
}

function hostRank(host: string): number {
  if (host === '') return 0
  return host.startsWith('*.') ? 1 : 2
}

function matchesHost(pattern: string, host: string): boolean {
  if (pattern === '' || pattern === host) return true
  // A wildcard matches exactly one label.
  return pattern.startsWith('*.') && host.slice(host.indexOf('.') + 1) === pattern.slice(2) && host.indexOf('.') > 0
}

function matchesPath({ path, isExact }: Entry, asked: string): boolean {
  if (isExact) return asked === path
  const prefix = path.replace(/\/+$/, '')
  return asked === prefix || asked.startsWith(`${prefix}/`)
}
