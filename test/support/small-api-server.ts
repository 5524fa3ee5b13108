/** An API server of a test's own: real TLS, a real kubeconfig, and answers that the test gives. For adapters whose questions matter, not a cluster. */
import { once } from 'node:events'
import { writeFileSync } from 'node:fs'
import { createServer } from 'node:https'
import type { AddressInfo } from 'node:net'
import { join } from 'node:path'
import { onTestFinished } from 'vitest'
import { connectKubernetes } from '../../src/adapters/kubernetes/connect.ts'
import { createAuthority } from '../../src/lab/control-plane/certificates.ts'
import type { KubernetesApi } from '../../src/protocols/kubernetes/api.ts'
import { tempFolder } from './temp-folder.ts'

/** What is answered to a path without its query; undefined is 404. A `Status` is answered with its own code, as Kubernetes does. */
export type Answers = (request: {
  readonly method: string
  readonly path: string
  readonly query: URLSearchParams
}) => unknown

export async function smallApiServer(answers: Answers): Promise<KubernetesApi> {
  const authority = await createAuthority('small authority')
  const { certificate, key } = await authority.issue({ commonName: 'small', use: 'server', addresses: ['127.0.0.1'] })
  const server = createServer({ cert: certificate, key }, async (request, response) => {
    const { pathname, searchParams } = new URL(request.url ?? '/', 'https://small')
    const found = await answers({ method: request.method ?? 'GET', path: pathname, query: searchParams })
    const answer = found ?? refusal(404)
    response.writeHead(isRefusal(answer) ? answer.code : 200, { 'content-type': 'application/json' })
    response.end(JSON.stringify(answer))
  })
  await once(server.listen(0, '127.0.0.1'), 'listening')
  onTestFinished(() => {
    server.closeAllConnections()
    server.close()
  })
  return connectKubernetes({ kubeconfig: kubeconfigOf((server.address() as AddressInfo).port, authority.certificate) })
}

type Refusal = { readonly kind: 'Status'; readonly code: number }
export const refusal = (code: number): Refusal => ({ kind: 'Status', code })
const isRefusal = (answer: unknown): answer is Refusal =>
  typeof answer === 'object' && answer !== null && 'kind' in answer && answer.kind === 'Status'

function kubeconfigOf(port: number, authority: string): string {
  const file = join(tempFolder(), 'kubeconfig')
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
  writeFileSync(file, JSON.stringify(config))
  return file
}
