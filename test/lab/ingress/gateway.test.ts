import http from 'node:http'
import https from 'node:https'
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest'
import { createAuthority } from '../../../src/lab/control-plane/certificates.ts'
import type { HttpRoute } from '../../../src/lab/ingress/gateway-api/objects.ts'
import { type GatewayBench, startGatewayBench } from './gateway-bench.ts'
import { backend, gateway, listener, objects, route, rule } from './gateway-objects.ts'

describe('a Gateway of the lab', () => {
  let bench: GatewayBench

  beforeAll(async () => {
    bench = await startGatewayBench(201, 18080)
  })

  afterAll(() => bench?.close())

  const split = (stable: number, canary: number): HttpRoute =>
    route('web', [rule({ backendRefs: [backend('stable', stable), backend('canary', canary)] })])
  const counted = (name: string, code = '2xx'): Promise<number> =>
    bench.metric(
      `gateway_route_backend_requests_total{route="casino/web",rule="0",backend="casino/${name}:80",code="${code}"}`,
    )
  async function sharesOf(requests: number): Promise<Record<string, number>> {
    const counts: Record<string, number> = {}
    for (let at = 0; at < requests; at += 1) {
      const { backend: name } = await bench.seenBy('/')
      counts[name] = (counts[name] ?? 0) + 1
    }
    return counts
  }

  it('serves two backends by weight, and counts what each of them served', async () => {
    await bench.serve(split(90, 10))
    const before = [await counted('stable'), await counted('canary')]
    expect(await sharesOf(100)).toEqual({ stable: 90, canary: 10 })
    const after = [await counted('stable'), await counted('canary')]
    expect(after.map((count, at) => count - (before[at] ?? 0))).toEqual([90, 10])
  })

  it('keeps the count of a share when objects change that have nothing to do with it', async () => {
    await bench.serve(split(90, 10))
    let canaries = 0
    for (let at = 0; at < 100; at += 1) {
      await bench.serve(split(90, 10))
      if ((await bench.seenBy('/')).backend === 'canary') canaries += 1
    }
    expect(canaries).toBe(10)
  })

  it('serves a changed weight from the next request on, without a failed request', async () => {
    await bench.serve(split(100, 0))
    let failed = 0
    let stopped = false
    const fails = () => (failed += 1)
    const load = Array.from({ length: 4 }, async () => {
      while (!stopped) await bench.ask('/').then(({ status }) => status === 200 || fails(), fails)
    })
    expect(await sharesOf(20)).toEqual({ stable: 20 })
    await bench.serve(split(0, 100))
    expect(await sharesOf(20)).toEqual({ canary: 20 })
    stopped = true
    await Promise.all(load)
    expect(failed).toBe(0)
  })

  it('counts by class of the status, and answers 500 for the share of an invalid backend', async () => {
    const before = await counted('stable', '5xx')
    await bench.serve(split(1, 0))
    await bench.ask('/?status=503')
    expect((await counted('stable', '5xx')) - before).toBe(1)
    await bench.serve(route('web', [rule({ backendRefs: [backend('stable', 3), backend('nowhere', 1)] })]))
    const answers = []
    for (let at = 0; at < 8; at += 1) answers.push((await bench.ask('/')).status)
    expect(answers.toSorted()).toEqual([200, 200, 200, 200, 200, 200, 500, 500])
  })

  it('answers 404 without a route, 500 without a backend, and 503 for a Service without endpoints', async () => {
    await bench.serve(
      route('web', [
        rule({ matches: [{ path: { type: 'Exact', value: '/nothing' } }] }),
        rule({ matches: [{ path: { type: 'Exact', value: '/empty' } }], backendRefs: [backend('empty')] }),
      ]),
    )
    const statuses = await Promise.all(
      ['/other', '/nothing', '/empty'].map(async (path) => (await bench.ask(path)).status),
    )
    expect(statuses).toEqual([404, 500, 503])
  })

  it('pipes an upgraded connection through a route, with its header changes', async () => {
    const filters = [
      { type: 'RequestHeaderModifier', requestHeaderModifier: { set: [{ name: 'x-lane', value: 'ws' }] } },
      { type: 'ResponseHeaderModifier', responseHeaderModifier: { add: [{ name: 'x-release', value: 'stable' }] } },
    ]
    await bench.serve(route('web', [rule({ filters, backendRefs: [backend('stable')] })]))
    const { promise, resolve, reject } = Promise.withResolvers<string>()
    const headers = { connection: 'Upgrade', upgrade: 'echo' }
    const asked = http.request({ host: bench.address, port: 18080, path: '/live', headers })
    asked.on('error', reject)
    asked.on('upgrade', (response, socket) => {
      socket.once('data', (data: Buffer) => {
        socket.destroy()
        resolve(`${response.headers['x-release']} ${data}`)
      })
      socket.write('ping')
    })
    asked.end()
    expect(await promise).toBe('stable ping')
    expect(bench.seen.at(-1)).toMatchObject({ method: 'UPGRADE', url: '/live', headers: { 'x-lane': 'ws' } })
  })

  it('serves the listeners on port 80 at the front door too, after the rules of Ingresses', async () => {
    const at80 = objects({ gateways: [gateway('front', [listener({ port: 80 })])], routes: [split(1, 0)] })
    const ingress = {
      metadata: { name: 'web', namespace: 'casino' },
      spec: {
        rules: [
          {
            http: {
              paths: [
                { path: '/old', pathType: 'Prefix', backend: { service: { name: 'canary', port: { number: 80 } } } },
              ],
            },
          },
        ],
      },
    }
    await bench.set(at80, { ingresses: [ingress] })
    const door = { host: '127.0.0.1', port: bench.frontPort }
    expect((await bench.seenBy('/old', door)).backend).toBe('canary')
    expect((await bench.seenBy('/new', door)).backend).toBe('stable')
  })

  it('changes headers, host name and path on the way to the backend, and headers on the way back', async () => {
    const filters = [
      {
        type: 'RequestHeaderModifier',
        requestHeaderModifier: { set: [{ name: 'x-lane', value: 'b' }], remove: ['x-old'] },
      },
      {
        type: 'ResponseHeaderModifier',
        responseHeaderModifier: { add: [{ name: 'x-release', value: '2' }], remove: ['x-secret'] },
      },
      {
        type: 'URLRewrite',
        urlRewrite: { hostname: 'inside.example', path: { type: 'ReplacePrefixMatch', replacePrefixMatch: '/v2' } },
      },
    ]
    const matches = [{ path: { type: 'PathPrefix', value: '/v1' } }]
    await bench.serve(route('web', [rule({ matches, filters, backendRefs: [backend('stable')] })]))
    const answer = await bench.ask('/v1/odds?x=1', { headers: { 'x-old': '1', 'x-kept': '1' } })
    expect(bench.seen.at(-1)).toMatchObject({
      url: '/v2/odds?x=1',
      headers: { host: 'inside.example', 'x-lane': 'b', 'x-kept': '1' },
    })
    expect(bench.seen.at(-1)?.headers).not.toHaveProperty('x-old')
    expect(answer.headers).toMatchObject({ 'x-release': '2', 'x-served-by': 'stable' })
    expect(answer.headers).not.toHaveProperty('x-secret')
  })

  it('changes headers for one backend only', async () => {
    const filters = [
      { type: 'RequestHeaderModifier', requestHeaderModifier: { add: [{ name: 'x-to', value: 'canary' }] } },
    ]
    const canary = { ...backend('canary'), filters }
    await bench.serve(route('web', [rule({ backendRefs: [backend('stable'), canary] })]))
    const seen = [await bench.seenBy('/'), await bench.seenBy('/')]
    expect(Object.fromEntries(seen.map((each) => [each.backend, each.headers['x-to']]))).toEqual({
      stable: undefined,
      canary: 'canary',
    })
  })

  it.each([
    ['all', {}, 20],
    ['a quarter', { percent: 25 }, 5],
    ['a tenth', { fraction: { numerator: 1, denominator: 10 } }, 2],
  ])('mirrors %s of the requests with their bodies', async (_, share, mirrored) => {
    const mirror = { type: 'RequestMirror', requestMirror: { backendRef: { name: 'shadow', port: 80 }, ...share } }
    await bench.serve(route('web', [rule({ filters: [mirror], backendRefs: [backend('stable')] })]))
    bench.seen.length = 0
    for (let at = 0; at < 20; at += 1) await bench.ask('/deposit', { method: 'POST', body: `deposit ${at}` })
    const toShadow = () => bench.seen.filter((each) => each.backend === 'shadow')
    await vi.waitFor(() => expect(toShadow()).toHaveLength(mirrored), 2_000)
    expect(bench.seen.filter((each) => each.backend === 'stable')).toHaveLength(20)
    for (const { method, body } of toShadow()) expect(`${method} ${body}`).toMatch(/^POST deposit \d+$/)
  })

  it('counts what becomes of mirrored requests, and sends no body of more than a megabyte twice', async () => {
    const mirror = { type: 'RequestMirror', requestMirror: { backendRef: { name: 'shadow', port: 80 } } }
    await bench.serve(route('big', [rule({ filters: [mirror], backendRefs: [backend('stable')] })]))
    const counted = (outcome: string) =>
      bench.metric(
        `gateway_route_mirrored_requests_total{route="casino/big",rule="0",backend="casino/shadow:80",outcome="${outcome}"}`,
      )
    bench.seen.length = 0
    await bench.ask('/', { method: 'POST', body: Buffer.alloc(1_100_000, 'x') })
    await bench.ask('/?status=503')
    await vi.waitFor(async () => expect(await counted('5xx')).toBe(1), 2_000)
    expect(await counted('too-large')).toBe(1)
    expect(bench.seen.filter((each) => each.backend === 'shadow')).toHaveLength(1)
  })

  it.each([
    ['the whole request', { request: '200ms' }],
    ['one backend', { request: '5s', backendRequest: '200ms' }],
  ])('answers 504 when the time for %s is over', async (_, timeouts) => {
    await bench.serve(route('web', [rule({ timeouts, backendRefs: [backend('stable')] })]))
    const startedMs = performance.now()
    expect((await bench.ask('/?wait=3000')).status).toBe(504)
    expect(performance.now() - startedMs).toBeLessThan(2_500)
    expect((await bench.ask('/')).status).toBe(200)
  })

  it('ends TLS with the certificate of the listener that has the host, and of no other', async () => {
    const authority = await createAuthority('test')
    const leaf = await authority.issue({ commonName: 'shop', use: 'server', dnsNames: ['shop.example'] })
    const base64 = (text: string) => Buffer.from(text).toString('base64')
    const secret = {
      metadata: { name: 'shop-tls', namespace: 'casino' },
      data: { 'tls.crt': base64(leaf.certificate), 'tls.key': base64(leaf.key) },
    }
    const tls = { certificateRefs: [{ name: 'shop-tls' }] }
    const secure = listener({ name: 'https', port: 18443, protocol: 'HTTPS', hostname: 'shop.example', tls })
    const routes = [route('web', [rule({ backendRefs: [backend('stable')] })])]
    const statuses = await bench.set(objects({ gateways: [gateway('front', [secure])], routes, secrets: [secret] }))
    expect(JSON.stringify(statuses)).not.toContain('InvalidCertificateRef')
    const ask = (servername: string): Promise<string> => {
      const { promise, resolve } = Promise.withResolvers<string>()
      const headers = { host: 'shop.example' }
      const asked = { host: bench.address, port: 18443, servername, headers, ca: authority.certificate, agent: false }
      const request = https.get(asked, (response) => {
        response.resume().on('end', () => resolve(`${response.statusCode} ${response.headers['x-served-by']}`))
      })
      request.on('error', () => resolve('refused'))
      return promise
    }
    expect(await ask('shop.example')).toBe('200 stable')
    expect(bench.seen.at(-1)?.headers['x-forwarded-proto']).toBe('https')
    expect(await ask('other.example')).toBe('refused')
  })
})
