import type { ClusterClient } from '../cluster-access/cluster.ts'
import { hasOwnProcesses, type LabNetwork } from '../machine/state.ts'

const SYSTEM = 'kube-system'

/** Records the kind of pod network in the cluster, so that a run can write it into its evidence. */
export async function tellNetwork(api: ClusterClient, network: LabNetwork): Promise<void> {
  await api.apply(`/api/v1/namespaces/${SYSTEM}`, {
    apiVersion: 'v1',
    kind: 'Namespace',
    metadata: { name: SYSTEM, annotations: { 'matchday.dev/pod-network': wordsOf(network) } },
  })
}

function wordsOf(network: LabNetwork): string {
  switch (network.kind) {
    case 'namespaces':
      return hasOwnProcesses(network) ? 'network namespaces, and a PID namespace of the lab' : 'network namespaces'
    case 'preload':
      return 'preload in Node processes'
  }
}
