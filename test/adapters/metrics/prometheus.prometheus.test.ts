/**
 * Sources that a real Prometheus scrapes. `npm run test:prometheus` builds it once (some four minutes); it is no part of `npm test`.
 */
import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { setTimeout as sleep } from 'node:timers/promises'
import { afterAll, beforeAll, describe, expect, it, onTestFinished } from 'vitest'
import { kubernetesProbes } from '../../../src/adapters/metrics/probes.ts'
import { systemClock } from '../../../src/cli/clock.ts'
import { look } from '../../../src/controller/sight.ts'
import type { Sample } from '../../../src/domain/evidence.ts'
import type { PrometheusSli } from '../../../src/domain/prometheus-sli.ts'
import type { PrometheusTarget, Rehearsal } from '../../../src/domain/rehearsal.ts'
import { millis, ratio } from '../../../src/domain/units.ts'
import { rehearsal, target } from '../../support/evidence-rehearsal.ts'
import { type RealPrometheus, type Scraped, scraped, startPrometheus } from '../../support/real-prometheus.ts'
import { smallApiServer } from '../../support/small-api-server.ts'

/** What the scraped service shows: changed by the tests. */
const shop = { orders: 0, extra: '' }
let service: Scraped
let prometheus: RealPrometheus

const SCRAPE_MS = 500
const portOf = (server: Server): number => (server.address() as AddressInfo).port

beforeAll(async () => {
  service = await scraped(() => `# TYPE orders_total counter\norders_total{to="a"} ${shop.orders}\n${shop.extra}`)
  prometheus = await startPrometheus(SCRAPE_MS, [service])
}, 1_200_000)

afterAll(async () => {
  await prometheus.stop()
  await service.stop()
})

const to = (
  sources: PrometheusTarget['sources'],
  server: PrometheusTarget['server'] = { kind: 'url', url: prometheus.url },
): PrometheusTarget => ({
  server,
  scrapeMs: millis(SCRAPE_MS),
  sources,
})
const ORDERS = { shop: { orders_total: 'orders_total{job="shop"}' } }

const noApi = () => smallApiServer(() => undefined)
const valuesOf = (samples: readonly Sample[]): readonly number[] =>
  samples.flatMap((sample) => (sample.ok ? sample.series.map(({ value }) => value) : []))

describe('a source that Prometheus scrapes', () => {
  it('returns every sample once, with the time of its scrape', async () => {
    const probes = kubernetesProbes(await noApi(), systemClock)
    await expect.poll(async () => valuesOf(await probes.query(to(ORDERS), 'shop')).length).toBeGreaterThan(0)
    const all: Sample[] = []
    const startedAt = Date.now()
    for (let round = 1; round <= 8; round += 1) {
      shop.orders = round * 10
      await sleep(SCRAPE_MS)
      all.push(...(await probes.query(to(ORDERS), 'shop')))
    }
    const ats = all.map(({ at }) => at)
    expect(all.filter(({ ok }) => !ok)).toEqual([])
    expect(ats).toEqual([...new Set(ats)].sort((a, b) => a - b))
    expect(Math.min(...ats)).toBeGreaterThan(startedAt - 4 * SCRAPE_MS)
    expect(Math.max(...ats)).toBeLessThanOrEqual(Date.now() + SCRAPE_MS)
    expect(all.length).toBeGreaterThanOrEqual(5)
    const values = valuesOf(all)
    expect(values).toEqual([...values].sort((a, b) => a - b))
    expect(values.at(-1)).toBeGreaterThanOrEqual(60)
    expect(all[0]).toMatchObject({
      source: 'shop',
      series: [{ name: 'orders_total', labels: { to: 'a', job: 'shop' } }],
    })
  })

  it("is read through the API server's proxy as well", async () => {
    const api = await smallApiServer(async ({ path, query }) => {
      const [, asked] = /^\/api\/v1\/namespaces\/monitoring\/services\/prometheus:9090\/proxy(\/.*)$/.exec(path) ?? []
      return asked === undefined ? undefined : (await fetch(`${prometheus.url}${asked}?${query}`)).json()
    })
    const server = { kind: 'service', namespace: 'monitoring', service: 'prometheus', port: 9090 } as const
    const probes = kubernetesProbes(api, systemClock)
    await expect.poll(async () => valuesOf(await probes.query(to(ORDERS, server), 'shop')).length).toBeGreaterThan(0)
  })

  it('has a failed reading for a value that is no number, and for series that end', async () => {
    const probes = kubernetesProbes(await noApi(), systemClock)
    const both = { shop: { ...ORDERS.shop, odd: 'odd{job="shop"}' } }
    shop.extra = 'odd NaN\n'
    const unread = async () =>
      (await probes.query(to(both), 'shop')).flatMap((sample) => (sample.ok ? (sample.unread ?? []) : []))
    await expect.poll(async () => (await unread()).map(({ problem }) => problem)).toContain('has the value NaN')
    shop.extra = ''
    await expect
      .poll(async () => (await unread()).map(({ problem }) => problem))
      .toContain('has no sample in this scrape')
  })
})

