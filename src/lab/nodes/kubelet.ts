// How a node's kubelet is started. It is the real kubelet, built with stubbed node resources (docs/adr/0001). Each difference from a
// production node is here, with its reason.
import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import type { CredentialFiles } from '../control-plane/credentials.ts'
import type { LabPaths } from '../machine/paths.ts'
import { KUBELET_PORT, type LabNode } from '../topology/node-table.ts'
import { REAL_ADDRESSES } from '../topology/real-addresses.ts'

/** The size that each node reports. The machine is smaller: the scheduler only adds up requests, and nothing enforces limits. */
export const NODE_CPUS = 4
export const NODE_MEMORY_GIB = 8
export const NODE_PODS_MAX = 50

/** Creates the node's folders and its configuration file. */
export function prepareNode(node: LabNode, paths: LabPaths, credentials: CredentialFiles): void {
  const at = paths.node(node.name)
  mkdirSync(at.kubeletRoot, { recursive: true, mode: 0o755 })
  // The folders in it are named after pods' uids, and so are the folders that hold their secrets.
  mkdirSync(at.podLogs, { recursive: true, mode: 0o700 })
  writeFileSync(
    configurationFile(node, paths),
    JSON.stringify(kubeletConfiguration(node, paths, credentials), undefined, 2),
  )
}

export const kubeletArguments = (node: LabNode, paths: LabPaths, credentials: CredentialFiles): string[] => [
  `--config=${configurationFile(node, paths)}`,
  `--kubeconfig=${credentials.kubeconfig(node.name)}`,
  `--hostname-override=${node.name}`,
  `--root-dir=${paths.node(node.name).kubeletRoot}`,
  `--cert-dir=${join(paths.node(node.name).root, 'certificates')}`,
  // The kubelet refuses a loopback node address. With an external cloud provider, the lab's owner sets the addresses.
  '--cloud-provider=external',
  `--node-cpus=${NODE_CPUS}`,
  `--node-memory-gib=${NODE_MEMORY_GIB}`,
  ...(REAL_ADDRESSES ? [] : ['--pod-network-on-loopback']),
]

const configurationFile = (node: LabNode, paths: LabPaths): string => join(paths.node(node.name).root, 'kubelet.json')

/** KubeletConfiguration, kubelet.config.k8s.io/v1beta1. */
export function kubeletConfiguration(node: LabNode, paths: LabPaths, credentials: CredentialFiles) {
  const at = paths.node(node.name)
  const serving = credentials.certificate(`kubelet-${node.index}`)
  return {
    apiVersion: 'kubelet.config.k8s.io/v1beta1',
    kind: 'KubeletConfiguration',
    address: node.loopback,
    port: KUBELET_PORT,
    readOnlyPort: 0,
    healthzPort: 0,
    tlsCertFile: serving.certificate,
    tlsPrivateKeyFile: serving.key,
    authentication: {
      anonymous: { enabled: false },
      webhook: { enabled: false },
      x509: { clientCAFile: credentials.authority },
    },
    authorization: { mode: 'AlwaysAllow' },
    containerRuntimeEndpoint: `unix://${at.criSocket}`,
    podLogsDir: at.podLogs,
    volumePluginDir: join(at.root, 'volume-plugins'),
    clusterDNS: ['10.96.0.10'],
    clusterDomain: 'cluster.local',
    resolvConf: '',
    maxPods: NODE_PODS_MAX,
    serializeImagePulls: false,
    // A container is a plain process, without cgroups, swap, kernel parameters or disk quotas.
    cgroupsPerQOS: false,
    enforceNodeAllocatable: [],
    failSwapOn: false,
    failCgroupV1: false,
    protectKernelDefaults: false,
    makeIPTablesUtilChains: false,
    localStorageCapacityIsolation: false,
    oomScoreAdj: 0,
    evictionHard: {
      'memory.available': '0%',
      'nodefs.available': '0%',
      'nodefs.inodesFree': '0%',
      'imagefs.available': '0%',
    },
    imageGCHighThresholdPercent: 100,
    // Node heartbeat: the lease is renewed after a quarter of its duration, so a dead kubelet shows within 8 s.
    nodeLeaseDurationSeconds: 8,
    nodeStatusUpdateFrequency: '2s',
    nodeStatusReportFrequency: '1m',
    // Volumes are refreshed when a pod is synced, every 1 to 1.5 times this period. A changed ConfigMap takes that long to arrive.
    syncFrequency: '5s',
    configMapAndSecretChangeDetectionStrategy: 'Watch',
    fileCheckFrequency: '0s',
    featureGates: { ExtendWebSocketsToKubelet: false },
  }
}
