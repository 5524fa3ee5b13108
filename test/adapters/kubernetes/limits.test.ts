import { describe, expect, it } from 'vitest'
import { kubernetesProbes } from '../../../src/adapters/metrics/probes.ts'
import { systemClock } from '../../../src/cli/clock.ts'
import { paths } from '../../../src/protocols/kubernetes/api.ts'
import { Plain, smallApiServer } from '../../support/small-api-server.ts'

const MIB = 1 << 20
const SERIES = 'requests_total{path="/"} 1\n'
const exposition = (bytes: number): string => SERIES.repeat(Math.floor(bytes / SERIES.length))
const source = {
  namespace: 'casino',
  selector: { app: 'web' },
  port: 8080,
  path: '/metrics',
  metrics: ['requests_total'],
}
const pod = { metadata: { name: 'web-1' }, status: { phase: 'Running', podIP: '10.0.0.1' } }

const serving = (text: string) =>
  smallApiServer(({ path }) => (path.endsWith('/pods') ? { items: [pod] } : new Plain(text)))

describe('the size of an answer', () => {
  it('of a pod is limited: a page that is larger is a failed sample with the reason', async () => {
    const probes = kubernetesProbes(await serving(exposition(5 * MIB)), systemClock)
    expect(await probes.scrape('web', source)).toMatchObject([
      { pod: 'web-1', ok: false, problem: expect.stringContaining('larger than 4 MiB') },
    ])
  })

  it('of a pod may be large', async () => {
    const probes = kubernetesProbes(await serving(exposition(MIB)), systemClock)
    expect(await probes.scrape('web', source)).toMatchObject([{ pod: 'web-1', ok: true }])
  })

  it('of a service is limited, one of the API server itself is not', async () => {
    const api = await serving('x'.repeat(9 * MIB))
    const proxied = { method: 'GET', path: paths.serviceProxy('casino', 'wallet', 80, '/books') } as const
    await expect(api.request(proxied)).rejects.toThrow('larger than 8 MiB')
    expect((await api.request({ method: 'GET', path: '/healthz' })).text).toHaveLength(9 * MIB)
  })
})
