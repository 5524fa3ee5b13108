// Addresses on this machine that stand for peers of a native container. The container connects to them as usual. The relay accepts and
// connects to the real peer through the preload: from the pod's address, subject to policies and faults, to a ready endpoint.
import { once } from 'node:events'
import { readFileSync } from 'node:fs'
import net from 'node:net'
import { STAND_INS_MAX, standInAddress } from '../topology/addresses.ts'
import type { ClusterFile } from './messages.ts'

export type StandIns = { for(ip: string): Promise<string> }

export function openStandIns(options: {
  /** The relay's own pod. */
  readonly podIp: string
  readonly clusterFile: string
  /** Pipes in both directions. When one side ends, so does the other. */
  readonly join: (client: net.Socket, peer: net.Socket) => void
  readonly onOpen: (server: net.Server) => void
}): StandIns {
  const known = new Map<string, { readonly address: string; readonly ports: Map<number, Promise<void>> }>()

  function standIn(ip: string) {
    const found = known.get(ip)
    if (found) return found
    // More peers are not expected. Reusing the oldest address could break a connection that still uses it.
    if (known.size === STAND_INS_MAX) throw new Error(`more than ${STAND_INS_MAX} peers were looked up`)
    const made = { address: standInAddress(options.podIp, known.size), ports: new Map<number, Promise<void>>() }
    known.set(ip, made)
    return made
  }

  async function listen(address: string, ip: string, port: number): Promise<void> {
    const server = net.createServer({ allowHalfOpen: true }, (client) => {
      options.join(client, net.connect({ host: ip, port, allowHalfOpen: true }))
    })
    server.listen(port, address)
    await once(server, 'listening')
    options.onOpen(server)
  }

  return {
    async for(ip) {
      // Addresses outside the cluster are not emulated.
      if (!ip.startsWith('10.')) return ip
      const { address, ports } = standIn(ip)
      await Promise.all(
        portsOf(options.clusterFile, ip).map(async (port) => {
          const opening = ports.get(port) ?? listen(address, ip, port)
          ports.set(port, opening)
          await opening.catch((error: Error) => {
            // An ordinary user may not listen below 1024. The port stays closed, and the next lookup tries again.
            console.error(`relay: no stand-in for ${ip}:${port}: ${error.message}`)
            ports.delete(port)
          })
        }),
      )
      return address
    },
  }
}

/** The ports of a Service, or those that a pod declares. */
function portsOf(clusterFile: string, ip: string): readonly number[] {
  const { table } = JSON.parse(readFileSync(clusterFile, 'utf8')) as ClusterFile
  const service = table.services[ip]
  return service ? Object.keys(service.ports).map(Number) : [...new Set(Object.values(table.pods[ip]?.ports ?? {}))]
}
