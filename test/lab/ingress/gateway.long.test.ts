import http from 'node:http'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { eventually } from '../support/bare-cluster.ts'
import type { Json } from '../support/lab-bench.ts'
import { type SharedBench, sharedBench } from '../support/shared-bench.ts'

// Listeners on this port also answer at the address of the lab's ingress, which this machine reaches whatever network the lab has.
const PORT = 80
const API = 'gateway.networking.k8s.io/v1'

const release = (name: string): object[] => [
  {
    apiVersion: 'apps/v1',
    kind: 'Deployment',
    metadata: { name },
    spec: {
      selector: { matchLabels: { app: name } },
      template: {
        metadata: { labels: { app: name } },
        spec: {
          containers: [
            {
              name: 'web',
              image: 'test/web',
              readinessProbe: { httpGet: { path: '/healthz', port: 8080 }, periodSeconds: 1 },
            },
          ],
        },
      },
    },
  },
  {
    apiVersion: 'v1',
    kind: 'Service',
    metadata: { name },
    spec: { selector: { app: name }, ports: [{ port: 80, targetPort: 8080 }] },
  },
]

const gateway = {
  apiVersion: API,
  kind: 'Gateway',
  metadata: { name: 'front' },
  spec: { gatewayClassName: 'matchday', listeners: [{ name: 'http', port: PORT, protocol: 'HTTP' }] },
}

const route = (canary: number): object => ({
  apiVersion: API,
  kind: 'HTTPRoute',
  metadata: { name: 'web' },
  spec: {
    parentRefs: [{ name: 'front' }],
    rules: [
      {
        backendRefs: [
          { name: 'stable', port: 80, weight: 100 - canary },
          { name: 'canary', port: 80, weight: canary },
        ],
      },
    ],
  },
})

let bench: SharedBench

beforeAll(async () => {
  bench = await sharedBench()
  await eventually('the Gateway API', 30_000, async () =>
    // Each kind is served on its own: the class may be there before the routes are.
    Promise.all([bench.get('gatewayclass', 'matchday'), bench.get('httproutes'), bench.get('gateways')]).then(
      () => true,
      () => undefined,
    ),
  )
  await bench.apply(...release('stable'), ...release('canary'), gateway, route(0))
  await bench.kubectl('rollout', 'status', 'deployment/stable', '--timeout=60s')
  await bench.kubectl('rollout', 'status', 'deployment/canary', '--timeout=60s')
  await eventually('a programmed Gateway', 10_000, async () => {
    const { status } = await bench.get('gateway', 'front')
    return conditionOf(status, 'Programmed') === 'True' || undefined
  })
})

afterAll(async () => {
  await bench.kubectl('delete', 'httproutes,gateways', '--all', '-n', 'default')
  await bench.leave()
})

const conditionOf = (status: Json, type: string): string | undefined =>
  status?.conditions?.find((each: Json) => each.type === type)?.status

const agent = new http.Agent({ keepAlive: true })

/** The release that answered, or how the request failed. */
function ask(): Promise<string> {
  const { promise, resolve } = Promise.withResolvers<string>()
  const request = http.get({ ...bench.state.ingress, path: '/', agent }, (response) => {
    let text = ''
    response.setEncoding('utf8').on('data', (chunk) => (text += chunk))
    response.on('end', () =>
      resolve(response.statusCode === 200 ? (text.split('-')[0] ?? '') : `${response.statusCode}`),
    )
  })
  request.on('error', (error) => resolve(error.message))
  return promise
}

async function served(backend: string): Promise<number> {
  const { host } = bench.state.ingress
  const text = await (await fetch(`http://${host}:10254/metrics`)).text()
  const series = `gateway_route_backend_requests_total{route="default/web",rule="0",backend="default/${backend}:80",code="2xx"} `
  return Number(
    text
      .split('\n')
      .find((line) => line.startsWith(series))
      ?.slice(series.length) ?? 0,
  )
}

describe('an HTTPRoute of the lab', () => {
  it('is accepted by its Gateway, which counts it', async () => {
    const { status } = await bench.get('httproute', 'web')
    expect(conditionOf(status.parents[0], 'Accepted')).toBe('True')
    expect(conditionOf(status.parents[0], 'ResolvedRefs')).toBe('True')
    expect((await bench.get('gateway', 'front')).status.listeners[0].attachedRoutes).toBe(1)
  })

  it('serves a changed weight within a second under load, with no failed request, and counts what was served', async () => {
    const answers: { name: string; atMs: number }[] = []
    let stopped = false
    const load = Array.from({ length: 3 }, async () => {
      while (!stopped) answers.push({ name: await ask(), atMs: performance.now() })
    })
    await eventually('load', 10_000, async () => answers.length > 100 || undefined)
    const before = [await served('stable'), await served('canary')]
    await bench.apply(route(20))
    const changedAtMs = performance.now()
    const first = await eventually('the canary', 10_000, async () => answers.find(({ name }) => name === 'canary'))
    // kubectl itself takes longer than the route: the weight is served before it returns, or within a second after.
    expect(first.atMs - changedAtMs).toBeLessThan(1_000)
    await eventually('more load', 20_000, async () => answers.length > 1_500 || undefined)
    stopped = true
    await Promise.all(load)
    expect(new Set(answers.map(({ name }) => name))).toEqual(new Set(['stable', 'canary']))
    const since = answers.slice(answers.indexOf(first))
    const canaries = since.filter(({ name }) => name === 'canary').length
    // Three requests are under way at a time, and they end in another order than they were shared out.
    expect(Math.abs(canaries - since.length * 0.2)).toBeLessThan(5)
    expect((await served('canary')) - (before[1] ?? 0)).toBe(canaries)
  })
})
