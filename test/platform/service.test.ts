import { once } from 'node:events'
import { connect } from 'node:net'
import { setTimeout as sleep } from 'node:timers/promises'
import { afterEach, describe, expect, it } from 'vitest'
import { createService, type Service } from '../../src/platform/shared/service.ts'
import { platformMetrics } from '../../src/wire/metrics.ts'

describe('a service', () => {
  let service: Service
  afterEach(() => service.app.close())

  const created = (): Service => {
    service = createService('test', {
      host: '127.0.0.1',
      port: 0,
      honestReadiness: true,
      onSigterm: 'drain',
      digest: () => 'settings',
      decay: {
        leakKibPerRequest: 0,
        slowerMicrosPerRequest: 0,
        crashEveryRequests: 0,
        failEveryRequests: 0,
        delayMs: 0,
      },
      drainDelayMs: 0,
      drainTimeoutMs: 100,
    })
    return service
  }

  async function serving(answer: () => Promise<unknown>): Promise<{ readonly port: number; readonly origin: string }> {
    const { app } = created()
    app.get('/work', answer)
    const origin = await app.listen({ host: '127.0.0.1', port: 0 })
    return { origin, port: Number(new URL(origin).port) }
  }

  const counted = async (): Promise<Readonly<Record<string, number>>> => {
    const metric = await service.metrics.registry.getSingleMetric(platformMetrics.requests)?.get()
    return Object.fromEntries(
      metric?.values.map(({ labels, value }) => [`${labels.route} ${labels.code}`, value]) ?? [],
    )
  }

  const secondsOf = async (route: string): Promise<number | undefined> => {
    const text = await service.metrics.registry.metrics()
    const [, sum] = new RegExp(`${platformMetrics.requestSeconds}_sum\\{route="${route}"\\} (.*)`).exec(text) ?? []
    return sum === undefined ? undefined : Number(sum)
  }

  it('measures the duration of each request', async () => {
    const { origin } = await serving(async () => {
      await sleep(60)
      return { done: true }
    })
    await (await fetch(`${origin}/work`)).text()
    await expect.poll(() => secondsOf('/work')).toBeGreaterThan(0.05)
  })

  it('counts each request by its status, without probes', async () => {
    const { origin } = await serving(async () => ({ done: true }))
    for (const path of ['/work', '/work', '/nowhere', '/healthz', '/livez', '/metrics'])
      await (await fetch(`${origin}${path}`)).text()
    await expect.poll(counted).toEqual({ '/work 200': 2, 'none 404': 1 })
  })

  it('counts a request whose client gave up too', async () => {
    const asked = Promise.withResolvers<void>()
    const { port } = await serving(() => {
      asked.resolve()
      return new Promise(() => undefined)
    })
    const startedAt = performance.now()
    const client = connect(port, '127.0.0.1')
    await once(client, 'connect')
    client.write('GET /work HTTP/1.1\r\nhost: test\r\n\r\n')
    await asked.promise
    expect(await counted()).toEqual({})
    await sleep(60)
    client.destroy()
    await expect.poll(counted).toEqual({ '/work 499': 1 })
    const seconds = await secondsOf('/work')
    expect(seconds).toBeGreaterThan(0.05)
    expect(seconds).toBeLessThanOrEqual((performance.now() - startedAt) / 1000)
  })

  it('refuses a route with a JSON schema: it has no compiler for it', async () => {
    const { app } = created()
    app.post('/work', { schema: { body: { type: 'object' } } }, async () => ({}))
    await expect(app.ready()).rejects.toThrow('no compilers for JSON schemas')
  })
})
