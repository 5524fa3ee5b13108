// Derives the rules of each pod from the rules of all experiments. A rule at one end of a flow is not enough (HTTP/2 writes below it, and a
// peer's FIN passes it). So each lab pod that a rule names as a peer gets the mirrored rule. HTTP faults act where a request is served: a
// fault on the requests that a pod sends is applied at the pods that serve them.
import { cidrHolds } from '../../protocols/kubernetes/cidr.ts'
import type { FlowRule, PodRule } from './messages.ts'
import { type FaultRule, isNetworkRule, type NetworkRule, type ProcessRule } from './rules.ts'

export type RuledPod = { uid: string; ip: string }
export type RulesBySource = ReadonlyMap<string, readonly FaultRule[]>

/** The rules of each pod, by uid. A rule for a pod that does not exist has no effect. */
export function distributeRules(pods: readonly RuledPod[], sources: RulesBySource): Map<string, PodRule[]> {
  const held = new Map<string, PodRule[]>(pods.map((pod) => [pod.uid, []]))
  const byUid = new Map(pods.map((pod) => [pod.uid, pod]))
  for (const [source, rules] of sources) {
    for (const rule of rules) {
      const owner = byUid.get(rule.podUid)
      if (!owner) continue
      held.get(owner.uid)?.push(...ownRules(source, rule))
      for (const pod of pods) if (pod !== owner) held.get(pod.uid)?.push(...peerRules(source, rule, owner, pod))
    }
  }
  return held
}

function ownRules(source: string, rule: FaultRule): PodRule[] {
  return isNetworkRule(rule) ? ownSide(source, rule) : [inProcess(source, rule)]
}

function peerRules(source: string, rule: FaultRule, owner: RuledPod, peer: RuledPod): PodRule[] {
  if (isNetworkRule(rule)) return names(rule, peer) ? peerSide(source, rule, owner) : []
  return rule.effect.kind === 'http' ? [{ source, effect: rule.effect, from: owner.ip }] : []
}

// The compiler cannot tell the two unions apart. Each effect makes a rule of its own.
function inProcess(source: string, { effect }: ProcessRule): PodRule {
  return effect.kind === 'http' ? { source, effect } : { source, effect }
}

function names(rule: NetworkRule, pod: RuledPod): boolean {
  return rule.peers === 'any' || rule.peers.some((cidr) => cidrHolds(cidr, pod.ip))
}

function ownSide(source: string, rule: NetworkRule): FlowRule[] {
  const { peers, ports, effect } = rule
  return directions(rule).map((direction) => ({
    source,
    direction,
    peers,
    effect,
    ...(ports ? { peerPorts: ports } : {}),
  }))
}

function peerSide(source: string, rule: NetworkRule, owner: RuledPod): FlowRule[] {
  const { ports, effect } = rule
  return directions(rule).map((direction) => ({
    source,
    direction: direction === 'in' ? 'out' : 'in',
    peers: [`${owner.ip}/32`],
    effect,
    ...(ports ? { ownPorts: ports } : {}),
  }))
}

function directions(rule: NetworkRule): readonly ('in' | 'out')[] {
  return rule.direction === 'both' ? ['in', 'out'] : [rule.direction]
}
