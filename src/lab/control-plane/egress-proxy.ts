import { rmSync } from 'node:fs'
import { createServer, type Server } from 'node:http'
import { connect, type Socket } from 'node:net'
import type { Duplex } from 'node:stream'
import { loopbackOf } from '../nodes/node-table.ts'

export type EgressProxy = { close(): void }

/**
 * The way from the API server to nodes, pods and aggregated APIs: an HTTP CONNECT proxy on a unix socket that maps 10.x.y.z to
 * 127.x.y.z. Loopback names pass (the aggregated metrics API listens there); anything else is refused, since nothing in a
 * lab has a reason to leave the machine.
 */
export async function startEgressProxy(socketPath: string): Promise<EgressProxy> {
  const open = new Set<Duplex>()
  const server = createServer((_request, response) => response.writeHead(405).end())
  server.on('connect', (request, client, head) => {
    track(open, client)
    tunnel(request.url ?? '', client, head, open)
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
  client.on('error', () => client.destroy())
  const target = parseTarget(authority)
  if (!target) {
    client.end('HTTP/1.1 403 Forbidden\r\n\r\n')
    return
  }
  const upstream = connect(target.port, target.host)
  track(open, upstream)
  upstream.on('connect', () => {
    client.write('HTTP/1.1 200 OK\r\n\r\n')
    if (head.length > 0) upstream.write(head)
    upstream.pipe(client)
    client.pipe(upstream)
  })
  upstream.on('error', (error) => refuse(client, upstream, error))
  client.on('close', () => upstream.destroy())
  upstream.on('close', () => client.destroy())
}

function refuse(client: Duplex, upstream: Socket, error: Error): void {
  // Before the tunnel stands the API server can still be told why; afterwards only a cut connection says it.
  if (upstream.bytesRead === 0 && upstream.connecting)
    client.end(`HTTP/1.1 502 ${error.message.replace(/[\r\n]/g, ' ')}\r\n\r\n`)
  else client.destroy()
}

/** `10.244.1.9:8080` → 127.244.1.9, 8080; undefined for what lies outside the lab. */
export function parseTarget(authority: string): { host: string; port: number } | undefined {
  const parts = /^([a-z0-9.-]+):(\d{1,5})$/.exec(authority)
  const host = parts?.[1]
  const port = Number(parts?.[2])
  if (host === undefined || !(port >= 1 && port <= 65_535)) return undefined
  if (host === 'localhost') return { host: '127.0.0.1', port }
  return /^(10|127)(\.\d{1,3}){3}$/.test(host) ? { host: loopbackOf(host), port } : undefined
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
