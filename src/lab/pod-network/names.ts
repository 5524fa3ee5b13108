// Cluster DNS: which names exist (used by the agent) and how a pod looks one up (bundled into the preload).
import { routable } from './endpoints.ts'
import type { ClusterTable, NameEntry } from './messages.ts'
import type { EndpointSlice, KubeService } from './objects.ts'

export const ZONE = 'svc.cluster.local'
// A longer chain of ExternalNames is a loop.
const ALIASES_MAX = 8
// /etc/resolv.conf of a pod has ndots:5: a name with fewer dots is tried with the search suffixes first.
const NDOTS = 5

/** The names that cluster DNS serves for one Service. */
export function namesOf(service: KubeService, slices: readonly EndpointSlice[]): [name: string, entry: NameEntry][] {
  const name = `${service.metadata.name}.${service.metadata.namespace}.${ZONE}`
  const { type, externalName, clusterIP } = service.spec ?? {}
  if (type === 'ExternalName') return externalName ? [[name, { alias: plain(externalName) }]] : []
  if (clusterIP && clusterIP !== 'None') return [[name, { ips: [clusterIP] }]]
  return headlessNames(name, slices)
}

function headlessNames(name: string, slices: readonly EndpointSlice[]): [string, NameEntry][] {
  const endpoints = routable(slices)
  const ips = endpoints.flatMap((endpoint) => endpoint.addresses)
  const hosts = endpoints.flatMap((endpoint): [string, NameEntry][] =>
    endpoint.hostname ? [[`${endpoint.hostname}.${name}`, { ips: endpoint.addresses }]] : [],
  )
  return ips.length > 0 ? [[name, { ips }], ...hosts] : []
}

export type Lookup =
  | { kind: 'found'; ips: readonly string[] }
  | { kind: 'outside'; name: string }
  | { kind: 'unknown' }
  /** Caused by a fault: the server fails (SERVFAIL), or answers with an address that leads nowhere. */
  | { kind: 'failed' }
  | { kind: 'astray' }

/** getaddrinfo of a pod: the search path of its namespace, then the name itself. `answer` asks the server. */
export function lookUp(namespace: string, name: string, answer: (asked: string) => Lookup): Lookup {
  const asked = plain(name)
  const absolute = name.endsWith('.')
  const dots = asked.split('.').length - 1
  const searched = [`${asked}.${namespace}.${ZONE}`, `${asked}.${ZONE}`, `${asked}.cluster.local`]
  const candidates = absolute ? [asked] : dots < NDOTS ? [...searched, asked] : [asked, ...searched]
  let failed = false
  for (const candidate of candidates) {
    const found = answer(candidate)
    // glibc tries the next name of its search path, and at the end reports a temporary failure.
    if (found.kind === 'failed') failed = true
    else if (found.kind !== 'unknown') return found
  }
  return { kind: failed ? 'failed' : 'unknown' }
}

/** A plain DNS query (dns.resolve4), without the search path. */
export function lookUpAbsolute(table: ClusterTable, name: string): Lookup {
  let asked = plain(name)
  for (let hops = 0; hops < ALIASES_MAX; hops++) {
    const entry = Object.hasOwn(table.names, asked) ? table.names[asked] : undefined
    if (!entry) return isOutside(table, asked) ? { kind: 'outside', name: asked } : { kind: 'unknown' }
    if ('ips' in entry) return { kind: 'found', ips: entry.ips }
    asked = entry.alias
  }
  return { kind: 'unknown' }
}

function isOutside(table: ClusterTable, name: string): boolean {
  return Object.values(table.outside).some((entry) => entry.names.includes(name))
}

function plain(name: string): string {
  return name.toLowerCase().replace(/\.$/, '')
}
