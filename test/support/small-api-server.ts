/** An API server of a test's own: real TLS, a real kubeconfig, and answers that the test gives. For adapters whose questions matter, not a cluster. */
import { once } from 'node:events'
import { writeFileSync } from 'node:fs'
import { createServer, type Server } from 'node:https'
import type { AddressInfo } from 'node:net'
import { join } from 'node:path'
import { text } from 'node:stream/consumers'
import { onTestFinished } from 'vitest'
import { WebSocketServer } from 'ws'
import { connectKubernetes } from '../../src/adapters/kubernetes/connect.ts'
import { createAuthority } from '../../src/lab/control-plane/certificates.ts'
import type { KubernetesApi } from '../../src/protocols/kubernetes/api.ts'
import { tempFolder } from './temp-folder.ts'

/** What is answered to a path without its query; undefined is 404. A `Status` is answered with its own code, as Kubernetes does. */
export type Answers = (request: {
  readonly method: string
  readonly path: string
  readonly query: URLSearchParams
  /** Undefined where the request has none. */
  readonly body: unknown
}) => unknown

/** Runs a command of `kubectl exec` as a cluster does: its output, and the Status at its end; or the HTTP status of a refusal. */
export type Execs = (pod: string, command: readonly string[]) => Promise<Executed>
export type Executed = { readonly output: string; readonly status: object } | { readonly refused: number }

export const smallApiServer = async (answers: Answers, execs?: Execs): Promise<KubernetesApi> =>
  connectKubernetes({ kubeconfig: await serveSmallApi(answers, join(tempFolder(), 'kubeconfig'), execs) })

/** Serves until the test ends; writes the kubeconfig that leads there, and gives its path. */
export async function serveSmallApi(answers: Answers, kubeconfig: string, execs?: Execs): Promise<string> {
  const authority = await createAuthority('small authority')
  const { certificate, key } = await authority.issue({ commonName: 'small', use: 'server', addresses: ['127.0.0.1'] })
  const server = createServer({ cert: certificate, key }, async (request, response) => {
    const { pathname, searchParams } = new URL(request.url ?? '/', 'https://small')
    const sent = await text(request)
    const body: unknown = sent === '' ? undefined : JSON.parse(sent)
    const found = await answers({ method: request.method ?? 'GET', path: pathname, query: searchParams, body })
    const answer = found ?? refusal(404)
    if (answer instanceof Lines)
      return void response.end(answer.all.map((each) => `${JSON.stringify(each)}\n`).join(''))
    if (answer instanceof Plain) return void response.end(answer.text)
    if (answer instanceof Said) {
      response.writeHead(answer.status, { 'content-type': 'application/json' })
      return void response.end(JSON.stringify(answer.json))
    }
    response.writeHead(isRefusal(answer) ? answer.code : 200, { 'content-type': 'application/json' })
    response.end(JSON.stringify(answer))
  })
  if (execs !== undefined) serveExecs(server, execs)
  await once(server.listen(0, '127.0.0.1'), 'listening')
  onTestFinished(() => {
    server.closeAllConnections()
    server.close()
  })
  writeFileSync(kubeconfig, kubeconfigOf((server.address() as AddressInfo).port, authority.certificate))
  return kubeconfig
}

/** Output on channel 1 and the Status on channel 3, as the API server sends them (v5.channel.k8s.io). */
function serveExecs(server: Server, execs: Execs): void {
  const sockets = new WebSocketServer({ noServer: true, handleProtocols: ([first]) => first ?? false })
  server.on('upgrade', async (request, socket, head) => {
    const { pathname, searchParams } = new URL(request.url ?? '/', 'https://small')
    const pod = /\/pods\/([^/]+)\/exec$/.exec(pathname)?.[1] ?? ''
    const done = await execs(pod, searchParams.getAll('command'))
    if ('refused' in done) {
      const body = JSON.stringify({ kind: 'Status', code: done.refused, message: `pods "${pod}" is forbidden` })
      return socket.end(`HTTP/1.1 ${done.refused} Refused\r\nContent-Length: ${body.length}\r\n\r\n${body}`)
    }
    sockets.handleUpgrade(request, socket, head, (accepted) => {
      accepted.send(Buffer.concat([Buffer.from([1]), Buffer.from(done.output)]))
      accepted.send(Buffer.concat([Buffer.from([3]), Buffer.from(JSON.stringify(done.status))]))
    })
  })
}

/** What a watch shows until its connection ends. */
export class Lines {
  readonly all: readonly unknown[]
  constructor(...all: readonly unknown[]) {
    this.all = all
  }
}

/** What a pod answers through the proxy: any text. */
export class Plain {
  readonly text: string
  constructor(text: string) {
    this.text = text
  }
}

/** What a service answers through the proxy, with any status. */
export class Said {
  readonly status: number
  readonly json: unknown
  constructor(status: number, json: unknown = {}) {
    this.status = status
    this.json = json
  }
}

/** Objects by their path, that can be read and patched. */
export function standing(objects: Record<string, unknown>): Answers {
  return ({ method, path, body }) => {
    if (path in objects && method === 'PATCH') objects[path] = patched(objects[path], body)
    return objects[path]
  }
}

/** What the API server makes of a merge patch (RFC 7386). */
export function patched(target: unknown, patch: unknown): unknown {
  if (typeof patch !== 'object' || patch === null || Array.isArray(patch)) return patch
  const result: Record<string, unknown> = { ...(typeof target === 'object' ? target : {}) }
  for (const [key, value] of Object.entries(patch)) {
    if (value === null) delete result[key]
    else result[key] = patched(result[key], value)
  }
  return result
}

type Refusal = { readonly kind: 'Status'; readonly code: number; readonly message?: string }
export const refusal = (code: number, message?: string): Refusal => ({
  kind: 'Status',
  code,
  ...(message === undefined ? {} : { message }),
})
const isRefusal = (answer: unknown): answer is Refusal =>
  typeof answer === 'object' && answer !== null && 'kind' in answer && answer.kind === 'Status'

function kubeconfigOf(port: number, authority: string): string {
  const cluster = {
    server: `https://127.0.0.1:${port}`,
    'certificate-authority-data': Buffer.from(authority).toString('base64'),
  }
  // JSON is YAML.
  const config = {
    apiVersion: 'v1',
    kind: 'Config',
    'current-context': 'small',
    clusters: [{ name: 'small', cluster }],
    users: [{ name: 'small', user: { token: 'small' } }],
    contexts: [{ name: 'small', context: { cluster: 'small', user: 'small' } }],
  }
  return JSON.stringify(config)
}
