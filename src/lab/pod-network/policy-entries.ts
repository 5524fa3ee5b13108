// NetworkPolicies with their selectors resolved to the addresses of the current pods.
import { type Labels, selects } from '../../protocols/kubernetes/label-selector.ts'
import type { Allowance, AllowedPeers, AllowedPort, PolicyEntry } from './messages.ts'
import type { NetworkPolicy, PolicyPeer, PolicyPort } from './objects.ts'

/** A pod as policies see it. */
export type PolicyPod = { ip: string; namespace: string; labels: Labels }
export type NamespaceLabels = ReadonlyMap<string, Labels>

/** The policies that select the pod, as `namespace/name`. */
export function policiesOf(pod: PolicyPod, policies: readonly NetworkPolicy[]): string[] {
  return policies
    .filter((policy) => policy.metadata.namespace === pod.namespace)
    .filter((policy) => selects(policy.spec?.podSelector ?? {}, pod.labels))
    .map(policyKey)
    .sort()
}

export function policyKey(policy: NetworkPolicy): string {
  return `${policy.metadata.namespace}/${policy.metadata.name}`
}

/** @param namespaces labels by namespace. A namespace that is missing has only the label with its name. */
export function policyEntry(
  policy: NetworkPolicy,
  pods: readonly PolicyPod[],
  namespaces: NamespaceLabels,
): PolicyEntry {
  const spec = policy.spec
  const own = policy.metadata.namespace ?? ''
  // The API server sets the default of policyTypes. Without it, the documented default applies.
  const types = spec?.policyTypes ?? (spec?.egress ? ['Ingress', 'Egress'] : ['Ingress'])
  const allowance = (
    peers: readonly PolicyPeer[] | undefined,
    ports: readonly PolicyPort[] | undefined,
  ): Allowance => ({
    peers: peers && peers.length > 0 ? peers.map((peer) => allowedPeers(peer, own, pods, namespaces)) : 'any',
    ports: ports && ports.length > 0 ? ports.map(allowedPort) : 'any',
  })
  return {
    ...(types.includes('Ingress')
      ? { ingress: (spec?.ingress ?? []).map((rule) => allowance(rule.from, rule.ports)) }
      : {}),
    ...(types.includes('Egress') ? { egress: (spec?.egress ?? []).map((rule) => allowance(rule.to, rule.ports)) } : {}),
  }
}

function allowedPeers(
  peer: PolicyPeer,
  own: string,
  pods: readonly PolicyPod[],
  namespaces: NamespaceLabels,
): AllowedPeers {
  if (peer.ipBlock) return { cidr: peer.ipBlock.cidr, except: peer.ipBlock.except ?? [] }
  const { namespaceSelector, podSelector } = peer
  const inNamespace = (name: string) =>
    namespaceSelector ? selects(namespaceSelector, labelsOf(name, namespaces)) : name === own
  const chosen = pods.filter((pod) => inNamespace(pod.namespace) && selects(podSelector ?? {}, pod.labels))
  return { ips: chosen.map((pod) => pod.ip).sort() }
}

function labelsOf(name: string, namespaces: NamespaceLabels): Labels {
  return { 'kubernetes.io/metadata.name': name, ...namespaces.get(name) }
}

function allowedPort(port: PolicyPort): AllowedPort {
  return {
    protocol: port.protocol ?? 'TCP',
    ...(port.port === undefined ? {} : { port: port.port }),
    ...(port.endPort === undefined ? {} : { endPort: port.endPort }),
  }
}
