/**
 * Whether NetworkPolicies allow a TCP connection between two pods of one namespace (kubernetes.io/docs/concepts/services-networking/network-policies).
 * Policies add up, and a pod that none of them selects is open in that direction.
 */
import { type LabelSelector, type Labels, selects } from '../../domain/label-selector.ts'

export type PodUnderPolicy = {
  readonly labels: Labels
  readonly ip: string
  /** Numbers of its named container ports. */
  readonly ports: ReadonlyMap<string, number>
}
/** Ports as in the object: numbers, names, `endPort`. Without `ports`, all of them. */
export type RulePort = { readonly protocol: string; readonly port?: number | string; readonly endPort?: number }
export type RulePeer = {
  readonly pods?: LabelSelector
  readonly namespaces?: LabelSelector
  readonly block?: string
}
export type TrafficRule = { readonly peers: readonly RulePeer[]; readonly ports: readonly RulePort[] }
export type PolicySpec = {
  readonly selector: LabelSelector
  /** Undefined where the policy does not govern the direction. */
  readonly ingress?: readonly TrafficRule[]
  readonly egress?: readonly TrafficRule[]
}
export type Connection = { readonly from: PodUnderPolicy; readonly to: PodUnderPolicy; readonly port: number }

/**
 * `unknown` where only an IP block could allow it: whether a block matches the addresses of pods depends on the network plugin.
 */
export type Permitted = 'allowed' | 'forbidden' | 'unknown'

export function permittedBy(policies: readonly PolicySpec[], namespace: Labels, connection: Connection): Permitted {
  const { from, to } = connection
  const out = directionOf(policies, 'egress', from, to, namespace, connection)
  const into = directionOf(policies, 'ingress', to, from, namespace, connection)
  if (out === 'forbidden' || into === 'forbidden') return 'forbidden'
  return out === 'unknown' || into === 'unknown' ? 'unknown' : 'allowed'
}

function directionOf(
  policies: readonly PolicySpec[],
  direction: 'ingress' | 'egress',
  own: PodUnderPolicy,
  other: PodUnderPolicy,
  namespace: Labels,
  { to, port }: Connection,
): Permitted {
  const rules = policies.flatMap((policy) =>
    policy[direction] !== undefined && selects(policy.selector, own.labels) ? [policy[direction]] : [],
  )
  if (rules.length === 0) return 'allowed'
  const open = rules.flat().filter(({ ports }) => ports.length === 0 || ports.some((each) => holds(each, to, port)))
  if (open.some(({ peers }) => peers.length === 0 || peers.some((peer) => isPeer(peer, other, namespace))))
    return 'allowed'
  return open.some(({ peers }) => peers.some(({ block }) => block !== undefined)) ? 'unknown' : 'forbidden'
}

/** A peer without a namespace selector means the policy's own namespace, which is the only one here. */
const isPeer = (
  { pods = {}, namespaces = {}, block }: RulePeer,
  { labels }: PodUnderPolicy,
  namespace: Labels,
): boolean => block === undefined && selects(namespaces, namespace) && selects(pods, labels)

function holds({ protocol, port, endPort }: RulePort, to: PodUnderPolicy, wanted: number): boolean {
  if (protocol !== 'TCP') return false
  if (port === undefined) return true
  const first = typeof port === 'number' ? port : to.ports.get(port)
  return first !== undefined && wanted >= first && wanted <= (endPort ?? first)
}
