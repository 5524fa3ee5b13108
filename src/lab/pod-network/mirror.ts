// From the rules of all experiments to what each pod must hold. A gate at one end alone leaks (HTTP/2 writes below it, a peer's
// FIN passes it), so each rule is also held, seen from the other side, by every lab pod that it names as a peer.
import { cidrHolds } from './cidr.ts'
import type { FlowRule } from './messages.ts'
import type { NetworkRule } from './rules.ts'

export type RuledPod = { uid: string; ip: string }
export type RulesBySource = ReadonlyMap<string, readonly NetworkRule[]>

/** The rules that each pod holds, by uid; a rule whose pod is not (or no longer) there harms nobody. */
export function distributeRules(pods: readonly RuledPod[], sources: RulesBySource): Map<string, FlowRule[]> {
  const held = new Map<string, FlowRule[]>(pods.map((pod) => [pod.uid, []]))
  const byUid = new Map(pods.map((pod) => [pod.uid, pod]))
  for (const [source, rules] of sources) {
    for (const rule of rules) {
      const owner = byUid.get(rule.podUid)
      if (!owner) continue
      held.get(owner.uid)?.push(...ownSide(source, rule))
      for (const pod of pods) {
        if (pod !== owner && names(rule, pod)) held.get(pod.uid)?.push(...peerSide(source, rule, owner))
      }
    }
  }
  return held
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
