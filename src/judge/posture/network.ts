/** NetworkPolicies add up, and a pod that none of them governs in a direction is open in it (Kubernetes, "Network Policies"). */
import { selects } from '../../domain/label-selector.ts'
import type { EgressPeer, EgressRule, NetworkPolicySeen, WorkloadSeen } from '../../domain/posture.ts'
import { listed } from '../findings/words.ts'
import { addresses } from './addresses.ts'
import { type Flaw, flaw } from './flaw.ts'

type Direction = NetworkPolicySeen['governs'][number]
const directions: readonly Direction[] = ['ingress', 'egress']

const selectsAll = ({ selector: { matchLabels = {}, matchExpressions = [] } }: NetworkPolicySeen): boolean =>
  Object.keys(matchLabels).length === 0 && matchExpressions.length === 0
const governing = (policies: readonly NetworkPolicySeen[], labels: WorkloadSeen['labels'], direction: Direction) =>
  policies.filter((policy) => policy.governs.includes(direction) && selects(policy.selector, labels))

/** Denied by default is what a pod cannot do that nobody thought of: some policy must select every pod, today's and tomorrow's. */
export function policyMissing(
  namespace: string,
  policies: readonly NetworkPolicySeen[],
  workloads: readonly WorkloadSeen[],
): readonly Flaw[] {
  const open = directions.filter(
    (direction) => !policies.some((policy) => policy.governs.includes(direction) && selectsAll(policy)),
  )
  if (open.length === 0) return []
  const exposed = workloads.filter(({ labels }) =>
    open.some((direction) => governing(policies, labels, direction).length === 0),
  )
  const who =
    exposed.length > 0
      ? `${listed(exposed.map((each) => each.name))} can talk to anybody or be talked to`
      : 'a pod that no policy names will be open'
  const sentence = `No NetworkPolicy selects every pod of ${namespace} for ${open.join(' and ')}: ${who}.`
  return [{ weight: 'breach', cause: 'policy-missing', subject: namespace, sentence }]
}

/** Whom the pods of a workload may call, all policies together. */
export function egressUnbounded(
  policies: readonly NetworkPolicySeen[],
  workloads: readonly WorkloadSeen[],
): readonly Flaw[] {
  return workloads.flatMap((workload) => {
    const own = governing(policies, workload.labels, 'egress')
    if (own.length === 0)
      return [flaw('egress-unbounded', workload, `No NetworkPolicy says whom ${workload.name} may call.`)]
    const open = own.flatMap((policy) => policy.egress.flatMap((rule) => openingOf(policy, rule)))
    if (open.length === 0) return []
    return [flaw('egress-unbounded', workload, `${workload.name} may call the whole world: ${listed(open)}.`)]
  })
}

/** Who may call the pods of a workload, all policies together. A policy without recorded ingress rules is not judged. */
export function ingressUnbounded(
  policies: readonly NetworkPolicySeen[],
  workloads: readonly WorkloadSeen[],
): readonly Flaw[] {
  return workloads.flatMap((workload) => {
    const own = governing(policies, workload.labels, 'ingress')
    if (own.length === 0)
      return [flaw('ingress-unbounded', workload, `No NetworkPolicy limits who may call ${workload.name}.`)]
    const open = own.flatMap(({ name, ingress = [] }) =>
      ingress.flatMap(({ from }) => {
        if (from.length === 0) return [`policy ${name} has an ingress rule without "from"`]
        return from.flatMap((peer) => (isWorld(peer) ? [`policy ${name} allows ${peer.cidr}${exceptOf(peer)}`] : []))
      }),
    )
    if (open.length === 0) return []
    return [flaw('ingress-unbounded', workload, `Everybody may call ${workload.name}: ${listed(open)}.`)]
  })
}

function openingOf({ name }: NetworkPolicySeen, rule: EgressRule): readonly string[] {
  // Resolvers are asked everywhere by a rule of that form; a name is no connection.
  if (rule.ports.length > 0 && rule.ports.every((port) => port === 'UDP/53' || port === 'TCP/53')) return []
  if (rule.to.length === 0) return [`policy ${name} has an egress rule without "to"`]
  return rule.to.flatMap((peer) => (isWorld(peer) ? [`policy ${name} allows ${peer.cidr}${exceptOf(peer)}`] : []))
}

type Block = Extract<EgressPeer, { kind: 'block' }>
const exceptOf = ({ except }: Block): string => (except.length > 0 ? ` except ${listed(except)}` : '')

/** Nobody's network is larger than a /8 of IPv4 or a /16 of IPv6: whatever holds more holds strangers. */
function isWorld(peer: EgressPeer): peer is Block {
  if (peer.kind !== 'block') return false
  const all = addresses(peer.cidr)
  if (all === undefined) return false
  const left = peer.except.reduce((sum, cidr) => sum - (addresses(cidr)?.count ?? 0), all.count)
  return left > 2 ** (all.bits === 32 ? 24 : 112)
}
