/** Objectives that a real Prometheus counts: the scrapes of a shop that serves a known number of orders, from the query to the verdict. */
import { setTimeout as sleep } from 'node:timers/promises'
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { kubernetesCluster } from '../../src/adapters/kubernetes/cluster.ts'
import { platformBooks } from '../../src/adapters/ledger/books.ts'
import { kubernetesProbes } from '../../src/adapters/metrics/probes.ts'
import { systemClock } from '../../src/cli/clock.ts'
import { createRecorder } from '../../src/controller/recorder.ts'
import { lastScrape } from '../../src/controller/settling.ts'
import { look } from '../../src/controller/sight.ts'
import { startWatching } from '../../src/controller/watching.ts'
import type { Evidence } from '../../src/domain/evidence.ts'
import type { Slis } from '../../src/domain/indicators.ts'
import type { PrometheusTarget, Rehearsal } from '../../src/domain/rehearsal.ts'
import { instant, millis, ratio } from '../../src/domain/units.ts'
import type { SloResult } from '../../src/domain/verdict.ts'
import { judge } from '../../src/judge/judge.ts'
import { rehearsal, runStarted, target } from '../support/evidence-rehearsal.ts'
import { type RealPrometheus, type Scraped, scraped, startPrometheus } from '../support/real-prometheus.ts'
import { smallApiServer } from '../support/small-api-server.ts'

const SCRAPE_MS = 500
const PODS = ['shop-a', 'shop-b'] as const
type Pod = (typeof PODS)[number]

/** What an instance has counted, and how it answers the next scrapes. */
type Shop = { all: number; bad: number; slow: number; answers: 'well' | 'NaN' | 'not' | 'none' }
const shops: Record<Pod, Shop> = {
  'shop-a': { all: 4000, bad: 7, slow: 90, answers: 'well' },
  'shop-b': { all: 0, bad: 0, slow: 0, answers: 'well' },
}

function exposition({ all, bad, slow, answers }: Shop): string | undefined {
  if (answers === 'not') return undefined
  // Like a labelled counter before its first request: declared, without series.
  if (answers === 'none') return '# TYPE orders_total counter\n# TYPE order_seconds histogram\n'
  const ok = answers === 'NaN' ? 'NaN' : String(all - bad)
  return [
    '# TYPE orders_total counter',
    `orders_total{code="200"} ${ok}`,
    `orders_total{code="500"} ${bad}`,
    '# TYPE order_seconds histogram',
    `order_seconds_bucket{le="0.1"} 0`,
    `order_seconds_bucket{le="0.25"} ${all - slow}`,
    `order_seconds_bucket{le="+Inf"} ${all}`,
    `order_seconds_sum 1`,
    `order_seconds_count ${all}`,
    '',
  ].join('\n')
}

let services: readonly Scraped[] = []
let prometheus: RealPrometheus

beforeAll(async () => {
  services = await Promise.all(PODS.map((pod) => scraped(() => exposition(shops[pod]))))
  const labelled = services.map(({ port }, index) => ({ port, labels: { pod: PODS[index] ?? '', namespace: 'shop' } }))
  prometheus = await startPrometheus(SCRAPE_MS, labelled)
}, 1_200_000)

afterAll(async () => {
  await prometheus.stop()
  for (const service of services) await service.stop()
})

beforeEach(() => {
  for (const pod of PODS) shops[pod].answers = 'well'
})

const at = { file: 'x.rehearsal.yaml', line: 1, column: 1 }
const slis: Slis = {
  orders: { kind: 'prometheus-ratio', of: 'shop', good: 'good', total: 'all', at },
  times: { kind: 'prometheus-buckets', of: 'shop', buckets: 'times', unit: 's', at },
}
const limit = millis(250)
const slos: Rehearsal['slos'] = [
  { kind: 'availability', sli: 'orders', objective: ratio(0.95), at },
  { kind: 'latency', sli: 'times', quantile: ratio(0.8), targetMs: limit, ceilingMs: limit, at },
]
const told: Rehearsal = { ...rehearsal, slis, slos }
const asked = (): PrometheusTarget => ({
  server: { kind: 'url', url: prometheus.url },
  scrapeMs: millis(SCRAPE_MS),
  sources: {
    shop: {
      good: 'orders_total{job="shop", code="200"}',
      all: 'orders_total{job="shop"}',
      times: 'order_seconds_bucket{job="shop"}',
    },
  },
})

const nothing = { kind: 'List', metadata: { resourceVersion: '1' }, items: [] }

/**
 * A load of `seconds`: each instance has 40 orders a second, of which one in 40 is bad and one in 10 is slow. `meanwhile` is called each second. It is
 * looked at before, watched meanwhile and awaited afterwards as in a run.
 */