describe('before the load', () => {
  const issueOf = async (asked: PrometheusTarget, told?: Rehearsal) => {
    const ports = { probes: kubernetesProbes(await noApi(), systemClock), clock: systemClock }
    const books = {
      read: () => Promise.reject(new Error('no book')),
      due: async () => [],
      committed: () => Promise.resolve([]),
    }
    const [sight] = await look({ ...ports, books }, { ...target, sources: {}, prometheus: asked }, [], told)
    return sight?.issue?.problem ?? ''
  }

  it.each([
    ['more often than the target file says', 2 * SCRAPE_MS, 'scrapes it every 500ms, and scrapeInterval is 1s'],
    ['less often than the target file says', SCRAPE_MS / 2, 'scrapes it every 500ms, and scrapeInterval is 250ms'],
    ['as the target file says, and nothing', SCRAPE_MS, ''],
  ])('a Prometheus that scrapes %s is reported', async (_, scrapeMs, words) => {
    const problem = await issueOf({ ...to(ORDERS), scrapeMs: millis(scrapeMs) })
    expect(words === '' ? problem : problem.includes(words)).toEqual(words === '' ? '' : true)
  })

  const at = { file: 'x', line: 1, column: 1 }
  const counted = (sli: PrometheusSli): Rehearsal => ({
    ...rehearsal,
    slis: { orders: sli },
    slos: [{ kind: 'latency', sli: 'orders', quantile: ratio(0.9), targetMs: millis(300), ceilingMs: millis(300), at }],
  })
  const BUCKETS = { shop: { buckets: 'times_bucket{job="shop"}', ...ORDERS.shop } }

  it('a histogram without a bucket at the limit is reported, and one with it is not', async () => {
    const sli: PrometheusSli = { kind: 'prometheus-buckets', of: 'shop', buckets: 'buckets', unit: 's', at }
    const bucket = (le: string) => `times_bucket{le="${le}"} 4\n`
    shop.extra = `# TYPE times histogram\n${['0.1', '0.5', '+Inf'].map(bucket).join('')}times_sum 1\ntimes_count 4\n`
    await expect
      .poll(() => issueOf(to(BUCKETS), counted(sli)))
      .toContain(
        '"orders" cannot be counted; buckets has no bucket that ends at 300 ms; its buckets end at 100, 500 ms',
      )
    shop.extra = shop.extra.replace('"0.5"', '"0.3"')
    await expect.poll(() => issueOf(to(BUCKETS), counted(sli))).toBe('')
    shop.extra = ''
  })

  it('a pair of counters of which one was never seen is reported', async () => {
    const sli: PrometheusSli = { kind: 'prometheus-ratio', of: 'shop', good: 'good', total: 'orders_total', at }
    const sources = { shop: { good: 'orders_total{to="b"}', ...ORDERS.shop } }
    expect(await issueOf(to(sources), counted(sli))).toContain('"orders" cannot be counted; no instance shows good')
  })

  it.each([
    ['a query that Prometheus refuses', 'orders_total{', 'parse error'],
    ['an expression that is not a selector', 'sum(orders_total)', 'ranges only allowed for vector selectors'],
    ['series that are not there', 'nothing_total{job="shop"}', 'has no samples of nothing_total{job="shop"}'],
  ])('%s is reported with the message of the server', async (_, selector, problem) => {
    expect(await issueOf(to({ shop: { orders_total: selector } }))).toContain(problem)
  })

  it('a missing credential is reported, and a given one is never shown', async () => {
    const login = { kind: 'bearer', from: { kind: 'env', name: 'MATCHDAY_TEST_TOKEN' } } as const
    const asked = (at: string) => to(ORDERS, { kind: 'url', url: at, login })
    expect(await issueOf(asked(prometheus.url))).toContain('the environment variable MATCHDAY_TEST_TOKEN is not set')
    process.env.MATCHDAY_TEST_TOKEN = 'hush-hush'
    onTestFinished(() => {
      delete process.env.MATCHDAY_TEST_TOKEN
    })
    const seen: (string | undefined)[] = []
    const guard = createServer((request, response) => {
      seen.push(request.headers.authorization)
      response.writeHead(401).end('Unauthorized')
    }).listen(0, '127.0.0.1')
    await new Promise((listening) => guard.once('listening', listening))
    onTestFinished(() => void guard.close())
    const problem = await issueOf(asked(`http://127.0.0.1:${portOf(guard)}`))
    expect(problem).toContain('answered 401: Unauthorized')
    expect(problem).not.toContain('hush-hush')
    expect(seen).toContain('Bearer hush-hush')
  })
})
