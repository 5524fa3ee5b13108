// What the agent tells the processes of the pods: the cluster table that all pods share, and each pod's own file with its rules. Processes
// read both files at their start and then receive line-delimited JSON over a unix socket. Also bundled into the preload.
import type { Endpoint } from '../topology/addresses.ts'
import type { DnsEffect } from './dns-effect.ts'
import type { HttpEffect } from './http-effect.ts'
import type { NetworkEffect } from './rules.ts'

export type ServiceEntry = {
  /** Ready endpoints by service port. With an empty list connections are refused, as by kube-proxy. */
  ports: Readonly<Record<string, readonly Endpoint[]>>
  /** Session affinity by client address. */
  affinitySeconds?: number
  /** UDP ports and node ports. Only packet rules serve them, the preload does not. Absent if there are none. */
  kernelPorts?: readonly KernelPort[]
}

export type KernelPort = {
  /** At the cluster IP of the Service, or at the address of every node (`nodePort`). */
  at: 'service' | 'nodes'
  protocol: 'tcp' | 'udp'
  port: number
  endpoints: readonly Endpoint[]
}

export type NameEntry = { ips: readonly string[] } | { alias: string }

/** One rule of a NetworkPolicy, with its selectors resolved to addresses. */
export type Allowance = { peers: 'any' | readonly AllowedPeers[]; ports: 'any' | readonly AllowedPort[] }
export type AllowedPeers = { ips: readonly string[] } | { cidr: string; except: readonly string[] }
export type AllowedPort = { protocol: string; port?: number | string; endPort?: number }

/** A missing side is not governed by the policy. An empty side denies everything. */
export type PolicyEntry = { ingress?: readonly Allowance[]; egress?: readonly Allowance[] }

/** A pod that is alive. An address in the pod range without an entry belongs to a dead pod, and SYNs to it get no answer. */
export type PodEntry = { policies: readonly string[]; ports: Readonly<Record<string, number>> }

/** What pods may reach outside the cluster: nothing, unless the lab's owner allows it. */
export type OutsideEntry = { names: readonly string[]; cidrs: readonly string[] }

export type ClusterTable = {
  /** by cluster IP */
  services: Record<string, ServiceEntry>
  /** by full name without trailing dot */
  names: Record<string, NameEntry>
  /** by 10.244.n.x */
  pods: Record<string, PodEntry>
  /** by namespace/name */
  policies: Record<string, PolicyEntry>
  outside: Record<string, OutsideEntry>
}

export type TableSection = keyof ClusterTable
export const SECTIONS: readonly TableSection[] = ['services', 'names', 'pods', 'policies', 'outside']

/** A rule as the processes of one pod apply it. Own rules and mirrored ones look the same. */
export type FlowRule = {
  /** The experiment. The same effect of one source on one flow counts once, even if several rules of the source contain it. */
  source: string
  direction: 'in' | 'out'
  peers: 'any' | readonly string[]
  peerPorts?: readonly number[]
  ownPorts?: readonly number[]
  effect: NetworkEffect
}

/**
 * Acts on requests that the pod receives. `from`: only those of this client, if the fault is the client's; it acts where the request is
 * served.
 */
export type HttpRule = { source: string; effect: HttpEffect; from?: string }
/** Acts on the names that the pod looks up. */
export type DnsRule = { source: string; effect: DnsEffect }
export type PodRule = FlowRule | HttpRule | DnsRule

export const isFlowRule = (rule: PodRule): rule is FlowRule => 'direction' in rule
export const isHttpRule = (rule: PodRule): rule is HttpRule => rule.effect.kind === 'http'
export const isDnsRule = (rule: PodRule): rule is DnsRule => rule.effect.kind === 'dns'

export type PodRules = { version: number; rules: readonly PodRule[] }

/** `<root>/net/pods/<uid>.json` */
export type PodFile = PodRules & {
  uid: string
  namespace: string
  name: string
  ip: string
  nodeIp: string
  /** The ingress uses the machine's own network: loopback stays loopback, and only flows to pods are emulated. */
  hostNetwork: boolean
  /** For a relay: where its native container connects to, `15432=wallet-db-0.wallet-db:5432`. */
  outbound?: string
}

export type ClusterVersion = string

/** `<root>/net/cluster.json` */
export type ClusterFile = { version: ClusterVersion; table: ClusterTable }

/** A null value removes the entry. */
export type ClusterChange = readonly [section: TableSection, key: string, value: unknown]

export type AgentMessage =
  | { kind: 'cluster'; version: ClusterVersion; table: ClusterTable }
  | { kind: 'change'; version: ClusterVersion; changes: readonly ClusterChange[] }
  | ({ kind: 'rules' } & PodRules)

export type ProcessMessage =
  | { kind: 'hello'; uid: string; pid: number; clusterVersion: ClusterVersion; rulesVersion: number }
  /** `problem`: the process holds these rules but cannot apply them. */
  | { kind: 'ack'; version: number; problem?: string }

export function emptyTable(): ClusterTable {
  return { services: {}, names: {}, pods: {}, policies: {}, outside: {} }
}
