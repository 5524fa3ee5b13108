/** HTTP and HTTPS to one API server, with its proxy and credentials, over kept connections. */
import http, { type IncomingMessage, type OutgoingHttpHeaders } from 'node:http'
import https from 'node:https'
import { WebSocket } from 'ws'
import { type Credential, createCredentialSource } from './credentials.ts'
import type { Access } from './kubeconfig.ts'

export type Sent = {
  readonly method: string
  /** From the root of the API server. */
  readonly path: string
  readonly headers: OutgoingHttpHeaders
  readonly body?: string
  readonly signal: AbortSignal
  /** Stays open as long as its reader needs it, on a connection of its own. */
  readonly endless?: boolean
}

export type Transport = {
  /** Resolves with the head of the answer. Rejects with Node's error or the signal's reason. */
  open(sent: Sent): Promise<Opened>
  /** A WebSocket that is still connecting. Its errors come as events. */
  socket(path: string, protocols: readonly string[]): Promise<WebSocket>
}

/** `renew` retries once with a new login, if there is one, after an answer that refused this login. */
export type Opened = { readonly response: IncomingMessage; renew(): Promise<IncomingMessage | undefined> }

export function transportOf(access: Access): Transport {
  const credentials = createCredentialSource(access)
  const agents = agentsOf(access)
  const send = (sent: Sent, credential: Credential) =>
    attempt(access, agents(credential, useOf(sent)), sent, credential)
  return {
    socket: async (path, protocols) => {
      const credential = await credentials.current()
      const server = access.server.replace(/^http/, 'ws').replace(/\/$/, '')
      const headers = { ...access.headers, ...credential.headers }
      return new WebSocket(server + path, [...protocols], { agent: agents(credential, 'endless'), headers })
    },
    open: async (sent) => {
      const credential = await credentials.current()
      return {
        response: await send(sent, credential),
        renew: async () => {
          const other = await credentials.renewed(credential)
          return other === undefined ? undefined : send(sent, other)
        },
      }
    },
  }
}

const SOCKETS_MAX = 16

/**
 * Requests that the API server passes on to a pod wait as long as the pod does. They have connections of their own: otherwise scrapes of a zone without power
 * would hold up the renewal of the lock, and healing.
 */
type Use = 'endless' | 'passed-on' | 'own'

const useOf = ({ endless, path }: Sent): Use => (endless ? 'endless' : isPassedOn.test(path) ? 'passed-on' : 'own')
const isPassedOn = /\/(pods|services)\/[^/]+\/proxy(\/|$)/

type Agents = (credential: Credential, use: Use) => http.Agent

/** A login may be a certificate, which is part of the connection. */
function agentsOf(access: Access): Agents {
  const made = new Map<string, http.Agent>()
  return ({ cert, key }, use) => {
    const id = `${use} ${cert ?? ''}`
    const known = made.get(id)
    if (known) return known
    const agent = agentOf(access, {
      ...access.tls,
      ...(cert === undefined ? {} : { cert, key }),
      keepAlive: true,
      ...(use === 'endless' ? {} : { maxSockets: SOCKETS_MAX }),
      proxyEnv: proxiesOf(access),
    })
    made.set(id, agent)
    return agent
  }
}

const agentOf = ({ server }: Access, options: https.AgentOptions): http.Agent =>
  isPlain(server) ? new http.Agent(options) : new https.Agent(options)

const isPlain = (server: string): boolean => server.startsWith('http:')

/** The kubeconfig's proxy, otherwise that of the environment. As in Go, the latter is never used for loopback. */
function proxiesOf({ server, proxyUrl }: Access): NodeJS.ProcessEnv {
  if (proxyUrl !== undefined) return { HTTP_PROXY: proxyUrl, HTTPS_PROXY: proxyUrl }
  return isLoopback(new URL(server).hostname) ? {} : process.env
}

const isLoopback = (host: string): boolean =>
  host === 'localhost' || host === '[::1]' || /^127\.\d+\.\d+\.\d+$/.test(host)

async function attempt(
  access: Access,
  agent: http.Agent,
  sent: Sent,
  credential: Credential,
): Promise<IncomingMessage> {
  const server = new URL(access.server)
  const { method, path, body, signal } = sent
  const length = body === undefined ? {} : { 'content-length': Buffer.byteLength(body) }
  const options: http.RequestOptions = {
    agent,
    host: server.hostname.replace(/^\[|\]$/g, ''),
    port: server.port || (isPlain(access.server) ? 80 : 443),
    method,
    path: server.pathname.replace(/\/$/, '') + path,
    headers: { ...access.headers, ...credential.headers, ...sent.headers, ...length },
    signal,
  }
  return new Promise((resolve, reject) => {
    const call = (isPlain(access.server) ? http : https).request(options, resolve)
    call.on('error', (error: NodeJS.ErrnoException) => {
      if (signal.aborted) return reject(signal.reason)
      // If the server has just closed a kept connection, that does not mean that the server is down (Node's `request.reusedSocket`).
      if (call.reusedSocket && method === 'GET' && error.code === 'ECONNRESET')
        return resolve(attempt(access, agent, sent, credential))
      reject(error)
    })
    call.end(body)
  })
}
