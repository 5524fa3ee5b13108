/** An HTTP server on loopback: `/ok`, `/slow` (answers after `slowMs`), `/bad` (503), anything else 404. Counts what it was asked. */
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'

export type PlainServer = {
  readonly url: string
  readonly port: number
  /** Requests by path, without the query. */
  readonly asked: ReadonlyMap<string, number>
  /** Every path with its query, in order. */
  readonly paths: readonly string[]
  close(): Promise<void>
}

const STATUS: Readonly<Record<string, number>> = { '/ok': 200, '/slow': 200, '/bad': 503 }

export async function plainServer(slowMs = 150): Promise<PlainServer> {
  const asked = new Map<string, number>()
  const paths: string[] = []
  const server = createServer((request, response) => {
    const { pathname } = new URL(request.url ?? '/', 'http://plain')
    asked.set(pathname, (asked.get(pathname) ?? 0) + 1)
    paths.push(request.url ?? '')
    const answer = () => response.writeHead(STATUS[pathname] ?? 404).end('{}')
    if (pathname === '/slow') setTimeout(answer, slowMs)
    else answer()
  })
  await new Promise<void>((listening) => server.listen(0, '127.0.0.1', listening))
  const { port } = server.address() as AddressInfo
  return {
    url: `http://127.0.0.1:${port}`,
    port,
    asked,
    paths,
    close: () => {
      server.closeAllConnections()
      return new Promise((closed) => server.close(() => closed()))
    },
  }
}
