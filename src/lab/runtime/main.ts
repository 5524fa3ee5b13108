// The node runtime: one process that is the container runtime of every node of the lab. Kubelets speak CRI to it over a socket a
// node; its containers are ordinary processes in sessions of their own, so that killing this process harms no pod: the next one finds
// them by what is on disk (docs/adr/0003). The pod network's agent and the volume provisioner live in here too.
import { connect } from '../cluster-access/connect.ts'
import { nodeBinary } from '../images/image-index.ts'
import { startDaemon } from '../machine/daemon.ts'
import { labPaths } from '../machine/paths.ts'
import { readState } from '../machine/state.ts'
import { startPodNetworkAgent } from '../pod-network/agent.ts'
import { labNodes } from '../topology/node-table.ts'
import { eventNotices } from './event-notices.ts'
import { provision } from './provisioner/provisioner.ts'
import { startRuntime } from './runtime.ts'

// The owner waits five seconds before it kills this process, and then every process of the lab.
const END_GRACE_MS = 2500

const { root, log, stopping } = startDaemon('node-runtime')
const paths = labPaths(root)
const network = await startPodNetworkAgent({ root, kubeconfig: paths.kubeconfig, log, node: nodeBinary(paths.images) })
const cluster = connect(root)
const state = readState(paths.state)
const runtime = await startRuntime({
  labRoot: root,
  nodes: labNodes(state?.nodes.length, state?.place),
  network,
  log,
  notice: eventNotices(cluster, log),
})
provision({ cluster, volumesFolder: paths.volumes, signal: stopping, log }).catch((error) =>
  log(`provisioner: ${error}`),
)
log('runtime ready')

stopping.addEventListener('abort', async () => {
  await runtime.end(END_GRACE_MS)
  await network.stop()
  process.exit(0)
})