async function loaded(seconds: number, meanwhile: (second: number) => void = () => undefined) {
  const api = await smallApiServer(({ query }) => (query.has('watch') ? undefined : nothing))
  const probes = kubernetesProbes(api, systemClock)
  const ports = { probes, clock: systemClock, cluster: kubernetesCluster(api), books: platformBooks(api) }
  const files = { rehearsal: told, target: { ...target, sources: {}, prometheus: asked() } }
  const issues = async () => (await look(ports, files.target, [], told)).flatMap(({ issue }) => issue?.problem ?? [])
  await expect.poll(issues, { timeout: 10_000 }).toEqual([])

  const seen: Evidence[] = []
  const sink = { append: (record: Evidence) => void seen.push(record), flush: () => Promise.resolve() }
  const looking = new AbortController()
  const recorder = createRecorder(sink, systemClock, () => undefined, console.error)
  const watch = startWatching(ports, files, recorder, looking.signal)
  await sleep(SCRAPE_MS / 4)
  const zeroAt = Date.now()
  for (let step = 0; step < seconds * 10; step += 1) {
    if (step % 10 === 0) meanwhile(step / 10)
    for (const pod of PODS) {
      shops[pod].all += 4
      if (step % 10 === 5) shops[pod].bad += 1
      if (step % 10 >= 6) shops[pod].slow += 1
    }
    await sleep(Math.max(0, zeroAt + (step + 1) * 100 - Date.now()))
  }
  const endAt = Date.now()
  await sleep(lastScrape(told, files.target) ?? 0)
  looking.abort()
  await watch.stopped
  return objectivesOf(seen, zeroAt, endAt)
}

function objectivesOf(seen: readonly Evidence[], zeroAt: number, endAt: number) {
  const load = { instance: 'k6', at: instant(zeroAt) } as const
  const { findings, slos: results } = judge([
    { ...runStarted(), at: instant(zeroAt - 1000), rehearsal: told, target: { ...target, prometheus: asked() } },
    { kind: 'load-started', ...load, zeroAt: instant(zeroAt), pid: 1 },
    ...seen,
    { kind: 'load-ended', ...load, at: instant(endAt), outcome: 'completed', exitCode: 0, problems: [] },
  ] satisfies readonly Evidence[])
  const found = (sli: string): SloResult => {
    const result = results.find((each) => each.sli === sli)
    if (!result) throw new Error(`no objective of ${sli}`)
    return result
  }
  const sentence = findings.find(({ subject }) => subject === 'orders')?.sentence ?? ''
  return { orders: found('orders'), times: found('times'), sentence }
}

describe('objectives by a real Prometheus', () => {
  it('count exactly what was served, whatever was counted before', async () => {
    const { orders, times } = await loaded(6)
    expect(orders).toMatchObject({ state: 'proven', whole: { attempts: 480, good: 468, bad: 12 } })
    expect(times).toMatchObject({ state: 'proven', whole: { attempts: 480, bad: 0, slow: 48, quantileMs: 250 } })
  })

  it('count on after an instance restarted, and tell what it may have had unseen', async () => {
    const { orders } = await loaded(6, (second) => {
      if (second === 3) Object.assign(shops['shop-a'], { all: 0, bad: 0, slow: 0 })
    })
    expect(orders.whole.attempts).toBeGreaterThan(480 - 40)
    expect(orders.whole.attempts).toBeLessThanOrEqual(480)
    expect((orders.prometheus?.unseen ?? 0) + orders.whole.attempts).toBeGreaterThan(465)
  })

  it('count the first orders of instances that had none, from one of them later than from the other', async () => {
    for (const pod of PODS) Object.assign(shops[pod], { all: 0, bad: 0, slow: 0, answers: 'none' })
    await sleep(2000 + 3 * SCRAPE_MS)
    const { orders, times } = await loaded(6, (second) => {
      shops['shop-a'].answers = 'well'
      if (second === 3) shops['shop-b'].answers = 'well'
    })
    expect(orders).toMatchObject({ state: 'proven', whole: { attempts: 480, good: 468, bad: 12 } })
    expect(times).toMatchObject({ state: 'proven', whole: { attempts: 480, slow: 48 } })
  })

  it.each([
    ['a value that is no number', 'NaN', 'good has the value NaN'],
    ['an instance that answers no scrape', 'not', 'shop-b of shop'],
  ] as const)('are inconclusive by %s', async (_, answers, words) => {
    const { orders, sentence } = await loaded(6, (second) => {
      shops['shop-b'].answers = second === 2 || (second === 3 && answers === 'not') ? answers : 'well'
    })
    expect(orders.state).toBe('unproven')
    expect(sentence).toContain(words)
  })
})
