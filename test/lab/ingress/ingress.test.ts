import { type ChildProcess, fork } from 'node:child_process'
import { once } from 'node:events'
import http from 'node:http'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { WebSocket } from 'ws'
import type { Ingress } from '../../../src/lab/ingress/objects.ts'
import type { IngressObjects } from '../../../src/lab/ingress/server.ts'
import type { EndpointSlice, KubeService, NetworkPolicy } from '../../../src/lab/pod-network/objects.ts'
import { type SmallCluster, startSmallCluster, type TestPod, within } from '../pod-network/small-cluster.ts'

const APP = fileURLToPath(new URL('./ingress-app.ts', import.meta.url))
const PREFIX = 'nginx.ingress.kubernetes.io/'

type Answer = { status: number; body: string; headers: http.IncomingHttpHeaders }

describe('the ingress', () => {
  let cluster: SmallCluster
  let a: TestPod
  let b: TestPod
  let ingress: ChildProcess
  let port: number
  let metricsPort: number

  beforeAll(async () => {
    cluster = await startSmallCluster(224)
    a = await cluster.pod('a', { labels: { app: 'web' } })
    b = await cluster.pod('b', { labels: { app: 'web' } })
    for (const pod of [a, b]) {
      await pod.run('serve', { kind: 'http', port: 8080, name: pod.name })
      await pod.run('serve', { kind: 'ws', port: 8081 })
      await pod.run('serve', { kind: 'api', port: 8082, name: pod.name })
    }
    ingress = fork(APP, {
      execArgv: ['--require', join(cluster.root, 'net', 'preload.cjs')],
      env: { ...process.env, MATCHDAY_POD_NETWORK: join(cluster.root, 'net', 'pods', 'ingress.json') },
    })
    const [ports] = await once(ingress, 'message')
    ;({ port, metricsPort } = ports)
    await route()
  }, 20_000)

  afterAll(async () => {
    ingress?.kill('SIGKILL')
    await cluster?.stop()
  })

  const service = (name: string, targetPort: number): KubeService => ({
    metadata: { name, namespace: 'casino' },
    spec: { clusterIP: '10.96.9.9', ports: [{ name: 'http', port: 80, targetPort }] },
  })
  const slice = (name: string, targetPort: number, pods: readonly TestPod[]): EndpointSlice => ({
    metadata: { name, namespace: 'casino', labels: { 'kubernetes.io/service-name': name } },
    addressType: 'IPv4',
    endpoints: pods.map((pod) => ({ addresses: [pod.ip], conditions: { ready: true } })),
    ports: [{ name: 'http', port: targetPort }],
  })
  const rule = (name: string, path: string, backend: string, annotations: Record<string, string> = {}): Ingress => ({
    metadata: { name, namespace: 'casino', annotations },
    spec: {
      ingressClassName: 'lab',
      rules: [
        {
          http: {
            paths: [{ path, pathType: 'Prefix', backend: { service: { name: backend, port: { name: 'http' } } } }],
          },
        },
      ],
    },
  })

  /** What every test begins with: two pods behind each Service; a test says what is different. */
  async function route(over: { web?: TestPod[]; webPort?: number; ingresses?: Ingress[] } = {}): Promise<void> {
    const objects: IngressObjects = {
      ingresses: over.ingresses ?? [rule('web', '/', 'web'), rule('ws', '/ws', 'ws'), rule('api', '/api', 'api')],
      services: [service('web', 8080), service('ws', 8081), service('api', 8082), service('none', 8080)],
      slices: [
        slice('web', over.webPort ?? 8080, over.web ?? [a, b]),
        slice('ws', 8081, [a, b]),
        slice('api', 8082, [a, b]),
      ],
    }
    ingress.send(objects)
    await once(ingress, 'message')
  }

  function ask(path: string, options: http.RequestOptions = {}, body?: string | Buffer): Promise<Answer> {
    return new Promise((resolve, reject) => {
      const request = http.request({ host: '127.0.0.1', port, path, ...options }, (response) => {
        let text = ''
        response.setEncoding('utf8').on('data', (chunk) => (text += chunk))
        response.on('end', () => resolve({ status: response.statusCode ?? 0, body: text, headers: response.headers }))
      })
      request.on('error', reject).end(body)
    })
  }

  it('spreads requests over the ready endpoints, from its own address', async () => {
    const answers = await Promise.all(Array.from({ length: 8 }, () => ask('/x')))
    const bodies = answers.map((answer) => JSON.parse(answer.body))
    expect(new Set(bodies.map((body) => body.pod))).toEqual(new Set(['a', 'b']))
    expect(new Set(bodies.map((body) => body.from))).toEqual(new Set(['10.244.0.2']))
  })

  it('forwards method, path, query, body and headers, and adds who asked', async () => {
    const body = Buffer.alloc(300_000, 'x')
    const headers = {
      'content-type': 'text/x',
      'idempotency-key': 'k.1',
      'x-forwarded-for': '203.0.113.7',
      connection: 'x-hop',
      'x-hop': '1',
    }
    const { status, body: text } = await ask('/api/echo?q=1', { method: 'POST', headers }, body)
    expect(status).toBe(201)
    expect(JSON.parse(text)).toMatchObject({
      method: 'POST',
      url: '/api/echo?q=1',
      bytes: 300_000,
      headers: { 'idempotency-key': 'k.1', 'x-forwarded-for': '203.0.113.7, 127.0.0.1', host: `127.0.0.1:${port}` },
    })
    expect(JSON.parse(text).headers['x-hop']).toBeUndefined()
  })

  it('streams an answer as it arrives', async () => {
    const response = await new Promise<http.IncomingMessage>((resolve) =>
      http.get({ port, path: '/api/slow' }, resolve),
    )
    const [first] = await once(response, 'data')
    const firstMs = performance.now()
    expect(String(first)).toBe('first')
    await once(response.resume(), 'end')
    expect(performance.now() - firstMs).toBeGreaterThan(150) // of a second
  })

  it('answers 404 without a route and 503 without a ready endpoint or a Service', async () => {
    await route({
      ingresses: [rule('web', '/web', 'web'), rule('none', '/none', 'none'), rule('gone', '/gone', 'gone')],
    })
    expect((await ask('/other')).status).toBe(404)
    expect((await ask('/none')).status).toBe(503)
    expect((await ask('/gone')).status).toBe(503)
    await route()
  })

  it('tries another endpoint when a connection is refused, also for a POST, whose body is sent once', async () => {
    await a.run('unserve', { port: 8082 })
    const answers = await Promise.all(
      Array.from({ length: 6 }, (_, at) => ask('/api/echo', { method: 'POST' }, Buffer.alloc(100_000 + at, 'y'))),
    )
    expect(answers.map((answer) => answer.status)).toEqual(Array(6).fill(201))
    expect(answers.map((answer) => JSON.parse(answer.body).bytes)).toEqual([0, 1, 2, 3, 4, 5].map((at) => 100_000 + at))
    await a.run('serve', { kind: 'api', port: 8082, name: 'a' })
  })

  it('answers 502 when no endpoint accepts the connection', async () => {
    await route({ webPort: 9 })
    expect((await ask('/x')).status).toBe(502)
    await route()
  })

  it('never repeats a POST that a pod may have received, and answers 502 when the pod dies', async () => {
    const before = await counts()
    const { status } = await ask('/api/die', { method: 'POST' }, 'once')
    expect(status).toBe(502)
    expect((await counts()) - before).toBe(1)
  })

  async function counts(): Promise<number> {
    const each = await Promise.all([a, b].map((pod) => pod.run('get', { url: 'http://localhost:8082/api/deaths' })))
    return each.reduce((sum, { deaths }) => sum + deaths, 0)
  }

  it('answers 504 when a pod is silent for longer than the route allows', async () => {
    await route({ ingresses: [rule('api', '/api', 'api', { [`${PREFIX}proxy-read-timeout`]: '1' })] })
    const startedMs = performance.now()
    expect((await ask('/api/silent')).status).toBe(504)
    expect(performance.now() - startedMs).toBeLessThan(4_900)
    await route()
  })

  it('keeps a client on its endpoint by cookie, for requests and for WebSockets', async () => {
    const sticky = { [`${PREFIX}affinity`]: 'cookie', [`${PREFIX}session-cookie-name`]: 'seat' }
    await route({ ingresses: [rule('web', '/', 'web', sticky), rule('ws', '/ws', 'ws', sticky)] })
    const first = await ask('/')
    const cookie = String(first.headers['set-cookie']?.[0]).split(';')[0] ?? ''
    expect(cookie).toMatch(/^seat=[0-9a-f]{32}$/)
    const again = await Promise.all(
      Array.from({ length: 6 }, () => ask('/', { headers: { cookie: `x=1; ${cookie}` } })),
    )
    expect(new Set(again.map((answer) => JSON.parse(answer.body).pod))).toEqual(new Set([JSON.parse(first.body).pod]))
    const socket = new WebSocket(`ws://127.0.0.1:${port}/ws`)
    const [handshake] = await once(socket, 'upgrade')
    expect(handshake.headers['set-cookie'][0]).toMatch(/^seat=/)
    socket.terminate()
    await route()
  })

  it('moves a client whose endpoint is gone, with a new cookie', async () => {
    const sticky = { [`${PREFIX}affinity`]: 'cookie' }
    await route({ ingresses: [rule('web', '/', 'web', sticky)], web: [a] })
    const cookie = String((await ask('/')).headers['set-cookie']?.[0]).split(';')[0] ?? ''
    await route({ ingresses: [rule('web', '/', 'web', sticky)], web: [b] })
    const moved = await ask('/', { headers: { cookie } })
    expect(JSON.parse(moved.body).pod).toBe('b')
    expect(moved.headers['set-cookie']).toBeDefined()
    await route()
  })

  it('keeps a client address on its endpoint if the annotation says so', async () => {
    await route({ ingresses: [rule('web', '/', 'web', { [`${PREFIX}upstream-hash-by`]: '$remote_addr' })] })
    const answers = await Promise.all(Array.from({ length: 8 }, () => ask('/')))
    expect(new Set(answers.map((answer) => JSON.parse(answer.body).pod)).size).toBe(1)
    await route()
  })

  it('pipes WebSockets both ways and closes both ends together', async () => {
    const socket = new WebSocket(`ws://127.0.0.1:${port}/ws`)
    await once(socket, 'open')
    const big = 'z'.repeat(200_000)
    socket.send(big)
    const [said] = await once(socket, 'message')
    expect(String(said)).toBe(big)
    expect(await metric('ingress_upgraded_connections')).toBe(1)
    socket.close()
    await once(socket, 'close')
    await expect.poll(() => metric('ingress_upgraded_connections')).toBe(0)
  })

  it('refuses a WebSocket that no pod accepts', async () => {
    await route({ ingresses: [rule('none', '/ws', 'none')] })
    const socket = new WebSocket(`ws://127.0.0.1:${port}/ws`)
    const [, response] = await once(socket, 'unexpected-response')
    expect(response.statusCode).toBe(503)
    await route()
  })

  it('is matched by NetworkPolicies by its namespace and label', async () => {
    const policy = (from: NonNullable<NetworkPolicy['spec']>['ingress']): NetworkPolicy => ({
      metadata: { name: 'web', namespace: 'casino' },
      spec: { podSelector: { matchLabels: { app: 'web' } }, policyTypes: ['Ingress'], ingress: from ?? [] },
    })
    await route({ webPort: 8082, ingresses: [rule('web', '/', 'web', { [`${PREFIX}proxy-connect-timeout`]: '1' })] })
    await cluster.policies([policy([])])
    expect((await ask('/api/deaths', { agent: false })).status).toBe(504)
    await cluster.policies([
      policy([
        {
          from: [
            {
              namespaceSelector: { matchLabels: { 'kubernetes.io/metadata.name': 'ingress' } },
              podSelector: { matchLabels: { 'app.kubernetes.io/name': 'ingress' } },
            },
          ],
        },
      ]),
    ])
    expect((await ask('/api/deaths')).status).toBe(200)
    await cluster.policies([])
    await route()
  }, 15_000)

  it('applies faults that name its address', async () => {
    await route({ web: [a] })
    expect((await ask('/')).status).toBe(200)
    const answers = await cluster.fault('casino/cut', {
      podUid: a.uid,
      direction: 'both',
      peers: ['10.244.0.2/32'],
      effect: { kind: 'partition' },
    })
    expect(answers).toEqual({ [a.uid]: 'acknowledged', ingress: 'acknowledged' })
    const stalled = ask('/')
    expect(await within(300, stalled)).toBe('silent')
    await cluster.fault('casino/cut')
    expect(await within(5_000, stalled)).toMatchObject({ status: 200 })
    await route()
  })

  describe('with a partition between it and a pod', () => {
    const cut = (source: string, pod: TestPod) =>
      cluster.fault(source, {
        podUid: pod.uid,
        direction: 'both',
        peers: ['10.244.0.2/32'],
        effect: { kind: 'partition' },
      })
    const echo = (headers: Record<string, string> = {}) =>
      ask('/api/echo', { method: 'POST', agent: false, headers: { 'content-length': '4', ...headers } }, 'body')
    // Also an endpoint that earlier tests had ejected.
    const bothAnswer = () =>
      expect
        .poll(async () => new Set((await Promise.all([1, 2, 3, 4].map(() => echo()))).map(podOf)).size, {
          timeout: 8_000,
        })
        .toBe(2)
    const podOf = ({ body }: Answer) => JSON.parse(body).pod
    const everything = { [`${PREFIX}proxy-next-upstream`]: 'error timeout non_idempotent' }

    it('sends requests that may be repeated to another pod within a second, and none to the silent pod afterwards', async () => {
      await route({ ingresses: [rule('api', '/api', 'api', everything)] })
      await bothAnswer()
      await cut('casino/cut', a)
      const startMs = performance.now()
      const during = await Promise.all([1, 2, 3, 4, 5, 6].map(() => echo()))
      expect(during.map(podOf)).toEqual(Array(6).fill('b'))
      expect(during.map(({ body }) => JSON.parse(body).bytes)).toEqual(Array(6).fill(4))
      expect(performance.now() - startMs).toBeLessThan(2_500)
      const laterMs: number[] = []
      for (const _ of [1, 2, 3]) {
        const beganMs = performance.now()
        await Promise.all([1, 2, 3, 4, 5, 6].map(() => echo()))
        laterMs.push(performance.now() - beganMs)
      }
      expect(Math.min(...laterMs)).toBeLessThan(500)
      await cluster.fault('casino/cut')
      await bothAnswer()
      await route()
    })

    it('does not repeat a POST unless the route allows it', async () => {
      await bothAnswer()
      await cut('casino/cut', a)
      const stalled = [echo(), echo()]
      const first = await within(1_500, Promise.all(stalled))
      expect(first).toBe('silent')
      await cluster.fault('casino/cut')
      expect((await Promise.all(stalled)).map(({ status }) => status)).toEqual([201, 201])
    })

    it('moves a client whose cookie names that pod, and a WebSocket handshake', async () => {
      const sticky = { [`${PREFIX}affinity`]: 'cookie', [`${PREFIX}session-cookie-name`]: 'seat' }
      await route({ ingresses: [rule('web', '/', 'web', sticky), rule('ws', '/ws', 'ws', sticky)] })
      const first = await ask('/')
      const cookie = String(first.headers['set-cookie']?.[0]).split(';')[0] ?? ''
      const [own, other] = podOf(first) === 'a' ? [a, 'b'] : [b, 'a']
      await cut('casino/cut', own)
      const moved = await ask('/', { headers: { cookie } })
      expect(podOf(moved)).toBe(other)
      expect(moved.headers['set-cookie']?.[0]).toMatch(/^seat=/)
      const sockets = [1, 2, 3, 4].map(() => new WebSocket(`ws://127.0.0.1:${port}/ws`))
      const startMs = performance.now()
      await Promise.all(sockets.map((socket) => once(socket, 'open')))
      expect(performance.now() - startMs).toBeLessThan(2_500)
      for (const socket of sockets) socket.terminate()
      await cluster.fault('casino/cut')
      await route()
    })
  })

  it('counts its answers', async () => {
    await ask('/x')
    const text = await metricsText()
    expect(text).toMatch(/ingress_requests_total\{ingress="casino\/web",service="casino\/web",status="200"\} [1-9]/)
    expect(text).toMatch(/ingress_retries_total\{.*service="casino\/api".*\} [1-9]/)
  })

  async function metricsText(): Promise<string> {
    return (await ask('/metrics', { port: metricsPort })).body
  }

  async function metric(name: string): Promise<number> {
    return Number(new RegExp(`^${name} (\\d+)$`, 'm').exec(await metricsText())?.[1] ?? Number.NaN)
  }

  it('applies backpressure to a pod while its client does not read', async () => {
    const response = await new Promise<http.IncomingMessage>((resolve) =>
      http.get({ port, path: '/api/flood' }, resolve),
    )
    await new Promise((resolve) => setTimeout(resolve, 500))
    const each = await Promise.all([a, b].map((pod) => pod.run('get', { url: 'http://localhost:8082/api/flooded' })))
    const megabytes = Math.max(...each.map(({ flooded }) => flooded))
    expect(megabytes).toBeGreaterThan(0)
    expect(megabytes).toBeLessThan(40)
    response.destroy()
  })

  it('survives input that is not HTTP, and clients that disconnect midway', async () => {
    const going = http.get({ port, path: '/api/slow' })
    await once(going, 'response')
    going.destroy()
    const rude = await import('node:net').then((net) => net.connect(port, '127.0.0.1'))
    rude.write('\0\0\0 not http\r\n\r\n')
    await once(rude.resume(), 'close')
    expect((await ask('/')).status).toBe(200)
    await expect.poll(metricsText).toMatch(/status="499"/)
  })

  it('answers requests in flight when it drains, then ends', async () => {
    const under = ask('/api/slow', { agent: false })
    await new Promise((resolve) => setTimeout(resolve, 300))
    ingress.send({ drain: 5_000 })
    expect(await under).toMatchObject({ status: 200, body: 'firstlast' })
    await once(ingress, 'exit')
    await expect(ask('/')).rejects.toMatchObject({ code: 'ECONNREFUSED' })
  })
})
