import http from 'node:http'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
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
})
