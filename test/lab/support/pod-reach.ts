/**
 * From a test to a pod's port. In a lab on the machine's network a pod is a loopback address. In a lab with a network of its own, the way in is the
 * one that the API server takes: the egress proxy, which listens on a unix socket.
 */
import { once } from 'node:events'
import { request } from 'node:http'
import { connect, createServer, type Server, type Socket } from 'node:net'
import { join } from 'node:path'
import { type LabState, labPaths } from '../../../src/lab/lab.ts'
import { loopbackOf } from '../../../src/lab/topology/node-table.ts'

export type Reached = { readonly host: string; readonly port: number }

const ANSWER_WITHIN_MS = 3_000

const passages = new Map<string, Promise<Reached>>()

/** An address of this machine that leads to the pod's port. */
export function reach(
  { root, network }: Pick<LabState, 'root' | 'network'>,
  podIp: string,
  port: number,
): Promise<Reached> {
  if (network?.kind !== 'namespaces') return Promise.resolve({ host: loopbackOf(podIp), port })
  const key = `${root} ${podIp}:${port}`
  const known = passages.get(key) ?? openPassage(root, podIp, port)
  passages.set(key, known)
  return known
}

/** Whether something accepts connections there. */
export async function listens(
  state: Pick<LabState, 'root' | 'network'>,
  podIp: string,
  port: number,
): Promise<boolean> {
  try {
    const socket =
      state.network?.kind === 'namespaces' ? await tunnel(state.root, podIp, port) : connect(port, loopbackOf(podIp))
    if (socket.connecting) await once(socket, 'connect')
    socket.destroy()
    return true
  } catch {
    return false
  }
}

async function openPassage(root: string, podIp: string, port: number): Promise<Reached> {
  const server: Server = createServer({ allowHalfOpen: true }, (client) => {
    client.on('error', () => client.destroy())
    tunnel(root, podIp, port).then(
      (inside) => joinBoth(client, inside),
      () => client.resetAndDestroy(),
    )
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  server.unref()
  const address = server.address()
  return { host: '127.0.0.1', port: typeof address === 'object' && address ? address.port : 0 }
}

function joinBoth(client: Socket, inside: Socket): void {
  inside.on('error', () => client.destroy())
  inside.on('close', () => client.destroy())
  client.on('close', () => inside.destroy())
  client.pipe(inside).pipe(client)
}

async function tunnel(root: string, podIp: string, port: number): Promise<Socket> {
  const socketPath = join(labPaths(root).controlPlane, 'egress.sock')
  // For a node without power there is no answer.
  const signal = AbortSignal.timeout(ANSWER_WITHIN_MS)
  const asking = request({ socketPath, method: 'CONNECT', path: `${podIp}:${port}`, signal }).end()
  const [answer, socket] = (await once(asking, 'connect')) as [{ statusCode: number }, Socket]
  if (answer.statusCode === 200) return socket
  socket.destroy()
  throw new Error(`${podIp}:${port} cannot be reached: ${answer.statusCode}`)
}
