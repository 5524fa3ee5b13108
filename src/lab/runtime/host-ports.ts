/**
 * Ports of a node that lead to a pod (`hostPort`). Each node has an address of its own, so it is enough to listen there and to forward
 * TCP and UDP.
 */
import net from 'node:net'
import { machineAddress, machinePort } from '../topology/addresses.ts'
import type { LabNode } from '../topology/node-table.ts'
import { REAL_ADDRESSES } from '../topology/real-addresses.ts'
import { passDatagramsTo } from './host-datagrams.ts'
import type { SandboxRecord } from './records.ts'

export type HostPorts = {
  /** A port that cannot be opened is logged. */
  open(sandbox: SandboxRecord): void
  /** Takes no new connections. Open ones end with the pod. */
  close(id: string): void
}

type Listener = { close(): unknown }

// With network namespaces, 127.0.0.1 belongs to the nodes, as on a real node. Without them, it belongs to the machine.
const hostsOf = (loopback: string) => (REAL_ADDRESSES ? [loopback, '127.0.0.1'] : [loopback])

/** `hosts`: the addresses of the node. */
export function createHostPorts(
  { loopback }: Pick<LabNode, 'loopback'>,
  log: (line: string) => void,
  hosts: readonly string[] = hostsOf(loopback),
): HostPorts {
  const listeners = new Map<string, readonly Listener[]>()
  /** A `hostIP` that the node does not have is ignored. */
  const wantedHosts = (hostIp = '') => (hosts.includes(machineAddress(hostIp)) ? [machineAddress(hostIp)] : hosts)
  return {
    open({ id, config, network }) {
      if (!network) return
      const opened = config.portMappings
        .filter(({ hostPort, protocol }) => hostPort > 0 && protocol !== 'SCTP')
        .flatMap(({ hostPort, hostIp, containerPort, protocol }) => {
          const pod = { host: machineAddress(network.ip), port: machinePort(containerPort) }
          const fail = ({ message }: Error) => log(`hostPort ${hostPort} of ${config.metadata.name}: ${message}`)
          return wantedHosts(hostIp).map((own): Listener => {
            const port = machinePort(hostPort)
            if (protocol === 'UDP') return passDatagramsTo(pod).on('error', fail).bind(port, own)
            return passOnTo(pod).on('error', fail).listen(port, own)
          })
        })
      if (opened.length > 0) listeners.set(id, opened)
    },
    close(id) {
      for (const listener of listeners.get(id) ?? []) listener.close()
      listeners.delete(id)
    },
  }
}

const passOnTo = (pod: { readonly host: string; readonly port: number }): net.Server =>
  net.createServer({ allowHalfOpen: true }, (client) => {
    const target = net.connect({ ...pod, allowHalfOpen: true })
    for (const [socket, peer] of [
      [client, target],
      [target, client],
    ] as const) {
      socket.on('error', () => peer.destroy())
      socket.pipe(peer)
    }
  })
