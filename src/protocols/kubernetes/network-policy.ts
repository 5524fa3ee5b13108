/**
 * Whether NetworkPolicies allow a TCP connection of a pod to another pod, or to an address (kubernetes.io/docs/concepts/services-networking/
 * network-policies). Policies add up, and a pod that none of them selects is open in that direction.
 */
import { type LabelSelector, type Labels, selects } from '../../domain/label-selector.ts'
import { cidrHolds } from './cidr.ts'

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
  /** Without it, the namespace of the policy. */
  readonly namespaces?: LabelSelector
  readonly block?: { readonly cidr: string; readonly except: readonly string[] }
}
export type TrafficRule = { readonly peers: readonly RulePeer[]; readonly ports: readonly RulePort[] }
export type PolicySpec = {
  readonly selector: LabelSelector
  /** Undefined where the policy does not govern the direction. */
  readonly ingress?: readonly TrafficRule[]
  readonly egress?: readonly TrafficRule[]
}
/** A namespace with its labels and all of its policies. */
export type PolicyNamespace = {
  readonly name: string
  readonly labels: Labels
  readonly policies: readonly PolicySpec[]
}
/** A pod, and the namespace in which it is. */
export type PodAt = { readonly pod: PodUnderPolicy; readonly at: PolicyNamespace }
export type Connection = { readonly from: PodAt; readonly to: PodAt; readonly port: number }

/** `unknown` where only an IP block could allow a connection to a pod: whether a block matches the addresses of pods depends on the network plugin. */
export type Permitted = 'allowed' | 'forbidden' | 'unknown'

export function permittedBy({ from, to, port }: Connection): Permitted {
  const out = directionOf('egress', from, to, to.pod, port)
  const into = directionOf('ingress', to, from, to.pod, port)
  if (out === 'forbidden' || into === 'forbidden') return 'forbidden'
  return out === 'unknown' || into === 'unknown' ? 'unknown' : 'allowed'
}

/** Whether a pod may connect to an address that is no pod's: only IP blocks, and rules without peers, mean it. */
export function permittedTo({ pod, at }: PodAt, ip: string, port: number): Exclude<Permitted, 'unknown'> {
  const rules = governing('egress', { pod, at })
  if (rules === undefined) return 'allowed'
  const open = rules.filter(({ ports }) => ports.length === 0 || ports.some((each) => holds(each, port, new Map())))
  return open.some(({ peers }) => peers.length === 0 || peers.some(({ block }) => block && inBlock(block, ip)))
    ? 'allowed'
    : 'forbidden'
}

const inBlock = ({ cidr, except }: NonNullable<RulePeer['block']>, ip: string): boolean =>
  cidrHolds(cidr, ip) && !except.some((part) => cidrHolds(part, ip))

/** All rules of the policies that govern the pod in this direction; undefined if none does. */
function governing(direction: 'ingress' | 'egress', { pod, at }: PodAt): readonly TrafficRule[] | undefined {
  const rules = at.policies.flatMap((policy) =>
    policy[direction] !== undefined && selects(policy.selector, pod.labels) ? [policy[direction]] : [],
  )
  return rules.length === 0 ? undefined : rules.flat()
}

function directionOf(
  direction: 'ingress' | 'egress',
  own: PodAt,
  other: PodAt,
  to: PodUnderPolicy,
  port: number,
): Permitted {
  const rules = governing(direction, own)
  if (rules === undefined) return 'allowed'
  const open = rules.filter(({ ports }) => ports.length === 0 || ports.some((each) => holds(each, port, to.ports)))
  if (open.some(({ peers }) => peers.length === 0 || peers.some((peer) => isPeer(peer, other, own.at.name))))
    return 'allowed'
  return open.some(({ peers }) => peers.some(({ block }) => block !== undefined)) ? 'unknown' : 'forbidden'
}

function isPeer({ pods = {}, namespaces, block }: RulePeer, { pod, at }: PodAt, ownNamespace: string): boolean {
  if (block !== undefined) return false
  const isThere = namespaces === undefined ? at.name === ownNamespace : selects(namespaces, at.labels)
  return isThere && selects(pods, pod.labels)
}

function holds({ protocol, port, endPort }: RulePort, wanted: number, named: ReadonlyMap<string, number>): boolean {
  if (protocol !== 'TCP') return false
  if (port === undefined) return true
  const first = typeof port === 'number' ? port : named.get(port)
  return first !== undefined && wanted >= first && wanted <= (endPort ?? first)
}
