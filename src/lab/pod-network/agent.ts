// The pod network: gives pods their addresses, and tells their processes where Services lead and what policies and faults forbid. The
// network itself is emulated inside those processes (preload/main.ts). This agent is the only place that knows all of it. It runs inside
// the runtime's process and may die with it: pods keep their last tables, and addresses and rules are on disk.

import { type KeptList, keepList } from '../cluster-access/kept-list.ts'
import type { ApiObject } from '../cluster-access/kube-object.ts'
import { API_IP, type Endpoint } from '../topology/addresses.ts'
import { REAL_ADDRESSES } from '../topology/real-addresses.ts'
import { type AgentCore, startAgentCore } from './agent-core.ts'
import type { OutsideEntry } from './messages.ts'
import type { Namespaces } from './namespaces.ts'
import type { NetworkPlugin, Relay, SandboxIdentity, SandboxNetwork } from './network-plugin.ts'
import type { EndpointSlice, KubeService, Namespace, NetworkPolicy, Pod } from './objects.ts'

export type AgentOptions = {
  /** The lab's root folder; the agent owns `net/` below it. */
  root: string
  /** Neither this file nor the API server that it names need exist yet. */
  kubeconfig: string
  log(line: string): void
  /** The Node binary that runs relays; the pods' users must be able to read it. */
  node?: string
  /** What pods may reach outside the cluster; nothing by default. */
  outside?: OutsideEntry
  /** Real networks for the pods. */
  namespaces?: Namespaces
}

export type PodNetworkAgent = NetworkPlugin & {
  relayFor(pod: SandboxIdentity, net: SandboxNetwork): Relay
  setSilent(node: { name: string; index: number }, silent: boolean): Promise<void>
  /** True when all objects have been read once. */
  isSynced(): boolean
  stop(): Promise<void>
}

/** @throws Error when another agent serves the same root, or when its files on disk cannot be read */
export async function startPodNetworkAgent(options: AgentOptions): Promise<PodNetworkAgent> {
  const core = await startAgentCore(options)
  const watches = watchCluster(options, core)
  return {
    add: core.add,
    del: core.del,
    relayFor: core.relayFor,
    setSilent: core.setSilent,
    isSynced: () => watches.every((watch) => watch.isSynced()),
    async stop() {
      for (const watch of watches) watch.stop()
      await core.stop()
    },
  }
}

function watchCluster(options: AgentOptions, core: AgentCore): readonly KeptList<ApiObject>[] {
  const onChange = (server: URL) => {
    // An incomplete list would look like Services without endpoints and pods without policies.
    if (!all.every((watch) => watch.isSynced())) return
    const objects = {
      services: services.items(),
      slices: slices.items(),
      pods: pods.items(),
      namespaces: namespaces.items(),
      policies: policies.items(),
    }
    core.setObjects(objects, endpointOf(server))
  }
  const watch = <T extends ApiObject>(path: string) =>
    keepList<T>({ kubeconfig: options.kubeconfig, path, onChange, log: options.log })
  const services = watch<KubeService>('/api/v1/services')
  const slices = watch<EndpointSlice>('/apis/discovery.k8s.io/v1/endpointslices')
  const pods = watch<Pod>('/api/v1/pods')
  const namespaces = watch<Namespace>('/api/v1/namespaces')
  const policies = watch<NetworkPolicy>('/apis/networking.k8s.io/v1/networkpolicies')
  const all: readonly KeptList<ApiObject>[] = [services, slices, pods, namespaces, policies]
  return all
}

function endpointOf(server: URL): Endpoint {
  return [REAL_ADDRESSES ? API_IP : server.hostname, Number(server.port || 443)]
}
