// What the node does to packets in a lab with network namespaces, as rules that labnet hands to the kernel: Services, NetworkPolicies and
// partitions. Pure. The preload applies the same tables inside Node processes; these rules count for every program.
import { DNS_IP, DNS_SERVICE_IP, type Endpoint, GATEWAY_IP, INGRESS_IP, NODE_RANGE } from '../topology/addresses.ts'
import { allAddresses, cidrRanges, ipRanges, without } from './address-ranges.ts'
import type { ClusterTable, FlowRule } from './messages.ts'
import { DROP, jump, one, type PacketChain, type PacketHook, type PacketRule } from './packet-rule.ts'
import { policyChains } from './policy-rules.ts'

/** A node port is served at the address of every node. */
const NODES = cidrRanges([NODE_RANGE])

/** `rules`: what faults do to the pod, by its address. */
export type PacketInput = {
  readonly table: ClusterTable
  readonly faults: ReadonlyMap<string, readonly FlowRule[]>
}

export function packetChains({ table, faults }: PacketInput): readonly PacketChain[] {
  const governed = policyChains(table)
  const refuse = refusals(table)
  const filter = (hook: PacketHook, rules: readonly PacketRule[]): PacketChain => ({
    name: hook,
    at: { type: 'filter', hook },
    rules: [{ action: jump('faults') }, ...rules],
  })
  return [
    { name: 'faults', rules: faultRules(faults) },
    ...governed,
    { name: 'services', rules: serviceRules(table) },
    { name: 'to-services', at: { type: 'nat', hook: 'prerouting' }, rules: [{ action: jump('services') }] },
    { name: 'from-node-to-services', at: { type: 'nat', hook: 'output' }, rules: [{ action: jump('services') }] },
    { name: 'to-itself', at: { type: 'nat', hook: 'postrouting' }, rules: toItself(table) },
    filter('forward', [...refuse, { lost: true, action: DROP }, { action: jump('policies') }]),
    filter('output', [...refuse, { from: one(INGRESS_IP), action: jump('policies') }]),
    filter('input', [{ to: one(DNS_IP), action: jump('policies') }]),
  ]
}

/** As kube-proxy's iptables mode: each endpoint takes its share of what the ones before it left. */
function serviceRules(table: ClusterTable): readonly PacketRule[] {
  const dns = (['udp', 'tcp'] as const).map((protocol): PacketRule => {
    const action = { kind: 'send-to', ip: DNS_IP, port: 53 } as const
    return { to: one(DNS_SERVICE_IP), protocol, toPort: [53, 53], action }
  })
  const services = Object.entries(table.services).flatMap(([ip, { ports, kernelPorts = [], affinitySeconds }]) => {
    const isSticky = affinitySeconds !== undefined
    const own = Object.entries(ports).flatMap(([port, endpoints]) =>
      sendTo({ to: one(ip), protocol: 'tcp', toPort: [Number(port), Number(port)] }, endpoints, isSticky),
    )
    const others = kernelPorts.flatMap(({ at, protocol, port, endpoints }) =>
      sendTo({ to: at === 'nodes' ? NODES : one(ip), protocol, toPort: [port, port] }, endpoints, isSticky),
    )
    return [...own, ...others]
  })
  return [...dns, ...services]
}

type Target = Pick<PacketRule, 'to' | 'protocol' | 'toPort'>

const sendTo = (target: Target, endpoints: readonly Endpoint[], isSticky: boolean): readonly PacketRule[] =>
  spread(endpoints, isSticky).map(({ endpoint: [ip, port], ...condition }): PacketRule => {
    const action = { kind: 'send-to', ip, port } as const
    return { ...target, ...condition, action }
  })

type Choice = Pick<PacketRule, 'oneIn' | 'share'> & { readonly endpoint: Endpoint }

function spread(endpoints: readonly Endpoint[], sticky: boolean): readonly Choice[] {
  const count = endpoints.length
  return endpoints.map((endpoint, index): Choice => {
    if (count === 1) return { endpoint }
    if (sticky) return { endpoint, share: { of: count, is: index } }
    return index === count - 1 ? { endpoint } : { endpoint, oneIn: count - index }
  })
}

/** What is still addressed to a Service behind the nat rules found no endpoint. */
function refusals({ services }: ClusterTable): readonly PacketRule[] {
  const ips = Object.keys(services)
  return ips.length === 0 ? [] : [{ to: ipRanges(ips), protocol: 'tcp', action: { kind: 'refuse' } }]
}

/** A pod that a Service sends to itself would answer itself past the node, so it sees the node as its caller. */
const toItself = ({ pods }: ClusterTable): readonly PacketRule[] =>
  Object.keys(pods).map((ip) => ({
    from: one(ip),
    to: one(ip),
    action: { kind: 'send-from', ip: GATEWAY_IP, port: 0 },
  }))

/** Partitions. Delays, bandwidth, HTTP and DNS faults act in the preload. */
function faultRules(faults: PacketInput['faults']): readonly PacketRule[] {
  return [...faults].flatMap(([ip, rules]) =>
    rules.filter(({ effect }) => effect.kind === 'partition').flatMap((rule) => partition(ip, rule)),
  )
}

function partition(ip: string, { direction, peers, peerPorts, ownPorts }: FlowRule): readonly PacketRule[] {
  // A pod always reaches itself: those packets never leave it, or come back from the node's address.
  const others = peers === 'any' ? without(allAddresses, one(ip)) : without(cidrRanges(peers), one(ip))
  if (others.length === 0) return []
  const ends = direction === 'out' ? { from: one(ip), to: others } : { from: others, to: one(ip) }
  if (!peerPorts && !ownPorts) return [{ ...ends, action: DROP }]
  const pairs = (peerPorts ?? [undefined]).flatMap((peer) =>
    (ownPorts ?? [undefined]).map((own) => [own, peer] as const),
  )
  return pairs.flatMap(([own, peer]) => {
    const [fromPort, toPort] = direction === 'out' ? [own, peer] : [peer, own]
    return (['tcp', 'udp'] as const).map((protocol) => ({
      ...ends,
      protocol,
      ...(fromPort === undefined ? {} : { fromPort: [fromPort, fromPort] as const }),
      ...(toPort === undefined ? {} : { toPort: [toPort, toPort] as const }),
      action: DROP,
    }))
  })
}
