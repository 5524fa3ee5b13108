// Where a connection goes, as the tables of a node would send it: a ClusterIP to one of its ready endpoints, loopback to the pod itself, a
// pod address to the machine's address, anything else nowhere.

import { cidrHolds } from '../../../protocols/kubernetes/cidr.ts'
import type { Endpoint } from '../../topology/addresses.ts'
import { API_IP, isLoopback, isNative, POD_RANGE, SERVICE_RANGE } from '../../topology/addresses.ts'
import { REAL_ADDRESSES } from '../../topology/real-addresses.ts'
import { NOWHERE_RANGE } from '../dns-effect.ts'
import type { ServiceEntry } from '../messages.ts'
import { self, table } from './pod.ts'

export type DialRoute =
  /** Outside the pod network; dialled unchanged. */
  | { kind: 'bypass'; ip: string; port: number }
  /** A peer by its cluster address. */
  | { kind: 'peer'; ip: string; port: number }
  | { kind: 'refused' }
  | { kind: 'unreachable' }
  /** No answer: a deleted Service, or an address that a DNS fault invented. */
  | { kind: 'silent'; ip: string; port: number }

const NODE_RANGE = '10.99.0.0/24'

export function routeTo(ip: string, port: number): DialRoute {
  if (isNative(ip) || (self.hostNetwork && !ip.startsWith('10.'))) return { kind: 'bypass', ip, port }
  if (isLoopback(ip)) return REAL_ADDRESSES ? { kind: 'bypass', ip, port } : { kind: 'peer', ip: self.ip, port }
  const service = table.services[ip]
  if (service) return routeToService(ip, port, service)
  if (cidrHolds(SERVICE_RANGE, ip)) return { kind: 'silent', ip, port }
  if (cidrHolds(POD_RANGE, ip) || cidrHolds(NODE_RANGE, ip)) return { kind: 'peer', ip, port }
  if (cidrHolds(NOWHERE_RANGE, ip)) return { kind: 'silent', ip, port }
  return isAllowedOutside(ip) ? { kind: 'bypass', ip, port } : { kind: 'unreachable' }
}

/** False for the address of a pod that no longer exists. */
export function isAlive(ip: string): boolean {
  return !cidrHolds(POD_RANGE, ip) || ip === self.ip || table.pods[ip] !== undefined
}

function routeToService(ip: string, port: number, service: ServiceEntry): DialRoute {
  const endpoint = chooseEndpoint(`${ip}:${port}`, service.ports[port] ?? [], service.affinitySeconds)
  if (!endpoint) return { kind: 'refused' }
  const [peer, peerPort] = endpoint
  // The API server is no pod: its only endpoint is on the machine's own loopback, or at an address of the node.
  return isLoopback(peer) || peer === API_IP
    ? { kind: 'bypass', ip: peer, port: peerPort }
    : { kind: 'peer', ip: peer, port: peerPort }
}

/** The ports that a client may have dialled to reach this port of the pod: those of its Services, or the port itself. */
export function portsLeadingTo(ownPort: number): readonly number[] {
  const ports = Object.values(table.services).flatMap((service) =>
    Object.entries(service.ports).flatMap(([port, endpoints]) =>
      endpoints.some(([ip, endpointPort]) => ip === self.ip && endpointPort === ownPort) ? [Number(port)] : [],
    ),
  )
  return ports.length > 0 ? ports : [ownPort]
}

type Affinity = { ip: string; untilMs: number }
const affinities = new Map<string, Affinity>()

function chooseEndpoint(key: string, endpoints: readonly Endpoint[], affinitySeconds: number | undefined) {
  if (affinitySeconds === undefined) return endpoints[Math.floor(Math.random() * endpoints.length)]
  const kept = affinities.get(key)
  const stays = kept && kept.untilMs > Date.now() ? endpoints.find(([ip]) => ip === kept.ip) : undefined
  const chosen = stays ?? heaviest(key, endpoints)
  if (chosen) affinities.set(key, { ip: chosen[0], untilMs: Date.now() + affinitySeconds * 1000 })
  else affinities.delete(key)
  return chosen
}

// On a real node all processes of a client share one affinity. Here each process decides alone, so all must decide the same: the endpoint
// with the greatest hash of client and endpoint. This also moves the fewest clients when endpoints change.
function heaviest(key: string, endpoints: readonly Endpoint[]): Endpoint | undefined {
  const weigh = ([ip, port]: Endpoint) => hash(`${self.ip} ${key} ${ip}:${port}`)
  return endpoints.reduce<Endpoint | undefined>(
    (best, one) => (best && weigh(best) >= weigh(one) ? best : one),
    undefined,
  )
}

// FNV-1a with a final avalanche (murmur3's), because neighbouring addresses differ only in their last characters.
function hash(text: string): number {
  let sum = 0x811c9dc5
  for (let at = 0; at < text.length; at++) sum = Math.imul(sum ^ text.charCodeAt(at), 0x01000193)
  sum = Math.imul(sum ^ (sum >>> 16), 0x85ebca6b)
  sum = Math.imul(sum ^ (sum >>> 13), 0xc2b2ae35)
  return (sum ^ (sum >>> 16)) >>> 0
}

const outsideIps = new Set<string>()

/** Addresses that the machine's resolver returned for names that pods may reach. */
export function admitOutside(ips: readonly string[]): void {
  for (const ip of ips) outsideIps.add(ip)
}

function isAllowedOutside(ip: string): boolean {
  if (outsideIps.has(ip)) return true
  return Object.values(table.outside).some((entry) => entry.cidrs.some((cidr) => cidrHolds(cidr, ip)))
}
