import { describe, expect, it } from 'vitest'
import { kubernetesProbes } from '../../../src/adapters/metrics/probes.ts'
import { systemClock } from '../../../src/cli/clock.ts'
import type { PrometheusTarget } from '../../../src/domain/rehearsal.ts'
import { millis } from '../../../src/domain/units.ts'
import { smallApiServer } from '../../support/small-api-server.ts'

const prometheus: PrometheusTarget = {
  server: { kind: 'service', namespace: 'monitoring', service: 'prometheus', port: 9090 },
  scrapeMs: millis(10_000),
  sources: { shop: { good: 'orders_good', all: 'orders_all' } },
}

/** A Prometheus whose scrape becomes visible between two queries: `visible` has the metrics of the scrape that can be seen now. */
async function probesOf(visible: () => readonly string[]) {
  const now = Date.now() / 1000
  const api = await smallApiServer(({ query }) => {
    const asked = query.get('query') ?? ''
    if (asked === 'time()') return { status: 'success', data: { resultType: 'scalar', result: [now, String(now)] } }
    const metric = asked.replace(/\[.*/, '')
    const values = visible().includes(metric) ? [[now - 1, '5']] : []
    const result = values.length === 0 ? [] : [{ metric: { __name__: metric, pod: 'shop-a' }, values }]
    return { status: 'success', data: { resultType: 'matrix', result } }
  })
  return kubernetesProbes(api, systemClock)
}

describe('a scrape of which only one metric is visible', () => {
  it('is read again, and then complete', async () => {
    let visible: readonly string[] = ['orders_all']
    const probes = await probesOf(() => visible)
    expect(await probes.query(prometheus, 'shop')).toEqual([])
    visible = ['orders_all', 'orders_good']
    const [sample, ...others] = await probes.query(prometheus, 'shop')
    expect(others).toEqual([])
    expect(sample).toMatchObject({ ok: true, series: [{ name: 'good' }, { name: 'all' }] })
    expect(sample).not.toHaveProperty('unread')
  })

  it('lacks the other metric if it is still missing then', async () => {
    const probes = await probesOf(() => ['orders_all'])
    expect(await probes.query(prometheus, 'shop')).toEqual([])
    expect(await probes.query(prometheus, 'shop')).toMatchObject([
      { ok: true, unread: [{ metric: 'good', problem: 'has no sample in this scrape', absent: true }] },
    ])
    expect(await probes.query(prometheus, 'shop')).toEqual([])
  })
})

describe('a source that is read again from the start', () => {
  it('returns its last scrape once more, so that a check before the run takes nothing from the run', async () => {
    const probes = await probesOf(() => ['orders_all', 'orders_good'])
    expect(await probes.query(prometheus, 'shop', true)).toHaveLength(1)
    expect(await probes.query(prometheus, 'shop')).toHaveLength(0)
    expect(await probes.query(prometheus, 'shop', true)).toHaveLength(1)
  })
})

describe('an application that has not counted anything yet', () => {
  const now = Date.now() / 1000
  const scalar = { status: 'success', data: { resultType: 'scalar', result: [now, String(now)] } }
  const matrix = (...result: unknown[]) => ({ status: 'success', data: { resultType: 'matrix', result } })
  const labels = { job: 'shop', instance: 'a:80', pod: 'shop-a' }

  /** `up` has a scrape 12 s and one 2 s ago; the metrics were there in the second alone, if at all. */
  async function probesOf(changes: { readonly shown: boolean; readonly declared?: boolean; readonly ups?: unknown }) {
    const {
      shown,
      declared = true,
      ups = [
        [now - 12, '1'],
        [now - 2, '1'],
      ],
    } = changes
    const api = await smallApiServer(({ path, query }) => {
      const metric = query.get('metric')
      if (path.endsWith('/metadata'))
        return { status: 'success', data: declared ? { [String(metric)]: [{ type: 'counter' }] } : {} }
      const asked = query.get('query') ?? ''
      if (asked === 'time()') return scalar
      if (asked.startsWith('up{job="shop"}')) return matrix({ metric: { __name__: 'up', ...labels }, values: ups })
      return shown ? matrix({ metric: { ...labels }, values: [[now - 2, '3']] }) : matrix()
    })
    return kubernetesProbes(api, systemClock)
  }

  it('is not a failed reading where its metrics are declared, and is one where they are not', async () => {
    expect(await (await probesOf({ shown: false })).query(prometheus, 'shop')).toEqual([])
    expect(await (await probesOf({ shown: false, declared: false })).query(prometheus, 'shop')).toMatchObject([
      { ok: false, problem: expect.stringContaining('has no samples of orders_good, orders_all') },
    ])
  })

  it('had no series in the scrapes before its first sample, as far back as the query looked', async () => {
    const probes = await probesOf({ shown: true })
    // The first look reaches 12 s back.
    const [before, first, ...others] = await probes.query({ ...prometheus, scrapeMs: millis(11_000) }, 'shop')
    expect(others).toEqual([])
    expect(before).toMatchObject({ ok: true, series: [], unread: [{ absent: true }, { absent: true }] })
    expect(first).toMatchObject({ ok: true, series: [{ value: 3 }, { value: 3 }] })
    expect((first?.at ?? 0) - (before?.at ?? 0)).toBeCloseTo(10_000, -2)
    const short = await probesOf({ shown: true })
    expect(await short.query({ ...prometheus, scrapeMs: millis(5000) }, 'shop')).toHaveLength(1)
  })

  it('is of unknown age where the scrape before failed', async () => {
    const probes = await probesOf({
      shown: true,
      ups: [
        [now - 12, '0'],
        [now - 2, '1'],
      ],
    })
    expect(await probes.query({ ...prometheus, scrapeMs: millis(11_000) }, 'shop')).toHaveLength(1)
  })
})
