// From nothing to a cluster, as much side by side as the programs allow. The API server is what takes long; everything else is started
// so that it is ready when the API server is, without taking its processor time.
import { existsSync, mkdirSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:net'
import { join } from 'node:path'
import { type ApiClient, apiClient } from '../control-plane/api-client.ts'
import {
  apiServerArguments,
  type ControlPlaneFiles,
  controllerManagerArguments,
  controlPlaneFiles,
  egressConfiguration,
  etcdArguments,
  schedulerArguments,
} from '../control-plane/commands.ts'
import type { CredentialFiles } from '../control-plane/credentials.ts'
import { type EgressProxy, startEgressProxy } from '../control-plane/egress-proxy.ts'
import { type CloudProvider, startCloudProvider } from '../nodes/cloud-provider.ts'
import { kubeletArguments, prepareNode } from '../nodes/kubelet.ts'
import type { LabNode } from '../nodes/node-table.ts'
import type { LabPaths } from '../paths.ts'
import type { Crew } from './crew.ts'
import type { LabTools } from './spec.ts'
import type { Stages } from './stages.ts'
import { until } from './until.ts'

export type BootOptions = {
  readonly paths: LabPaths
  readonly nodes: readonly LabNode[]
  readonly tools: LabTools
  readonly crew: Crew
  readonly stages: Stages
  readonly note: (text: string) => void
  /** Called once the files exist that own programs start from: state file, kubeconfig, credentials. */
  readonly onAddress: (address: { url: string; port: number; files: CredentialFiles }) => void
  readonly onApi: (url: string) => void
  readonly signal: AbortSignal
}

export type Booted = { readonly api: ApiClient; readonly egress: EgressProxy; readonly cloud: CloudProvider }

const API_WITHIN_MS = 90_000
const NODES_WITHIN_MS = 60_000

export async function boot(options: BootOptions): Promise<Booted> {
  const { paths, crew, stages, tools, nodes, signal } = options
  const files = controlPlaneFiles(paths)
  crew.add('etcd', [tools.etcd, ...etcdArguments(files)])
  const [port, egress] = await Promise.all([freePort(), prepareEgress(files)])
  const url = `https://127.0.0.1:${port}`
  const credentials = await stages.run('credentials', async () => {
    const { writeCredentials } = await import('../control-plane/credentials.ts')
    return writeCredentials(paths, nodes, url)
  })
  for (const node of nodes) prepareNode(node, paths, credentials.files)
  options.onAddress({ url, port, files: credentials.files })
  crew.addOwn('node-runtime', 'runtime/main.ts')
  const api = apiClient(url, credentials.authorityPem, credentials.adminToken)

  await stages.run('etcd', () =>
    until(() => existsSync(files.etcdSocket), { what: 'etcd', withinMs: API_WITHIN_MS, signal }),
  )
  crew.add('kube-apiserver', [tools['kube-apiserver'], ...apiServerArguments(files, credentials.files, paths, port)])
  await stages.run('api-server', () => apiReady(api, signal))
  options.onApi(url)
  const cloud = startCloudProvider(api, nodes, options.note)
  crew.add('kube-controller-manager', [
    tools['kube-controller-manager'],
    ...controllerManagerArguments(credentials.files),
  ])
  crew.add('kube-scheduler', [tools['kube-scheduler'], ...schedulerArguments(credentials.files)])
  await stages.run('node-objects', () => cloud.registered)
  await stages.run('runtime-sockets', () => runtimeReady(options))
  for (const node of nodes) {
    crew.add(kubeletName(node.name), [tools.kubelet, ...kubeletArguments(node, paths, credentials.files)])
  }
  for (const name of ['chaos-daemon', 'metrics-api', 'ingress']) crew.addOwn(name, `${name}/main.ts`)
  await stages.run('nodes-ready', () => nodesReady(cloud, signal))
  return { api, egress, cloud }
}

export const kubeletName = (node: string): string => `kubelet-${node}`

async function prepareEgress(files: ControlPlaneFiles): Promise<EgressProxy> {
  mkdirSync(join(files.egressSocket, '..'), { recursive: true, mode: 0o700 })
  writeFileSync(files.egressConfig, egressConfiguration(files))
  return startEgressProxy(files.egressSocket)
}

/** Ready means all of its post-start hooks: roles, priorities, default namespaces. */
const apiReady = (api: ApiClient, signal: AbortSignal): Promise<void> =>
  until(async () => (await api.call({ path: '/readyz' }).catch(() => undefined))?.status === 200, {
    what: 'the API server',
    withinMs: API_WITHIN_MS,
    signal,
  })

const runtimeReady = ({ nodes, paths, signal }: BootOptions): Promise<void> =>
  until(() => nodes.every((node) => existsSync(paths.node(node.name).criSocket)), {
    what: 'the node runtime',
    withinMs: NODES_WITHIN_MS,
    signal,
  })

async function nodesReady(cloud: CloudProvider, signal: AbortSignal): Promise<void> {
  let ready = false
  void cloud.ready.then(() => {
    ready = true
  })
  await until(() => ready, { what: 'the nodes', withinMs: NODES_WITHIN_MS, signal })
}

/** A free port of 127.0.0.1. Somebody may take it before the API server does; then the API server says so in its log and tries again. */
async function freePort(): Promise<number> {
  const { promise, resolve, reject } = Promise.withResolvers<number>()
  const server = createServer()
  server.once('error', reject)
  server.listen(0, '127.0.0.1', () => {
    const address = server.address()
    server.close(() => resolve(typeof address === 'object' && address ? address.port : 0))
  })
  return promise
}
