import { createServer, type RequestListener, type Server } from 'node:http'
import { request } from 'node:https'
import type { AddressInfo } from 'node:net'
import { afterEach, describe, expect, it, vi } from 'vitest'
import { createAuthority, type PemPair } from '../../../src/lab/control-plane/certificates.ts'
import { startScraper } from '../../../src/lab/metrics-api/scraper.ts'
import { startServer } from '../../../src/lab/metrics-api/server.ts'

const closing: (() => void)[] = []
afterEach(() => {
  for (const close of closing.splice(0)) close()
})

async function podServing(uid: string, listener: RequestListener) {
  const server: Server = createServer(listener)
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  closing.push(() => {
    server.close()
    server.closeAllConnections()
  })
  const { port } = server.address() as AddressInfo
  return { uid, namespace: 'casino', name: uid, labels: {}, scrape: { host: '127.0.0.1', port, path: '/metrics' } }
}

describe('the scraper', () => {
  it('reads pods that answer, despite others that hang, fail or send too much', async () => {
    let count = 0
    const good = await podServing('good', (_, response) => {
      count += 10
      response.end(`http_requests_total ${count}\n`)
    })
    const hanging = await podServing('hanging', () => {})
    const failing = await podServing('failing', (_, response) => response.writeHead(500).end('http_requests_total 1'))
    const babbling = await podServing('babbling', (_, response) => {
      const babble = () => {
        while (response.write('x'.repeat(65_536)));
        response.once('drain', babble)
      }
      babble()
    })
    const dead = { ...good, uid: 'dead', name: 'dead', scrape: { host: '127.0.0.1', port: 1, path: '/' } }
    const troubles: string[] = []
    const all = [hanging, failing, babbling, dead, good]
    const scraper = startScraper(
      () => all,
      (text) => troubles.push(text),
    )
    closing.push(() => scraper.stop())
    await vi.waitFor(() => expect(scraper.readingsOf('good').length).toBeGreaterThanOrEqual(2), 5000)
    expect(
      scraper
        .readingsOf('good')
        .slice(0, 2)
        .map(({ totals }) => totals.get('http_requests_total')),
    ).toEqual([10, 20])
    for (const { uid } of [hanging, failing, babbling, dead]) expect(scraper.readingsOf(uid)).toEqual([])
    expect(troubles.filter((text) => text.startsWith('casino/failing'))).toHaveLength(1)
  })

  it('forgets a deleted pod', async () => {
    const good = await podServing('good', (_, response) => response.end('http_requests_total 1\n'))
    const pods = [good]
    const scraper = startScraper(
      () => pods,
      () => {},
    )
    closing.push(() => scraper.stop())
    await vi.waitFor(() => expect(scraper.readingsOf('good')).not.toEqual([]), 3000)
    pods.pop()
    await vi.waitFor(() => expect(scraper.readingsOf('good')).toEqual([]), 3000)
  })
})

describe('the metrics server', () => {
  it('answers only the front proxy', async () => {
    const [cluster, frontProxy] = await Promise.all([createAuthority('lab'), createAuthority('front proxy')])
    const serving = await cluster.issue({ commonName: 'metrics', use: 'server', dnsNames: ['localhost'] })
    const server = await startServer({ ...serving, frontProxyAuthority: frontProxy.certificate }, (target) => ({
      status: 200,
      body: { target },
    }))
    closing.push(() => server.close())
    const statusFor = (client?: PemPair) => {
      const { promise, resolve, reject } = Promise.withResolvers<number | undefined>()
      const credentials = client && { cert: client.certificate, key: client.key }
      request({
        host: 'localhost',
        port: server.port,
        path: '/x',
        ca: cluster.certificate,
        agent: false,
        ...credentials,
      })
        .on('response', (answer) => resolve(answer.resume().statusCode))
        .on('error', reject)
        .end()
      return promise
    }
    const proxy = await frontProxy.issue({ commonName: 'front-proxy-client', use: 'client' })
    const stranger = await frontProxy.issue({ commonName: 'somebody', use: 'client' })
    const forged = await cluster.issue({ commonName: 'front-proxy-client', use: 'client' })
    expect(await Promise.all([statusFor(proxy), statusFor(stranger), statusFor(forged), statusFor()])).toEqual([
      200, 401, 401, 401,
    ])
  })
})
