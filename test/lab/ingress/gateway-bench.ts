// The ingress's server in this process, with real backends on loopback. Pods and their network are in ingress.test.ts; here it is routes.
import http from 'node:http'
import type { AddressInfo } from 'node:net'
import type { HttpRoute } from '../../../src/lab/ingress/gateway-api/objects.ts'
import type { GatewayObjects } from '../../../src/lab/ingress/gateway-api/plan.ts'
import type { StatusWrite } from '../../../src/lab/ingress/gateway-api/status.ts'
import { type IngressObjects, startIngressServer } from '../../../src/lab/ingress/server.ts'
import type { EndpointSlice, KubeService } from '../../../src/lab/pod-network/objects.ts'
import { objects } from './gateway-objects.ts'

export type Answer = { status: number; body: string; headers: http.IncomingHttpHeaders }
/** What a backend saw of the request, and who it is. */
export type Seen = { backend: string; method: string; url: string; headers: http.IncomingHttpHeaders; body: string }

export type AskOptions = http.RequestOptions & { body?: string | Buffer }

export type GatewayBench = {
  readonly address: string
  readonly frontPort: number
  /** What each backend was asked, the oldest first. */
  readonly seen: Seen[]
  set(gatewayApi: GatewayObjects, over?: Partial<IngressObjects>): Promise<StatusWrite[]>
  serve(...routes: HttpRoute[]): Promise<StatusWrite[]>
  ask(path: string, options?: AskOptions): Promise<Answer>
  /** The backend that answers, and what it saw. */
  seenBy(path: string, options?: AskOptions): Promise<Seen>
  metric(series: string): Promise<number>
  close(): Promise<void>
}

const NAMES = ['stable', 'canary', 'shadow']

/** @param range third octet of the addresses of Gateways, so that test files do not meet */
export async function startGatewayBench(range: number, port: number): Promise<GatewayBench> {
  const seen: Seen[] = []
  const backends = await Promise.all(NAMES.map((name) => startBackend(name, seen)))
  const gateways = (n: number) => `127.98.${range}.${n}`
  let opened = () => {}
  const server = await startIngressServer(
    { host: '127.0.0.1', port: 0, metricsPort: 0, gateways },
    () => {},
    () => opened(),
  )
  const services = [...NAMES, 'empty'].map(
    (name): KubeService => ({ metadata: { name, namespace: 'casino' }, spec: { ports: [{ name: 'http', port: 80 }] } }),
  )
  const slices = NAMES.map(
    (name, at): EndpointSlice => ({
      metadata: { name, namespace: 'casino', labels: { 'kubernetes.io/service-name': name } },
      addressType: 'IPv4',
      endpoints: [{ addresses: ['127.0.0.1'], conditions: { ready: true } }],
      ports: [{ name: 'http', port: backends[at]?.port ?? 0 }],
    }),
  )
  const known = new Set<string>()

  /** A port is open a moment after its Gateway is set. */
  async function set(gatewayApi: GatewayObjects, over: Partial<IngressObjects> = {}): Promise<StatusWrite[]> {
    const { promise, resolve } = Promise.withResolvers<void>()
    opened = resolve
    server.setObjects({ ingresses: [], services, slices, gatewayApi, ...over })
    const shape = JSON.stringify(gatewayApi.gateways.map(({ metadata, spec }) => [metadata.name, spec]))
    if (!known.has(shape)) await Promise.race([promise, new Promise((done) => setTimeout(done, 200))])
    known.add(shape)
    return server.statuses('2026-11-29T00:00:00Z')
  }
  const ask = (path: string, { body, ...options }: AskOptions = {}): Promise<Answer> => {
    const { promise, resolve, reject } = Promise.withResolvers<Answer>()
    const asked = { host: gateways(1), port, path, ...options }
    const request = http.request(asked, (response) => {
      let text = ''
      response.setEncoding('utf8').on('data', (chunk) => (text += chunk))
      response.on('error', reject)
      response.on('end', () => resolve({ status: response.statusCode ?? 0, body: text, headers: response.headers }))
    })
    request.on('error', reject).end(body)
    return promise
  }
  return {
    address: gateways(1) ?? '',
    frontPort: server.port,
    seen,
    set,
    serve: (...routes) => set(objects({ routes })),
    ask,
    seenBy: async (path, options) => {
      const answer = await ask(path, options)
      if (answer.status !== 200) throw new Error(`${answer.status}: ${answer.body}`)
      return JSON.parse(answer.body)
    },
    metric: async (series) => {
      const text = await (await fetch(`http://127.0.0.1:${server.metricsPort}/metrics`)).text()
      const line = text.split('\n').find((each) => each.startsWith(`${series} `))
      return Number(line?.slice(series.length + 1) ?? 0)
    },
    async close() {
      await server.drain(0)
      for (const each of backends) each.close()
    },
  }
}

/** Answers with what it saw. `?wait=300` answers after 300 ms, `?status=503` with that status. Upgrades echo. */
async function startBackend(backend: string, seen: Seen[]): Promise<{ port: number; close(): void }> {
  const server = http.createServer((request, response) => {
    const { method = '', url = '', headers } = request
    let body = ''
    request.setEncoding('utf8').on('data', (chunk) => (body += chunk))
    request.on('end', () => {
      const asked = new URL(url, 'http://backend').searchParams
      seen.push({ backend, method, url, headers, body })
      const answer = () => {
        response.writeHead(Number(asked.get('status') ?? 200), { 'x-served-by': backend, 'x-secret': 'inside' })
        response.end(JSON.stringify({ backend, method, url, headers, body }))
      }
      setTimeout(answer, Number(asked.get('wait') ?? 0))
    })
  })
  server.on('upgrade', (request, socket) => {
    seen.push({ backend, method: 'UPGRADE', url: request.url ?? '', headers: request.headers, body: '' })
    socket.write('HTTP/1.1 101 Switching Protocols\r\nconnection: Upgrade\r\nupgrade: echo\r\n\r\n')
    socket.on('error', () => {})
    socket.pipe(socket)
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  return {
    port: (server.address() as AddressInfo).port,
    close: () => {
      server.close()
      server.closeAllConnections()
    },
  }
}
