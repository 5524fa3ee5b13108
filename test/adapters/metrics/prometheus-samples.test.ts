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

describe('a scrape of which only one metric is seen', () => {
  it('is looked at again, and whole then', async () => {
    let visible: readonly string[] = ['orders_all']
    const probes = await probesOf(() => visible)
    expect(await probes.query(prometheus, 'shop')).toEqual([])
    visible = ['orders_all', 'orders_good']
    const [sample, ...others] = await probes.query(prometheus, 'shop')
    expect(others).toEqual([])
    expect(sample).toMatchObject({ ok: true, series: [{ name: 'good' }, { name: 'all' }] })
    expect(sample).not.toHaveProperty('unread')
  })

  it('lacks the other one if it still does then', async () => {
    const probes = await probesOf(() => ['orders_all'])
    expect(await probes.query(prometheus, 'shop')).toEqual([])
    expect(await probes.query(prometheus, 'shop')).toMatchObject([
      { ok: true, unread: [{ metric: 'good', problem: 'has no sample in this scrape', absent: true }] },
    ])
    expect(await probes.query(prometheus, 'shop')).toEqual([])
  })
})

describe('a source that is read anew', () => {
  it('has its last scrape once more, so that a look before the run takes nothing from it', async () => {
    const probes = await probesOf(() => ['orders_all', 'orders_good'])
    expect(await probes.query(prometheus, 'shop', true)).toHaveLength(1)
    expect(await probes.query(prometheus, 'shop')).toHaveLength(0)
    expect(await probes.query(prometheus, 'shop', true)).toHaveLength(1)
  })
})
