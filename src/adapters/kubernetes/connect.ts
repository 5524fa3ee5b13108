/**
 * adapters/kubernetes: the cluster as the controller sees it, over nothing but a kubeconfig. `connect.ts` opens the one
 * connection that all adapters share; the others read, watch and lock through it.
 */

import { readFileSync } from 'node:fs'
import type { IncomingMessage } from 'node:http'
import https from 'node:https'
import { setTimeout as sleep } from 'node:timers/promises'
import type { KubeConfig } from '@kubernetes/client-node'
import { EnvironmentError } from '../../controller/ports.ts'
import type { ApiRequest, ApiResponse, KubernetesApi } from '../../protocols/kubernetes/api.ts'
import { type ApiAddress, NoAnswer, StrangeAnswer } from '../../protocols/kubernetes/api-error.ts'
import { strangeness } from '../../protocols/kubernetes/strange-answer.ts'
import { watchResource } from './watch.ts'

const REQUEST_TIMEOUT_MS = 10_000

/** Opens a context of a kubeconfig. Nothing is sent yet. Errors: EnvironmentError for an unreadable file or an unknown context. */
export async function connectKubernetes(choice: {
  readonly kubeconfig?: string
  readonly context?: string
}): Promise<KubernetesApi> {
  const config = await loadConfig(choice.kubeconfig)
  selectContext(config, choice.context)
  const cluster = config.getCurrentCluster()
  if (!cluster)
    throw new EnvironmentError(
      `context ${config.getCurrentContext()} names no cluster`,
      'Mend the kubeconfig: kubectl config view',
    )
  const options: https.RequestOptions = {}
  await config.applyToHTTPSOptions(options)
  const agent = new https.Agent({ ...agentOptionsOf(options), keepAlive: true, maxSockets: 16 })
  const api: KubernetesApi = {
    context: config.getCurrentContext(),
    server: cluster.server,
    request: (request) => ask(api, { ...options, agent }, request),
    watch: (watching, signal) => watchResource(config, api, watching, signal),
  }
  return api
}

async function loadConfig(file: string | undefined): Promise<KubeConfig> {
  // Loading the library takes longer than everything else that most commands do; a command without a cluster need not pay for it.
  const { KubeConfig } = await import('@kubernetes/client-node')
  const config = new KubeConfig()
  try {
    if (file === undefined) config.loadFromDefault()
    else config.loadFromString(readFileSync(file, 'utf8'))
  } catch (error) {
    throw new EnvironmentError(
      `cannot read the kubeconfig ${file ?? '(default)'}: ${messageOf(error)}`,
      'Give a readable file with --kubeconfig.',
      error,
    )
  }
  return config
}

function selectContext(config: KubeConfig, context: string | undefined): void {
  if (context === undefined) return
  const known = config.getContexts().map((each) => each.name)
  if (!known.includes(context)) {
    throw new EnvironmentError(
      `the kubeconfig has no context ${context}; it has ${known.join(', ') || 'none'}`,
      'Choose one of them with --context.',
    )
  }
  config.setCurrentContext(context)
}

/** The TLS part of what client-node prepared; its own agent is replaced by one that keeps connections. */
const agentOptionsOf = ({
  ca,
  cert,
  key,
  rejectUnauthorized,
  servername,
}: https.RequestOptions): https.AgentOptions => ({
  ...(ca === undefined ? {} : { ca }),
  ...(cert === undefined ? {} : { cert }),
  ...(key === undefined ? {} : { key }),
  ...(rejectUnauthorized === undefined ? {} : { rejectUnauthorized }),
  ...(servername === undefined ? {} : { servername }),
})

/** The one place where a missing or a strange answer becomes an environment error; refusals become one where they are read. */
async function ask(address: ApiAddress, options: https.RequestOptions, request: ApiRequest): Promise<ApiResponse> {
  let response: ApiResponse
  try {
    response = await sendPatiently(new URL(address.server), options, request)
  } catch (error) {
    if (request.signal?.aborted) throw request.signal.reason
    throw new NoAnswer(request, address, error)
  }
  const strange = strangeness(request, response)
  if (strange !== undefined) throw new StrangeAnswer(request, address, strange)
  return response
}

/** 429 means "not now": the API server asks to come back (API priority and fairness, a kind whose storage is being made). */
const TRIES_MAX = 5
const BACK_OFF_MS = 400

async function sendPatiently(server: URL, options: https.RequestOptions, request: ApiRequest): Promise<ApiResponse> {
  for (let attempt = 1; ; attempt++) {
    const response = await send(server, options, request)
    if (response.status !== 429 || request.once || attempt === TRIES_MAX) return response
    await sleep(BACK_OFF_MS * attempt, undefined, request.signal ? { signal: request.signal } : {})
  }
}

function send(server: URL, options: https.RequestOptions, request: ApiRequest): Promise<ApiResponse> {
  const body = request.body === undefined ? undefined : JSON.stringify(request.body)
  const headers = {
    ...options.headers,
    accept: request.accept ?? 'application/json, */*',
    ...(body === undefined
      ? {}
      : { 'content-type': request.contentType ?? 'application/json', 'content-length': Buffer.byteLength(body) }),
  }
  const signal = AbortSignal.any([
    AbortSignal.timeout(request.timeoutMs ?? REQUEST_TIMEOUT_MS),
    ...(request.signal ? [request.signal] : []),
  ])
  return new Promise((resolve, reject) => {
    const prefix = server.pathname.replace(/\/$/, '')
    const call = https.request(
      {
        ...options,
        host: server.hostname,
        port: server.port || 443,
        method: request.method,
        path: prefix + request.path,
        headers,
        signal,
      },
      (response) => {
        const chunks: Buffer[] = []
        response.on('data', (chunk: Buffer) => chunks.push(chunk))
        response.on('error', reject)
        response.on('end', () => resolve(answer(response, Buffer.concat(chunks).toString('utf8'))))
      },
    )
    call.on('error', (error) => reject(signal.aborted && signal.reason instanceof Error ? signal.reason : error))
    call.end(body)
  })
}

function answer({ statusCode, headers }: IncomingMessage, text: string): ApiResponse {
  const { 'content-type': contentType, location } = headers
  return {
    status: statusCode ?? 0,
    text,
    json: parsed(text),
    ...(contentType === undefined ? {} : { contentType }),
    ...(location === undefined ? {} : { location }),
  }
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}

const messageOf = (error: unknown): string => (error instanceof Error ? error.message : String(error))
