/**
 * Ports of a node that lead to a pod (`hostPort`). Each node has an address of its own, so it is enough to listen there and to pass the bytes on. TCP only.
 */
import net from 'node:net'
import { machineAddress, machinePort } from '../topology/addresses.ts'
import type { LabNode } from '../topology/node-table.ts'
import { REAL_ADDRESSES } from '../topology/real-addresses.ts'
import type { SandboxRecord } from './records.ts'

export type HostPorts = {
  /** A port that cannot be opened is logged. */
  open(sandbox: SandboxRecord): void
  /** Takes no new connections. Open ones end with the pod. */
  close(id: string): void
}

export function createHostPorts({ loopback }: Pick<LabNode, 'loopback'>, log: (line: string) => void): HostPorts {
  const servers = new Map<string, readonly net.Server[]>()
  // In a network of the lab's own, loopback is the nodes', as on a real node. Without it, it is the machine's.
  const hosts = REAL_ADDRESSES ? [loopback, '127.0.0.1'] : [loopback]
  return {
    open({ id, config, network }) {
      if (!network) return
      const host = machineAddress(network.ip)
      const opened = config.portMappings
        .filter(({ hostPort, protocol }) => hostPort > 0 && protocol !== 'UDP' && protocol !== 'SCTP')
        .flatMap(({ hostPort, containerPort }) =>
          hosts.map((own) => {
            const server = passOnTo({ host, port: machinePort(containerPort) })
            server.on('error', ({ message }) => log(`hostPort ${hostPort} of ${config.metadata.name}: ${message}`))
            return server.listen(machinePort(hostPort), own)
          }),
        )
      if (opened.length > 0) servers.set(id, opened)
    },
    close(id) {
      for (const server of servers.get(id) ?? []) server.close()
      servers.delete(id)
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
