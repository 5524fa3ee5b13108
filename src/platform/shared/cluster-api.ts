/**
 * The cluster's API as a pod reaches it: by the address, the certificate and the token that Kubernetes gives to each pod of a
 * ServiceAccount. Only what the database's operator and keepers need: JSON in, JSON out.
 */
import { readFileSync } from 'node:fs'
import { Agent, request } from 'node:https'

export type ApiAnswer = { readonly status: number; readonly body: unknown }
export type ApiCall = {
  readonly method?: 'GET' | 'POST' | 'PUT' | 'PATCH'
  readonly path: string
  readonly body?: unknown
  /** `application/merge-patch+json` for a PATCH. */
  readonly contentType?: string
}
export type ClusterApi = {
  readonly namespace: string
  call(call: ApiCall): Promise<ApiAnswer>
}

const FOLDER = '/var/run/secrets/kubernetes.io/serviceaccount'
// Longer than any answer takes; a leader's lease (5 s) has room for two that fail.
const TIMEOUT_MS = 1_500
// The kubelet replaces a token long before it expires (an hour at least); read anew each minute.
const TOKEN_FOR_MS = 60_000

/** @throws Error outside a cluster, or in a pod without a token */
export function createClusterApi(): ClusterApi {
  const host = process.env.KUBERNETES_SERVICE_HOST ?? 'kubernetes.default.svc'
  const port = Number(process.env.KUBERNETES_SERVICE_PORT ?? '443')
  const agent = new Agent({ keepAlive: true, maxSockets: 4, ca: readFileSync(`${FOLDER}/ca.crt`) })
  const token = freshToken()
  return {
    namespace: readFileSync(`${FOLDER}/namespace`, 'utf8').trim(),
    call: ({ method = 'GET', path, body, contentType = 'application/json' }) =>
      new Promise((resolve, reject) => {
        const headers = {
          authorization: `Bearer ${token()}`,
          accept: 'application/json',
          ...(body === undefined ? {} : { 'content-type': contentType }),
        }
        const asked = request({ host, port, method, path, agent, headers }, (answer) => {
          const parts: Buffer[] = []
          answer.on('data', (part: Buffer) => parts.push(part))
          answer.on('end', () => {
            try {
              resolve({ status: answer.statusCode ?? 0, body: JSON.parse(Buffer.concat(parts).toString('utf8')) })
            } catch (cause) {
              reject(new Error(`the API server's answer to ${path} is no JSON`, { cause }))
            }
          })
          answer.on('error', reject)
        })
        // The whole call, not its silences: a lease counts from the moment of asking.
        const timer = setTimeout(() => asked.destroy(new Error(`no answer to ${path} in ${TIMEOUT_MS} ms`)), TIMEOUT_MS)
        asked.on('close', () => clearTimeout(timer))
        asked.on('error', reject)
        asked.end(body === undefined ? undefined : JSON.stringify(body))
      }),
  }
}

function freshToken(): () => string {
  let token = ''
  let readAtMs = Number.NEGATIVE_INFINITY
  return () => {
    if (performance.now() - readAtMs > TOKEN_FOR_MS) {
      token = readFileSync(`${FOLDER}/token`, 'utf8').trim()
      readAtMs = performance.now()
    }
    return token
  }
}
