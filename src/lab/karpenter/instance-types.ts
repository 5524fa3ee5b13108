// What Karpenter can choose from: one kind of machine, of the size that a kubelet of the lab reports, in each zone. The format is that of the KWOK
// provider's option --instance-types-file-path (sigs.k8s.io/karpenter/kwok/cloudprovider, InstanceTypeOptions).
import { NODE_CPUS, NODE_MEMORY_GIB, NODE_PODS_MAX } from '../nodes/kubelet.ts'
import { ZONES } from '../topology/node-table.ts'

/** Go's names for the architecture of this machine. */
const ARCHITECTURES: Readonly<Record<string, string>> = { x64: 'amd64', arm64: 'arm64' }

/** Karpenter prefers the cheapest. With one price for all, the zone is chosen by the pods. */
const PRICE = 0.1

export const instanceTypes = (arch: string = process.arch): string =>
  JSON.stringify([
    {
      name: 'lab-node',
      architecture: ARCHITECTURES[arch] ?? arch,
      operatingSystems: ['linux'],
      resources: { cpu: `${NODE_CPUS}`, memory: `${NODE_MEMORY_GIB}Gi`, pods: `${NODE_PODS_MAX}` },
      offerings: ZONES.map((zone) => ({
        Price: PRICE,
        Available: true,
        Requirements: [
          { key: 'karpenter.sh/capacity-type', operator: 'In', values: ['on-demand'] },
          { key: 'topology.kubernetes.io/zone', operator: 'In', values: [zone] },
        ],
      })),
    },
  ])
