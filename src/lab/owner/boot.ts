// Boots a cluster, with as much in parallel as the programs allow. The API server takes longest. Everything else starts so that it is ready
// when the API server is, without taking processor time from it.
import { existsSync, readFileSync, writeFileSync } from 'node:fs'
import { cidrHolds } from '../../protocols/kubernetes/cidr.ts'
import { type ClusterClient, createClusterClient } from '../cluster-access/cluster.ts'
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
import { LabError } from '../machine/lab-error.ts'
import type { LabPaths } from '../machine/paths.ts'
import type { LabNetwork } from '../machine/state.ts'
import { type CloudProvider, startCloudProvider } from '../nodes/cloud-provider.ts'
import { kubeletArguments, prepareNode } from '../nodes/kubelet.ts'
import { grantNodeReads } from '../nodes/node-rights.ts'
import { createNodePower, type NodePower } from '../nodes/power.ts'
import { serviceEndpoint } from '../pod-network/service-route.ts'
import { askOwner } from './client.ts'
import type { Crew } from './crew.ts'
import type { Doors } from './doors.ts'
import { freePort, INGRESS_METRICS_PORT, isListening } from './listening.ts'
import { kubeletName } from './names.ts'
import { createNewNodes } from './new-nodes.ts'
import { openForPods } from './open-for-pods.ts'
import type { Roster } from './roster.ts'
import type { LabTools } from './spec.ts'
import type { Stages } from './stages.ts'
import { tellNetwork } from './tell-network.ts'
import { until } from './until.ts'

export type BootOptions = {
  readonly paths: LabPaths
  readonly roster: Roster
  readonly tools: LabTools
  readonly ingress: { readonly host: string; readonly port: number }
  readonly network: LabNetwork
  /** In a lab with a network of its own: the sockets on the machine's. */
  readonly doors: Doors | undefined
  readonly crew: Crew
  readonly stages: Stages
  readonly note: (text: string) => void
  /** Called when the files exist that the lab's own programs read at their start: state file, kubeconfig, credentials. */
  readonly onAddress: (address: { url: string; port: number; files: CredentialFiles }) => void
  readonly onApi: (url: string) => void
  readonly signal: AbortSignal
}

export type Booted = { readonly api: ClusterClient; readonly egress: EgressProxy; readonly cloud: CloudProvider }

const API_WITHIN_MS = 90_000
const NODES_WITHIN_MS = 60_000

export async function boot(options: BootOptions): Promise<Booted> {
  const { paths, crew, stages, tools, ingress, doors } = options
  const { nodes } = options.roster
  // From inside a network of the lab's own, only the port for metrics can be seen. It is opened last.
  const ingressPort = doors ? INGRESS_METRICS_PORT : ingress.port
  const files = controlPlaneFiles(paths)
  const waitFor = (what: string, withinMs: number, holds: () => boolean | Promise<boolean>) =>
    until(holds, { what, withinMs, signal: options.signal, hopeless: () => crashing(crew, paths) })

  crew.add('etcd', [tools.etcd, ...etcdArguments(files)])
  const power = nodePower(options)
  const { url, port, egress, credentials } = await stages.run('credentials', () => prepare(options, files, power))
  // The lab's own programs load their code while the API server starts, which fills only one core.
  crew.addOwn('node-runtime', 'runtime/main.ts')
  for (const name of OWN_DAEMONS) crew.addOwn(name, `${name}/main.ts`)
  crew.addOwn('ingress', 'ingress/main.ts', doors ? [doors.ingress] : [])
  const api = createClusterClient({ server: new URL(url), ca: credentials.authorityPem, token: credentials.adminToken })

  await stages.run('etcd', () => waitFor('etcd', API_WITHIN_MS, () => existsSync(files.etcdSocket)))
  crew.add('kube-apiserver', [tools['kube-apiserver'], ...apiServerArguments(files, credentials.files, paths, port)])
  await stages.run('api-server', () => waitFor('the API server', API_WITHIN_MS, () => answersOk(api, SERVING)))
  options.onApi(url)
  const newcomers = createNewNodes({ ...options, kubelet: tools.kubelet, credentials })
  const cloud = startCloudProvider(api, nodes, power, newcomers, options.note)
  await stages.run('node-objects', () => Promise.all([cloud.registered, grantNodeReads(api)]))
  await stages.run('runtime', () => waitFor('the node runtime', NODES_WITHIN_MS, () => isRuntimeReady(options)))
  await tellNetwork(api, options.network)
  await openForPods(crew, {
    kubelets: nodes.map((node) => [
      kubeletName(node.name),
      [tools.kubelet, ...kubeletArguments(node, paths, credentials.files)],
    ]),
    scheduler: [tools['kube-scheduler'], ...schedulerArguments(credentials.files)],
    allReady: async () => {
      // The controller manager asks only once a second whether the API server is healthy. Started before that, it would be late.
      await stages.run('roles', () => waitFor('the API server', API_WITHIN_MS, () => answersOk(api, '/healthz')))
      crew.add('kube-controller-manager', [
        tools['kube-controller-manager'],
        ...controllerManagerArguments(credentials.files),
      ])
      await stages.run('nodes', () => waitFor('the nodes', NODES_WITHIN_MS, cloud.allReady))
    },
  })
  await stages.run('ingress', () =>
    waitFor('the ingress', NODES_WITHIN_MS, () => isListening(ingress.host, ingressPort)),
  )
  return { api, egress, cloud }
}

