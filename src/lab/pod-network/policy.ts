// NetworkPolicies, evaluated where a connection starts: the client knows the policies of both ends. As in Kubernetes, policies are
// additive, a pod that no policy selects is open, and a flow must be allowed by the client's egress and by the server's ingress.
import { cidrHolds } from '../../protocols/kubernetes/cidr.ts'
import type { Allowance, AllowedPeers, AllowedPort, ClusterTable, PolicyEntry } from './messages.ts'

export type PolicyFlow = { from: string; to: string; port: number; protocol: 'TCP' | 'UDP' }

/** True when the policies of both ends let the flow pass. A pod always reaches itself. */
export function policiesAllow(table: ClusterTable, reach: PolicyFlow): boolean {
  if (reach.from === reach.to) return true
  return sideAllows(table, reach, 'egress') && sideAllows(table, reach, 'ingress')
}

function sideAllows(table: ClusterTable, reach: PolicyFlow, side: 'ingress' | 'egress'): boolean {
  const pod = table.pods[side === 'egress' ? reach.from : reach.to]
  const governing = governingSides(table, pod?.policies ?? [], side)
  if (governing.length === 0) return true
  const peer = side === 'egress' ? reach.to : reach.from
  const named = table.pods[reach.to]?.ports ?? {}
  return governing.some((allowances) =>
    allowances.some((allowance) => allowsPeer(allowance, peer) && allowsPort(allowance, reach, named)),
  )
}

function governingSides(table: ClusterTable, names: readonly string[], side: keyof PolicyEntry) {
  return names.flatMap((name) => {
    const allowances = table.policies[name]?.[side]
    return allowances ? [allowances] : []
  })
}

function allowsPeer(allowance: Allowance, ip: string): boolean {
  return allowance.peers === 'any' || allowance.peers.some((peers) => holds(peers, ip))
}

function holds(peers: AllowedPeers, ip: string): boolean {
  if ('ips' in peers) return peers.ips.includes(ip)
  return cidrHolds(peers.cidr, ip) && !peers.except.some((cidr) => cidrHolds(cidr, ip))
}

function allowsPort(allowance: Allowance, reach: PolicyFlow, named: Readonly<Record<string, number>>): boolean {
  return allowance.ports === 'any' || allowance.ports.some((port) => isPort(port, reach, named))
}

function isPort(allowed: AllowedPort, reach: PolicyFlow, named: Readonly<Record<string, number>>): boolean {
  if (allowed.protocol !== reach.protocol) return false
  if (allowed.port === undefined) return true
  const first = typeof allowed.port === 'string' ? named[allowed.port] : allowed.port
  if (first === undefined) return false
  return reach.port >= first && reach.port <= (allowed.endPort ?? first)
}
