// The addresses and ports on which the ingress listens, each with its own routes. Routes change without a new socket, so that no request is
// lost.
import http from 'node:http'
import https from 'node:https'
import type { AddressInfo } from 'node:net'
import type { Duplex } from 'node:stream'
import type { SecureContext } from 'node:tls'
import type { Router } from './gateway-api/rules.ts'

export type EntryPoint = {
  readonly address: string
  readonly port: number
  readonly route: Router
  /** Only of HTTPS: the certificate for a server name. */
  readonly certificate?: (serverName: string) => SecureContext | undefined
}

export type Serve = {
  request(request: http.IncomingMessage, response: http.ServerResponse, route: Router): void
  upgrade(request: http.IncomingMessage, socket: Duplex, head: Buffer, route: Router): void
}

export type EntryPoints = {
  /** Opens what is new, closes what is not wanted any more, and gives the rest its new routes. */
  set(wanted: readonly EntryPoint[]): void
  /** Why an entry point does not listen; undefined while it does, or is being opened. */
  problem(address: string, port: number): NodeJS.ErrnoException | undefined
  /** Refuses new requests. Resolves when those in flight are answered. */
  close(): Promise<void>
  cut(): void
}

type Open = { entry: EntryPoint; server: http.Server; problem?: NodeJS.ErrnoException }

// A load generator may pause longer between two requests than Node's 5 s. nginx's keepalive_timeout is 75 s.
const CLIENT_IDLE_MS = 75_000
export const SERVER = { keepAliveTimeout: CLIENT_IDLE_MS, requestTimeout: 0, noDelay: true }

/** `changed` is called when an entry point was opened or could not be. */
export function createEntryPoints(serve: Serve, changed: () => void): EntryPoints {
  const all = new Map<string, Open>()

  function open(entry: EntryPoint): void {
    const opened: Open = { entry, server: createServer(entry.certificate !== undefined, () => opened.entry) }
    opened.server.on('request', (request, response) => serve.request(request, response, opened.entry.route))
    opened.server.on('upgrade', (request, socket, head) => serve.upgrade(request, socket, head, opened.entry.route))
    opened.server.on('error', (error) => {
      opened.problem = error
      changed()
    })
    opened.server.listen(entry.port, entry.address, changed)
    all.set(keyOf(entry), opened)
  }

  return {
    set(wanted) {
      const keys = new Set(wanted.map(keyOf))
      for (const [key, { server }] of all) {
        if (keys.has(key)) continue
        all.delete(key)
        server.close()
      }
      for (const entry of wanted) {
        const known = all.get(keyOf(entry))
        if (known) known.entry = entry
        else open(entry)
      }
    },
    problem: (address, port) =>
      [...all.values()].find(({ entry }) => entry.address === address && entry.port === port)?.problem,
    async close() {
      await Promise.all([...all.values()].map(({ server }) => closed(server)))
    },
    cut() {
      for (const { server } of all.values()) server.closeAllConnections()
    },
  }
}

const keyOf = ({ address, port, certificate }: EntryPoint): string =>
  `${certificate ? 'https' : 'http'} ${address}:${port}`

function createServer(isTls: boolean, entry: () => EntryPoint): http.Server {
  if (!isTls) return http.createServer(SERVER)
  // A name without a certificate gets none: the handshake fails, as it does in other gateways.
  return https.createServer({
    ...SERVER,
    SNICallback: (name, done) => done(null, entry().certificate?.(name)),
  })
}

export function closed(server: http.Server): Promise<void> {
  const { promise, resolve } = Promise.withResolvers<void>()
  server.close(() => resolve())
  server.closeIdleConnections()
  return promise
}

/** @throws Error with code EADDRINUSE when the port is in use */
export function listenOn(server: http.Server, at: { host: string; port: number } | { fd: number }): Promise<number> {
  const { promise, resolve, reject } = Promise.withResolvers<number>()
  server.once('error', reject)
  server.listen(at, () => resolve((server.address() as AddressInfo).port))
  return promise
}
