/**
 * adapters/kubernetes: the cluster as the controller sees it, through a kubeconfig alone. `connect.ts` opens the one connection that all adapters
 * share; the others read, watch and lock through it.
 */

import type { IncomingMessage } from 'node:http'
import { setTimeout as sleep } from 'node:timers/promises'
import { EnvironmentError } from '../../controller/ports.ts'
import { messageOf } from '../../domain/unknown.ts'
import type { ApiRequest, ApiResponse, KubernetesApi } from '../../protocols/kubernetes/api.ts'
import { type ApiAddress, NoAnswer, StrangeAnswer } from '../../protocols/kubernetes/api-error.ts'
import { strangeness } from '../../protocols/kubernetes/strange-answer.ts'
import { EXEC_PROTOCOLS, execAnswer, execPath } from './exec.ts'
import { type AccessChoice, readAccess } from './kubeconfig.ts'
import { type Opened, type Transport, transportOf } from './transport.ts'
import { watchResource } from './watch.ts'

const REQUEST_TIMEOUT_MS = 10_000

/** Opens a context of a kubeconfig. Nothing is sent yet. @throws EnvironmentError for an unreadable file or an unknown context */
export async function connectKubernetes(choice: AccessChoice): Promise<KubernetesApi> {
  const access = readAccess(choice)
  const transport = transportOf(access)
  const api: KubernetesApi = {
    context: access.context,
    server: access.server,
    request: (request) => ask(api, transport, request),
    exec: async (request) => {
      try {
        return await execAnswer(await transport.socket(execPath(request), EXEC_PROTOCOLS), request.timeoutMs)
      } catch (error) {
        return { output: '', problem: messageOf(error) }
      }
    },
    watch: (watching, signal) => watchResource(transport, api, watching, signal),
  }
  return api
}

/** The one place where a missing or strange answer becomes an environment error. Refusals become one where they are read. */
async function ask(address: ApiAddress, transport: Transport, request: ApiRequest): Promise<ApiResponse> {
  let response: ApiResponse
  try {
    response = await sendPatiently(transport, request)
  } catch (error) {
    if (request.signal?.aborted) throw request.signal.reason
    // A failed login already carries its next step.
    if (error instanceof EnvironmentError) throw error
    throw new NoAnswer(request, address, error)
  }
  const strange = strangeness(request, response)
  if (strange !== undefined) throw new StrangeAnswer(request, address, strange)
  return response
}

/** 429 means "not now": the API server asks to come back (API priority and fairness, a kind whose storage is being made). */
const TRIES_MAX = 5
const BACK_OFF_MS = 400

async function sendPatiently(transport: Transport, request: ApiRequest): Promise<ApiResponse> {
  for (let attempt = 1; ; attempt++) {
    const response = await send(transport, request)
    if (response.status !== 429 || request.once || attempt === TRIES_MAX) return response
    await sleep(BACK_OFF_MS * attempt, undefined, request.signal ? { signal: request.signal } : {})
  }
}

async function send(transport: Transport, request: ApiRequest): Promise<ApiResponse> {
  const { method, path, accept = 'application/json, */*', contentType = 'application/json' } = request
  // Not AbortSignal.timeout: its timer runs on after the answer and then makes an error with a stack, for every request.
  const late = new AbortController()
  const timer = setTimeout(() => late.abort(timedOut()), request.timeoutMs ?? REQUEST_TIMEOUT_MS).unref()
  const signal = request.signal === undefined ? late.signal : AbortSignal.any([late.signal, request.signal])
  try {
    const opened = await transport.open({
      method,
      path,
      signal,
      headers: { accept, ...(request.body === undefined ? {} : { 'content-type': contentType }) },
      ...(request.body === undefined ? {} : { body: JSON.stringify(request.body) }),
    })
    return await readRenewed(opened, bytesMaxOf(request), signal)
  } finally {
    clearTimeout(timer)
  }
}

/** As AbortSignal.timeout says it. */
const timedOut = () => new DOMException('The operation was aborted due to timeout', 'TimeoutError')

/** A 401 of the API server is retried with a new login, if there is one. A 401 of a pod behind its proxy belongs to the pod. */
async function readRenewed({ response, renew }: Opened, bytesMax: number, signal: AbortSignal): Promise<ApiResponse> {
  const first = await read(response, bytesMax, signal)
  if (first.status !== 401 || !isOfKubernetes(first)) return first
  const second = await renew()
  return second === undefined ? first : read(second, bytesMax, signal)
}

const isOfKubernetes = ({ json }: ApiResponse): boolean =>
  typeof json === 'object' && json !== null && 'kind' in json && json.kind === 'Status'

/** Answers of pods and services are not trusted: a page of 20 MB would take hundreds of MB to read and block everything else. */
const PROXIED_BYTES_MAX = 8 << 20

const bytesMaxOf = ({ path, bytesMax }: ApiRequest): number =>
  bytesMax ?? (path.includes('/proxy') ? PROXIED_BYTES_MAX : Number.POSITIVE_INFINITY)

async function read(response: IncomingMessage, bytesMax: number, signal: AbortSignal): Promise<ApiResponse> {
  const chunks: Buffer[] = []
  let bytes = 0
  try {
    for await (const chunk of response as AsyncIterable<Buffer>) {
      bytes += chunk.length
      // Leaving the loop destroys the answer.
      if (bytes > bytesMax) throw new Error(`the answer is larger than ${bytesMax >> 20} MiB`)
      chunks.push(chunk)
    }
  } catch (error) {
    throw signal.aborted ? signal.reason : error
  }
  return answer(response, Buffer.concat(chunks).toString('utf8'))
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