const OWN_DAEMONS = ['chaos-daemon', 'metrics-api']

const nodePower = ({ crew, paths, note }: BootOptions): NodePower =>
  createNodePower({
    killKubelet: async (node) => crew.get(kubeletName(node))?.kill(),
    startKubelet: (node) => crew.get(kubeletName(node))?.start(),
    switchPods: async (node, power) =>
      void (await askOwner(paths.runtimeSocket, 'POST', `/nodes/${node}/power`, { power })),
    log: note,
  })

/** Writes all files that programs need at their start. */
async function prepare(
  { paths, roster: { nodes }, onAddress, doors }: BootOptions,
  files: ControlPlaneFiles,
  power: NodePower,
) {
  const isSilent = (address: string) =>
    nodes.some((node) => power.isOff(node.name) && (address === node.address || cidrHolds(node.podCidr, address)))
  const [port, egress, { writeCredentials }] = await Promise.all([
    doors?.apiPort ?? freePort(),
    prepareEgress(files, isSilent, paths.net),
    // Loading the certificate library takes as long as making the certificates. etcd starts meanwhile.
    import('../control-plane/credentials.ts'),
  ])
  const url = `https://127.0.0.1:${port}`
  const credentials = await writeCredentials(paths, nodes, url)
  for (const node of nodes) prepareNode(node, paths, credentials.files)
  onAddress({ url, port, files: credentials.files })
  return { url, port, egress, credentials }
}

async function prepareEgress(
  files: ControlPlaneFiles,
  isSilent: (address: string) => boolean,
  netFolder: string,
): Promise<EgressProxy> {
  writeFileSync(files.egressConfig, egressConfiguration(files))
  return startEgressProxy(files.egressSocket, isSilent, (ip, port) => serviceEndpoint(netFolder, ip, port))
}

/**
 * The API server serves a second before it has written the default roles. The boot does not need them: administrator, controllers and
 * scheduler are in system:masters, and nodes have the node authorizer.
 */
const SERVING = '/readyz?exclude=poststarthook/rbac/bootstrap-roles'

const answersOk = (api: ClusterClient, path: string): Promise<boolean> =>
  api.get(path).then(
    () => true,
    () => false,
  )

const isRuntimeReady = ({ roster, paths }: BootOptions): boolean =>
  roster.nodes.every((node) => existsSync(paths.node(node.name).criSocket))

// A program may lose a race at its start. One that crashes three times has another reason.
const HOPELESS_RESTARTS = 3
const LOG_TAIL_BYTES = 600

function crashing(crew: Crew, paths: LabPaths): LabError | undefined {
  const failing = crew.states().find((component) => component.restarts >= HOPELESS_RESTARTS)
  if (!failing) return undefined
  return new LabError({
    code: 'lab-component-crashes',
    problem: `${failing.name} does not stay up (${failing.lastExit}). The end of its log:\n${tailOf(paths.log(failing.name))}`,
    next: `read ${paths.log(failing.name)}`,
  })
}

function tailOf(path: string): string {
  try {
    return readFileSync(path, 'utf8').slice(-LOG_TAIL_BYTES).trim()
  } catch {
    return ''
  }
}
