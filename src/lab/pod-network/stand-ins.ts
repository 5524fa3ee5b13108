// Addresses on the machine that stand for peers of a native container. The container dials them like any others; behind each the relay
// accepts and dials the peer itself, through the preload: in the pod's name, by policies and faults, to a ready endpoint.
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
  /** Pipes both ways, and lets neither outlive the other. */
  readonly join: (client: net.Socket, peer: net.Socket) => void
  readonly onOpen: (server: net.Server) => void
}): StandIns {
  const known = new Map<string, { readonly address: string; readonly ports: Map<number, Promise<void>> }>()

  function standIn(ip: string) {
    const found = known.get(ip)
    if (found) return found
    // Nobody looks up so many; the oldest would be the one to give way, and a connection through it might still be in use.
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
      // An address outside the cluster is nobody's to play.
      if (!ip.startsWith('10.')) return ip
      const { address, ports } = standIn(ip)
      await Promise.all(
        portsOf(options.clusterFile, ip).map(async (port) => {
          const opening = ports.get(port) ?? listen(address, ip, port)
          ports.set(port, opening)
          await opening.catch((error: Error) => {
            // An ordinary user may not listen below 1024: that port stays closed, and the next look-up tries again.
            console.error(`relay: no stand-in for ${ip}:${port}: ${error.message}`)
            ports.delete(port)
          })
        }),
      )
      return address
    },
  }
}

/** A Service's ports, or the ports that a pod names. */
function portsOf(clusterFile: string, ip: string): readonly number[] {
  const { table } = JSON.parse(readFileSync(clusterFile, 'utf8')) as ClusterFile
  const service = table.services[ip]
  return service ? Object.keys(service.ports).map(Number) : [...new Set(Object.values(table.pods[ip]?.ports ?? {}))]
}
