// What the agent tells the processes of the pods: the cluster table that all pods share, and each pod's own file with its rules.
// Processes read both files at their start and then follow line-delimited JSON over a unix socket. Also bundled into the preload.
import type { Endpoint } from '../topology/addresses.ts'
import type { DnsEffect } from './dns-effect.ts'
import type { HttpEffect } from './http-effect.ts'
import type { NetworkEffect } from './rules.ts'

export type ServiceEntry = {
  /** Ready endpoints by service port; an empty list refuses, as kube-proxy does. */
  ports: Readonly<Record<string, readonly Endpoint[]>>
  /** Session affinity by client address. */
  affinitySeconds?: number
}

export type NameEntry = { ips: readonly string[] } | { alias: string }

/** One rule of a NetworkPolicy with its selectors already turned into addresses. */
export type Allowance = { peers: 'any' | readonly AllowedPeers[]; ports: 'any' | readonly AllowedPort[] }
export type AllowedPeers = { ips: readonly string[] } | { cidr: string; except: readonly string[] }
export type AllowedPort = { protocol: string; port?: number | string; endPort?: number }

/** Absent side: the policy does not govern it. Empty side: it denies everything. */
export type PolicyEntry = { ingress?: readonly Allowance[]; egress?: readonly Allowance[] }

/** A pod that is alive; an address of the pod range without an entry is a dead one, and SYNs to it get no answer. */
export type PodEntry = { policies: readonly string[]; ports: Readonly<Record<string, number>> }

/** What pods may reach outside the cluster. Nothing, unless the lab's owner says otherwise. */
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

export type Section = keyof ClusterTable
export const SECTIONS: readonly Section[] = ['services', 'names', 'pods', 'policies', 'outside']

/** A rule as the processes of one pod hold it: own rules and mirrored ones look alike. */
export type FlowRule = {
  /** The experiment; the same effect of one source on one flow counts once, however many of its rules say it. */
  source: string
  direction: 'in' | 'out'
  peers: 'any' | readonly string[]
  peerPorts?: readonly number[]
  ownPorts?: readonly number[]
  effect: NetworkEffect
}

/** On what the pod is asked. `from`: only by this client, whose own fault it is; it acts where the request is served. */
export type HttpRule = { source: string; effect: HttpEffect; from?: string }
/** On the names that the pod looks up. */
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
  /** The ingress lives on the machine's own network: loopback stays loopback, only flows to pods are played. */
  hostNetwork: boolean
  /** For a relay: what the pod's native container dials, `15432=wallet-db-0.wallet-db:5432`. */
  outbound?: string
}

export type ClusterVersion = string

/** `<root>/net/cluster.json` */
export type ClusterFile = { version: ClusterVersion; table: ClusterTable }

/** A value of null takes the entry away. */
export type ClusterChange = readonly [section: Section, key: string, value: unknown]

export type AgentMessage =
  | { kind: 'cluster'; version: ClusterVersion; table: ClusterTable }
  | { kind: 'change'; version: ClusterVersion; changes: readonly ClusterChange[] }
  | ({ kind: 'rules' } & PodRules)

export type ProcessMessage =
  | { kind: 'hello'; uid: string; pid: number; clusterVersion: ClusterVersion; rulesVersion: number }
  /** `problem`: these rules are held, and something in this process can't obey them. */
  | { kind: 'ack'; version: number; problem?: string }

export function emptyTable(): ClusterTable {
  return { services: {}, names: {}, pods: {}, policies: {}, outside: {} }
}
