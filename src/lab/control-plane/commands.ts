// The arguments of each program of the control plane, as pure functions. The programs are Kubernetes' own. Each difference from a
// production cluster is here, with its reason.
import { join } from 'node:path'
import type { LabPaths } from '../machine/paths.ts'
import { API_IP } from '../topology/addresses.ts'
import { REAL_ADDRESSES } from '../topology/real-addresses.ts'
import type { CredentialFiles } from './credentials.ts'

export const SERVICE_CIDR = '10.96.0.0/16'

/** A node is NotReady this long after its last lease renewal; the kubelet renews every 2 s (a quarter of its 8 s lease). */
const NODE_GRACE = '8s'

/** Pods leave a dead node after this long. Kubernetes' default is 300 s, longer than a whole rehearsal. */
const EVICTION_TOLERATION_SECONDS = 15

export type ControlPlaneFiles = {
  readonly etcdData: string
  readonly etcdClientUrl: string
  readonly etcdPeerUrl: string
  readonly etcdSocket: string
  readonly egressSocket: string
  readonly egressConfig: string
}

export function controlPlaneFiles(paths: LabPaths): ControlPlaneFiles {
  const at = (name: string) => join(paths.controlPlane, name)
  return {
    etcdData: at('etcd'),
    // etcd listens on a unix socket in a folder of mode 0700. On a loopback port, any user of the machine could rewrite the cluster.
    etcdClientUrl: `unix://${at('etcd.sock')}`,
    etcdPeerUrl: `unix://${at('peer.sock')}`,
    etcdSocket: at('etcd.sock'),
    egressSocket: at('egress.sock'),
    egressConfig: at('egress.yaml'),
  }
}

export const etcdArguments = (files: ControlPlaneFiles): string[] => [
  `--data-dir=${files.etcdData}`,
  `--listen-client-urls=${files.etcdClientUrl}`,
  `--advertise-client-urls=${files.etcdClientUrl}`,
  `--listen-peer-urls=${files.etcdPeerUrl}`,
  `--initial-advertise-peer-urls=${files.etcdPeerUrl}`,
  `--initial-cluster=default=${files.etcdPeerUrl}`,
  // The data never outlives the lab, so it need not survive a power failure.
  '--unsafe-no-fsync',
  '--log-level=warn',
]

export const apiServerArguments = (
  files: ControlPlaneFiles,
  credentials: CredentialFiles,
  paths: LabPaths,
  port: number,
): string[] => {
  const serving = credentials.certificate('api-server')
  const toKubelets = credentials.certificate('kubelet-client')
  const frontProxy = credentials.certificate('front-proxy-client')
  return [
    `--etcd-servers=${files.etcdClientUrl}`,
    `--cert-dir=${join(paths.controlPlane, 'api-server')}`,
    // In a network of the lab's own, pods reach it at the node's address. The machine reaches it through the owner.
    `--bind-address=${REAL_ADDRESSES ? '0.0.0.0' : '127.0.0.1'}`,
    `--advertise-address=${REAL_ADDRESSES ? API_IP : '127.0.0.1'}`,
    `--secure-port=${port}`,
    `--tls-cert-file=${serving.certificate}`,
    `--tls-private-key-file=${serving.key}`,
    // The `kubernetes` Service needs an endpoint that is not loopback.
    `--endpoint-reconciler-type=${REAL_ADDRESSES ? 'lease' : 'none'}`,
    `--service-cluster-ip-range=${SERVICE_CIDR}`,
    '--service-account-issuer=https://kubernetes.default.svc',
    // Programs in the cluster that verify tokens fetch the keys from this address. The default is an address of the machine.
    '--service-account-jwks-uri=https://kubernetes.default.svc/openid/v1/jwks',
    `--service-account-key-file=${credentials.serviceAccountPublicKey}`,
    `--service-account-signing-key-file=${credentials.serviceAccountKey}`,
    `--token-auth-file=${credentials.tokens}`,
    // Only for the kubelets of nodes that join later. The files that it signs are below the control plane's folder.
    `--client-ca-file=${credentials.authority}`,
    '--authorization-mode=Node,RBAC',
    '--enable-admission-plugins=NodeRestriction',
    `--default-not-ready-toleration-seconds=${EVICTION_TOLERATION_SECONDS}`,
    `--default-unreachable-toleration-seconds=${EVICTION_TOLERATION_SECONDS}`,
    '--allow-privileged=true',
    `--kubelet-certificate-authority=${credentials.authority}`,
    `--kubelet-client-certificate=${toKubelets.certificate}`,
    `--kubelet-client-key=${toKubelets.key}`,
    '--kubelet-preferred-address-types=InternalIP',
    // Aggregated APIs (metrics): headers say who the caller is, and the front proxy's certificate proves that they are true.
    `--requestheader-client-ca-file=${credentials.frontProxyAuthority}`,
    '--requestheader-allowed-names=front-proxy-client',
    '--requestheader-username-headers=X-Remote-User',
    '--requestheader-group-headers=X-Remote-Group',
    '--requestheader-extra-headers-prefix=X-Remote-Extra-',
    `--proxy-client-cert-file=${frontProxy.certificate}`,
    `--proxy-client-key-file=${frontProxy.key}`,
    `--egress-selector-config-file=${files.egressConfig}`,
    // There is no maintained SPDY library for Node. With this gate off, the WebSocket of kubectl exec reaches the CRI server unchanged.
    '--feature-gates=TranslateStreamCloseWebsocketRequests=false',
    '--profiling=false',
  ]
}

export const controllerManagerArguments = (credentials: CredentialFiles): string[] => [
  `--kubeconfig=${credentials.kubeconfig('kube-controller-manager')}`,
  `--service-account-private-key-file=${credentials.serviceAccountKey}`,
  `--root-ca-file=${credentials.authority}`,
  '--leader-elect=false',
  '--secure-port=0',
  '--horizontal-pod-autoscaler-sync-period=2s',
  '--horizontal-pod-autoscaler-initial-readiness-delay=2s',
  '--node-monitor-period=1s',
  `--node-monitor-grace-period=${NODE_GRACE}`,
  // The default of 20 requests a second would delay the start of a small platform by seconds.
  '--kube-api-qps=200',
  '--kube-api-burst=400',
  '--profiling=false',
]

export const schedulerArguments = (credentials: CredentialFiles): string[] => [
  `--kubeconfig=${credentials.kubeconfig('kube-scheduler')}`,
  '--leader-elect=false',
  '--secure-port=0',
  '--profiling=false',
]

/** All connections of the API server into the cluster go through the egress proxy, which maps 10.x.y.z to this machine. */
export const egressConfiguration = (files: ControlPlaneFiles): string => `apiVersion: apiserver.k8s.io/v1beta1
kind: EgressSelectorConfiguration
egressSelections:
  - name: cluster
    connection:
      proxyProtocol: HTTPConnect
      transport: {uds: {udsName: ${files.egressSocket}}}
`
