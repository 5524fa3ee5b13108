import { rmSync } from 'node:fs'
import { createServer, type Server } from 'node:http'
import { connect } from 'node:net'
import type { Duplex } from 'node:stream'
import { cidrHolds } from '../../protocols/kubernetes/cidr.ts'
import type { Endpoint } from '../topology/addresses.ts'
import { machinePort, SERVICE_RANGE } from '../topology/addresses.ts'
import { loopbackOf } from '../topology/node-table.ts'

export type EgressProxy = { close(): void }

/** Whether a cluster address does not answer, because its node has no power. */
export type SilentAddress = (address: string) => boolean

/** A ready endpoint of a Service, by its cluster address: what kube-proxy would choose on the API server's machine. */
export type ServiceRoute = (ip: string, port: number) => Endpoint | undefined

/**
 * The API server's connections to nodes, pods, Services and aggregated APIs: an HTTP CONNECT proxy on a unix socket that maps 10.x.y.z to
 * 127.x.y.z. It allows loopback, where the aggregated metrics API listens, and refuses everything else, because nothing in a lab needs to
 * leave the machine. For a silent address there is no answer, so the caller waits until it times out, as with lost packets.
 */
export async function startEgressProxy(
  socketPath: string,
  isSilent: SilentAddress = () => false,
  route: ServiceRoute = () => undefined,
): Promise<EgressProxy> {
  const open = new Set<Duplex>()
  const server = createServer((_request, response) => response.writeHead(405).end())
  server.on('connect', (request, client, head) => {
    track(open, client)
    client.on('error', () => client.destroy())
    const authority = throughService(request.url ?? '', route)
    if (!isSilent(authority.replace(/:\d+$/, ''))) tunnel(authority, client, head, open)
  })
  await listen(server, socketPath)
  return {
    close: () => {
      server.close()
      for (const socket of open) socket.destroy()
    },
  }
}

function tunnel(authority: string, client: Duplex, head: Buffer, open: Set<Duplex>): void {
  const target = parseTarget(authority)
  if (!target) {
    client.end('HTTP/1.1 403 Forbidden\r\n\r\n')
    return
  }
  const upstream = connect(target.port, target.host)
  track(open, upstream)
  const refuse = (error: Error) => client.end(`HTTP/1.1 502 ${error.message.replace(/[\r\n]/g, ' ')}\r\n\r\n`)
  upstream.once('error', refuse)
  client.on('close', () => upstream.destroy())
  upstream.once('connect', () => {
    // After the 200, an error can only be shown by closing the connection.
    upstream.off('error', refuse)
    upstream.on('error', () => client.destroy())
    upstream.on('close', () => client.destroy())
    client.write('HTTP/1.1 200 OK\r\n\r\n')
    if (head.length > 0) upstream.write(head)
    upstream.pipe(client)
    client.pipe(upstream)
  })
}

/** `10.96.0.7:443` → a pod behind it. A Service without endpoints stays as it is, and nobody listens there. */
function throughService(authority: string, route: ServiceRoute): string {
  const [ip = '', port = ''] = authority.split(':')
  if (!cidrHolds(SERVICE_RANGE, ip)) return authority
  const endpoint = route(ip, Number(port))
  return endpoint ? `${endpoint[0]}:${endpoint[1]}` : authority
}

/** `10.244.1.9:80` → 127.244.1.9, 61080; undefined for a target outside the lab. Plain loopback keeps its ports. */
export function parseTarget(authority: string): { host: string; port: number } | undefined {
  const parts = /^([a-z0-9.-]+):(\d{1,5})$/.exec(authority)
  const host = parts?.[1]
  const port = Number(parts?.[2])
  if (host === undefined || !(port >= 1 && port <= 65_535)) return undefined
  if (host === 'localhost') return { host: '127.0.0.1', port }
  if (/^127(\.\d{1,3}){3}$/.test(host)) return { host, port }
  return /^10(\.\d{1,3}){3}$/.test(host) ? { host: loopbackOf(host), port: machinePort(port) } : undefined
}

function track(open: Set<Duplex>, socket: Duplex): void {
  open.add(socket)
  socket.on('close', () => open.delete(socket))
}

async function listen(server: Server, socketPath: string): Promise<void> {
  rmSync(socketPath, { force: true })
  const { promise, resolve, reject } = Promise.withResolvers<void>()
  server.once('error', reject)
  server.listen(socketPath, resolve)
  await promise
}
