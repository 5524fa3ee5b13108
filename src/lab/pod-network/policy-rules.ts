// NetworkPolicies as rules of the kernel. `policy.ts` evaluates the same table in Node processes; a property test holds both to one answer.
import { API_IP, GATEWAY_IP } from '../topology/addresses.ts'
import { cidrRanges, ipRanges, type Ranges, without } from './address-ranges.ts'
import type { Allowance, AllowedPeers, AllowedPort, ClusterTable, PolicyEntry } from './messages.ts'
import { DROP, jump, one, type PacketChain, type PacketRule, RETURN } from './packet-rule.ts'

type Side = 'ingress' | 'egress'

/**
 * Policies are additive: a chain returns for what any of them allows, and drops the rest. Pods that the same policies select share a chain, because
 * the kernel takes milliseconds for each dozen of rules.
 */
export function policyChains(table: ClusterTable): readonly PacketChain[] {
  const jumps: PacketRule[] = []
  const chains: PacketChain[] = []
  for (const side of ['egress', 'ingress'] as const) {
    for (const ips of groups(table)) {
      const [first = ''] = ips
      const governing = (table.pods[first]?.policies ?? []).flatMap((name) => sideOf(table.policies[name], side))
      if (governing.length === 0) continue
      const name = `${side}-${chains.length}`
      const allowed = governing.flat().flatMap((allowance) => allowedRules(table, first, side, allowance))
      chains.push({ name, rules: [...allowed, { action: DROP }] })
      const all = ipRanges(ips)
      jumps.push(side === 'egress' ? { from: all, action: jump(name) } : { to: all, action: jump(name) })
    }
  }
  // Probes and the API server's proxy come from the node, which no policy governs.
  const free: readonly PacketRule[] = [
    { established: true, action: RETURN },
    { from: ipRanges([GATEWAY_IP, API_IP]), action: RETURN },
  ]
  return [...chains, { name: 'policies', rules: jumps.length === 0 ? [] : [...free, ...jumps] }]
}

/** Addresses of pods with the same policies and the same names for their ports. */
function groups({ pods }: ClusterTable): readonly (readonly string[])[] {
  const groups = new Map<string, string[]>()
  for (const [ip, entry] of Object.entries(pods)) {
    if (entry.policies.length === 0) continue
    const key = JSON.stringify([entry.policies, entry.ports])
    groups.set(key, [...(groups.get(key) ?? []), ip])
  }
  return [...groups.values()]
}

const sideOf = (policy: PolicyEntry | undefined, side: Side): readonly (readonly Allowance[])[] => {
  const allowances = policy?.[side]
  return allowances ? [allowances] : []
}

function allowedRules(table: ClusterTable, ip: string, side: Side, { peers, ports }: Allowance): readonly PacketRule[] {
  const ranges = peers === 'any' ? undefined : peers.flatMap(peerRanges)
  if (ranges?.length === 0) return []
  const atPeer = (narrowed: Ranges | undefined): Pick<PacketRule, 'from' | 'to'> => {
    if (narrowed === undefined) return {}
    return side === 'egress' ? { to: narrowed } : { from: narrowed }
  }
  if (ports === 'any') return [{ ...atPeer(ranges), action: RETURN }]
  return ports.flatMap((port) => {
    if (side === 'ingress' || typeof port.port !== 'string') return portRules(table, ip, port, atPeer(ranges))
    // A named port of an egress rule is what each destination calls by that name.
    return Object.keys(table.pods)
      .filter((peer) => ranges === undefined || within(ranges, peer))
      .flatMap((peer) => portRules(table, peer, port, atPeer(one(peer))))
  })
}

function portRules(
  table: ClusterTable,
  server: string,
  allowed: AllowedPort,
  peer: Pick<PacketRule, 'from' | 'to'>,
): readonly PacketRule[] {
  const protocol = allowed.protocol === 'TCP' ? 'tcp' : allowed.protocol === 'UDP' ? 'udp' : undefined
  if (protocol === undefined) return []
  if (allowed.port === undefined) return [{ ...peer, protocol, action: RETURN }]
  const first = typeof allowed.port === 'string' ? table.pods[server]?.ports[allowed.port] : allowed.port
  if (first === undefined) return []
  return [{ ...peer, protocol, toPort: [first, allowed.endPort ?? first], action: RETURN }]
}

const peerRanges = (peers: AllowedPeers): Ranges =>
  'ips' in peers ? ipRanges(peers.ips) : without(cidrRanges([peers.cidr]), cidrRanges(peers.except))

const within = (ranges: Ranges, ip: string): boolean =>
  ipRanges([ip]).every(([address]) => ranges.some(([first, last]) => first <= address && address <= last))
