import { LabError } from '../machine/lab-error.ts'
import { labPaths } from '../machine/paths.ts'
import type { NetworkPlugin } from '../pod-network/network-plugin.ts'
import type { LabNode } from '../topology/node-table.ts'
import { type Host, thisHost } from './container/identity.ts'
import { closedFolder } from './container/view.ts'
import type { Containers } from './containers.ts'
import { serveControl } from './control.ts'
import { imageCalls } from './cri/image-calls.ts'
import { runtimeCalls } from './cri/runtime-calls.ts'
import { loadCri } from './cri/serve.ts'
import { openImageStore } from './image-store.ts'
import type { NodeContext } from './node-context.ts'
import { openNodeSet } from './node-set.ts'
import { openProcessTable } from './processes/table.ts'
import { type StreamingServer, startStreaming } from './streaming/server.ts'

export type RuntimeParts = {
  labRoot: string
  nodes: readonly LabNode[]
  network: NetworkPlugin
  /** The program that starts containers in namespaces, in a lab that has them. */
  labnet?: string | undefined
  log: (line: string) => void
  notice: NodeContext['notice']
  host?: Host
}

export type Runtime = {
  /** Stops every container, kills what is left after the grace period, and closes all sockets. */
  end(graceMs: number): Promise<void>
  /** Closes all sockets and leaves the pods running. A later runtime adopts them. */
  abandon(): void
}

/** Starts the CRI servers of all nodes and the control socket, and adopts the containers that were already running. */
export async function startRuntime(parts: RuntimeParts): Promise<Runtime> {
  const { labRoot, log } = parts
  const paths = labPaths(labRoot)
  const cri = loadCri()
  const streaming = await startStreaming(log)
  const host = parts.host ?? thisHost()
  if (host.isRoot) requireOpenWay(labRoot)
  const table = openProcessTable()
  const images = openImageStore(paths.images)
  const { network, labnet, notice } = parts
  const set = await openNodeSet(
    parts.nodes,
    { labRoot, network, labnet, images, table, host, log, notice },
    ({ node, sandboxes, containers }) =>
      cri.serve({
        socket: paths.node(node.name).criSocket,
        runtime: runtimeCalls({ node, sandboxes, containers, table, streaming }),
        images: imageCalls(images, host),
        log: (line) => log(`${node.name}: ${line}`),
      }),
  )
  const control = await serveControl(paths.runtimeSocket, set.nodes, table, set)
  const close = () => closeAll(streaming, [...set.nodes.map(({ server }) => server), control])
  return {
    async end(graceMs) {
      for (const { server } of set.nodes) server.stop() // so that no kubelet starts another container meanwhile
      await Promise.all(set.nodes.map(({ containers }) => endAll(containers, graceMs)))
      close()
    },
    abandon: close,
  }
}

function requireOpenWay(labRoot: string): void {
  const closed = closedFolder(labRoot)
  if (closed === undefined) return
  throw new LabError({
    code: 'lab-root-closed',
    problem: `pods never run as root, and other users cannot enter ${closed} on the way to the lab folder ${labRoot}.`,
    next: 'choose another folder in MATCHDAY_LAB_DIR, or run the lab as a user other than root.',
  })
}

async function endAll(containers: Containers, graceMs: number): Promise<void> {
  await Promise.all(containers.list().map(({ id }) => containers.stop(id, graceMs / 1000)))
}

function closeAll(streaming: StreamingServer, servers: readonly { stop(): void }[]): void {
  for (const server of servers) server.stop()
  streaming.stop()
}
