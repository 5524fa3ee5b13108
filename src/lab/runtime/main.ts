// The node runtime: one process that is the container runtime of all nodes of the lab. Each kubelet speaks CRI to it over a socket of its
// node. Containers are ordinary processes in their own sessions, so killing this process does not harm pods: the next one finds them from
// what is on disk (docs/adr/0003). The pod network's agent and the volume provisioner run in this process too.
import { connect } from '../cluster-access/connect.ts'
import { nodeBinary } from '../images/image-index.ts'
import { startDaemon } from '../machine/daemon.ts'
import { labPaths } from '../machine/paths.ts'
import { readState } from '../machine/state.ts'
import { startPodNetworkAgent } from '../pod-network/agent.ts'
import { createNamespaces } from '../pod-network/namespaces.ts'
import { labNode, labNodes } from '../topology/node-table.ts'
import { createEventNotices } from './event-notices.ts'
import { provision } from './provisioner/provisioner.ts'
import { startRuntime } from './runtime.ts'

// The owner waits five seconds before it kills this process, and after that every process of the lab.
const END_GRACE_MS = 2500

const { root, log, stopping } = startDaemon('node-runtime')
const paths = labPaths(root)
const state = readState(paths.state)
const labnet = state?.network?.kind === 'namespaces' ? state.network.labnet : undefined
const network = await startPodNetworkAgent({
  root,
  kubeconfig: paths.kubeconfig,
  log,
  node: nodeBinary(paths.images),
  ...(labnet === undefined ? {} : { namespaces: createNamespaces(labnet, paths.net, log) }),
})
const cluster = connect(root)
const runtime = await startRuntime({
  labRoot: root,
  // After a crash also the nodes that had joined.
  nodes: state === undefined ? labNodes() : state.nodes.map((node) => labNode(node.index, node)),
  network,
  labnet,
  log,
  notice: createEventNotices(cluster, log),
})
provision({ cluster, volumesFolder: paths.volumes, signal: stopping, log }).catch((error) => {
  if (!stopping.aborted) log(`provisioner: ${error}`)
})
log('runtime ready')

stopping.addEventListener('abort', async () => {
  await runtime.end(END_GRACE_MS)
  await network.stop()
  process.exit(0)
})
