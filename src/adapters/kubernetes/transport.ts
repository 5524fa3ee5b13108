/** HTTP and HTTPS to one API server, with its proxy and whoever asks; connections are kept. */
import http, { type IncomingMessage, type OutgoingHttpHeaders } from 'node:http'
import https from 'node:https'
import { type Credential, credentialsOf } from './credentials.ts'
import type { Access } from './kubeconfig.ts'

export type Sent = {
  readonly method: string
  /** From the root of the API server. */
  readonly path: string
  readonly headers: OutgoingHttpHeaders
  readonly body?: string
  readonly signal: AbortSignal
  /** Stays open for as long as its reader wants, on a connection of its own. */
  readonly endless?: boolean
}

export type Transport = {
  /** Resolves when the head of the answer is there. Rejects with what Node says, or with the signal's reason. */
  open(sent: Sent): Promise<Opened>
}

/** `renew` asks once more with a new login, where there is one: for an answer that refused this one. */
export type Opened = { readonly response: IncomingMessage; renew(): Promise<IncomingMessage | undefined> }

export function transportOf(access: Access): Transport {
  const credentials = credentialsOf(access)
  const agents = agentsOf(access)
  const send = (sent: Sent, credential: Credential) =>
    attempt(access, agents(credential, sent.endless), sent, credential)
  return {
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

type Agents = (credential: Credential, endless?: boolean) => http.Agent

/** A login may be a certificate, which is part of the connection. */
function agentsOf(access: Access): Agents {
  const made = new Map<string, http.Agent>()
  return ({ cert, key }, endless = false) => {
    const id = `${endless} ${cert ?? ''}`
    const known = made.get(id)
    if (known) return known
    const agent = agentOf(access, {
      ...access.tls,
      ...(cert === undefined ? {} : { cert, key }),
      keepAlive: true,
      ...(endless ? {} : { maxSockets: SOCKETS_MAX }),
      proxyEnv: proxiesOf(access),
    })
    made.set(id, agent)
    return agent
  }
}

const agentOf = ({ server }: Access, options: https.AgentOptions): http.Agent =>
  isPlain(server) ? new http.Agent(options) : new https.Agent(options)

const isPlain = (server: string): boolean => server.startsWith('http:')

/** The kubeconfig's proxy; else those of the environment, which as in Go are never used for this machine itself. */
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
      // A kept connection that the server closed just now says nothing about the server (Node's `request.reusedSocket`).
      if (call.reusedSocket && method === 'GET' && error.code === 'ECONNRESET')
        return resolve(attempt(access, agent, sent, credential))
      reject(error)
    })
    call.end(body)
  })
}
