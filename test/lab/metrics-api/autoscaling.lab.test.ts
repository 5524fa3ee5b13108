import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { fieldsOf, listOf, textOf } from '../../../src/lab/machine/json.ts'
import { type BareCluster, eventually, startBareCluster } from '../support/bare-cluster.ts'

// Kubernetes' own HPA controller, through its own aggregation layer, with metrics of a real HTTP server. The pod exists only as an object;
// its address leads to that server.

const POD_IP = '10.244.1.9'
const APPS = '/apis/apps/v1/namespaces/default/deployments'
const AUTOSCALERS = '/apis/autoscaling/v2/namespaces/default/horizontalpodautoscalers'
const CUSTOM = '/apis/custom.metrics.k8s.io/v1beta2/namespaces/default/pods/*'
let bare: BareCluster
let count = 0
const ticking = setInterval(() => {
  count += 20
}, 100)
// Nine of ten requests take up to 100 ms and one takes 400 to 800 ms, so p95 is 600 ms.
const exposed = () => `http_requests_total{code="200"} ${count}
http_request_duration_seconds_bucket{le="0.1"} ${count * 0.9}
http_request_duration_seconds_bucket{le="0.4"} ${count * 0.9}
http_request_duration_seconds_bucket{le="0.8"} ${count}
http_request_duration_seconds_bucket{le="+Inf"} ${count}
realtime_sockets 250
`
const server = createServer((_, response) => response.end(exposed()))

beforeAll(async () => {
  await new Promise<void>((resolve) => server.listen(0, '127.244.1.9', resolve))
  bare = await startBareCluster({ controllers: true })
  bare.daemon('metrics-api')
  await eventually('registration', 20_000, async () => bare.log('metrics-api').includes('metrics at port') || undefined)
  const { port } = server.address() as AddressInfo
  await bare.cluster.create(APPS, {
    metadata: { name: 'api' },
    spec: {
      replicas: 1,
      selector: { matchLabels: { app: 'api' } },
      template: {
        metadata: {
          labels: { app: 'api' },
          annotations: { 'prometheus.io/scrape': 'true', 'prometheus.io/port': String(port) },
        },
        spec: { containers: [{ name: 'main', image: 'shop/api:1' }] },
      },
    },
  })
  const pod = await eventually('a pod', 10_000, async () => listOf((await bare.cluster.get('/api/v1/pods')).items)[0])
  const since = new Date(Date.now() - 60_000).toISOString()
  await bare.cluster.merge(`/api/v1/namespaces/default/pods/${textOf(fieldsOf(fieldsOf(pod).metadata).name)}/status`, {
    status: {
      phase: 'Running',
      podIP: POD_IP,
      podIPs: [{ ip: POD_IP }],
      startTime: since,
      conditions: [{ type: 'Ready', status: 'True', lastTransitionTime: since }],
    },
  })
})
afterAll(async () => {
  clearInterval(ticking)
  server.close()
  server.closeAllConnections()
  await bare?.stop()
})

const itemsOf = async (path: string) => listOf((await bare.cluster.get(path)).items).map(fieldsOf)

describe('the metrics API behind the API server', () => {
  it('gives the rate of the last seconds', async () => {
    const items = await eventually('a value', 10_000, async () => {
      const found = await itemsOf(`${CUSTOM}/rps_per_pod?labelSelector=app%3Dapi`)
      return found.length > 0 ? found : undefined
    })
    // 200 a second; a busy machine's timer may be late.
    expect(Number.parseInt(textOf(items[0]?.value), 10) / 1000).toBeGreaterThan(120)
    expect(Number.parseInt(textOf(items[0]?.value), 10) / 1000).toBeLessThan(220)
  })

  it('gives no value, rather than 0, for a metric that a pod does not expose', async () => {
    expect(await itemsOf(`${CUSTOM}/outbox_lag`)).toEqual([])
    await expect(bare.cluster.get(`${CUSTOM}/cake_per_pod`)).rejects.toThrow(/not known/)
  })

  it.each<[name: string, target: string, atLeast: number, atMost: number]>([
    ['rps_per_pod', '60', 3, 4],
    ['http_p95_ms', '400', 2, 2],
    ['sockets_per_pod', '100', 3, 3],
  ])('makes the autoscaler scale a Deployment by %s', async (name, averageValue, atLeast, atMost) => {
    await bare.cluster.merge(`${APPS}/api`, { spec: { replicas: 1 } })
    // The controller remembers its recommendations by name for five minutes.
    const autoscaler = name.replaceAll('_', '-')
    await bare.cluster.create(AUTOSCALERS, {
      metadata: { name: autoscaler },
      spec: {
        scaleTargetRef: { apiVersion: 'apps/v1', kind: 'Deployment', name: 'api' },
        minReplicas: 1,
        maxReplicas: 6,
        metrics: [{ type: 'Pods', pods: { metric: { name }, target: { type: 'AverageValue', averageValue } } }],
      },
    })
    const replicas = await eventually('a larger Deployment', 15_000, async () => {
      const wanted = fieldsOf((await bare.cluster.get(`${APPS}/api`)).spec).replicas
      return typeof wanted === 'number' && wanted > 1 ? wanted : undefined
    }).finally(() => bare.cluster.remove(`${AUTOSCALERS}/${autoscaler}`))
    expect(replicas).toBeGreaterThanOrEqual(atLeast)
    expect(replicas).toBeLessThanOrEqual(atMost)
  })

  it('has no value for a pod that stopped answering', async () => {
    server.close()
    server.closeAllConnections()
    await eventually('no value', 10_000, async () => {
      const items = await itemsOf(`${CUSTOM}/rps_per_pod`)
      return items.length === 0 || undefined
    })
  })
})
