/** Where the ports of a pod are on this machine, for `kubectl port-forward`. */
import net from 'node:net'
import { messageOf } from '../../domain/unknown.ts'
import { machineAddress, machinePort } from '../topology/addresses.ts'
import type { LabNode } from '../topology/node-table.ts'
import { REAL_ADDRESSES } from '../topology/real-addresses.ts'
import type { SandboxRecord } from './records.ts'

type Door = { readonly host: string; readonly port: number }

const DIAL_MS = 5000

/** Either end may close first. @throws Error if nothing in the pod listens there */
export async function connectToPod(
  sandbox: Pick<SandboxRecord, 'network'>,
  node: Pick<LabNode, 'loopback'>,
  port: number,
): Promise<net.Socket> {
  const problems: string[] = []
  for (const door of doorsOf(sandbox, node, port)) {
    try {
      return await dialled(door)
    } catch (error) {
      problems.push(messageOf(error))
    }
  }
  throw new Error(`nothing in the pod listens on port ${port}: ${problems[0]}`)
}

/** In the order in which they are tried. */
function doorsOf(
  { network }: Pick<SandboxRecord, 'network'>,
  { loopback }: Pick<LabNode, 'loopback'>,
  port: number,
): Door[] {
  if (!network)
    return [
      { host: loopback, port: machinePort(port) },
      { host: '127.0.0.1', port },
    ]
  const own = { host: machineAddress(network.ip), port: machinePort(port) }
  // A program that is not Node listens at an address of its own, and its relay passes on declared ports only.
  return REAL_ADDRESSES ? [own] : [own, { host: network.nativeAddress, port }]
}

function dialled({ host, port }: Door): Promise<net.Socket> {
  return new Promise((resolve, reject) => {
    const socket = net.connect({ host, port, allowHalfOpen: true })
    socket.setTimeout(DIAL_MS, () =>
      socket.destroy(new Error(`no answer from ${host}:${port} within ${DIAL_MS / 1000} s`)),
    )
    socket.once('error', reject)
    socket.once('connect', () => {
      socket.setTimeout(0)
      socket.off('error', reject)
      resolve(socket)
    })
  })
}
