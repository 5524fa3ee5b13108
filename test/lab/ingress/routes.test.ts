import { describe, expect, it } from 'vitest'
import { createBalancer } from '../../../src/lab/ingress/balancer.ts'
import { failureOf } from '../../../src/lab/ingress/failure.ts'
import type { Ingress, IngressPath } from '../../../src/lab/ingress/objects.ts'
import { createRouteTable, type Route } from '../../../src/lab/ingress/routes.ts'
import { settingsOf } from '../../../src/lab/ingress/settings.ts'
import type { Endpoint } from '../../../src/lab/topology/addresses.ts'

const path = (at: string, service: string, pathType = 'Prefix'): IngressPath => ({
  path: at,
  pathType,
  backend: { service: { name: service, port: { number: 80 } } },
})
const ingress = (
  name: string,
  host: string | undefined,
  paths: IngressPath[],
  spec: Ingress['spec'] = {},
): Ingress => ({
  metadata: { name, namespace: 'casino' },
  spec: { rules: [{ ...(host ? { host } : {}), http: { paths } }], ...spec },
})

describe('routes', () => {
  const table = createRouteTable([
    ingress('any', undefined, [
      path('/', 'gateway'),
      path('/ws', 'realtime'),
      path('/ws', 'exact-ws', 'Exact'),
      path('/api/', 'api'),
    ]),
    ingress('host', 'shop.example', [path('/', 'shop')]),
    ingress('wild', '*.example', [path('/', 'wild')]),
    ingress('foreign', undefined, [path('/foreign', 'foreign')], { ingressClassName: 'nginx' }),
    {
      metadata: { name: 'default', namespace: 'casino' },
      spec: { ingressClassName: 'lab', defaultBackend: path('/', 'default').backend },
    },
  ])

  it.each([
    ['localhost', '/', 'gateway'],
    ['localhost', '/ws', 'exact-ws'],
    ['localhost', '/ws/', 'realtime'],
    ['localhost', '/ws/odds', 'realtime'],
    ['localhost', '/wsx', 'gateway'],
    ['localhost', '/api', 'api'],
    ['localhost', '/foreign', 'gateway'],
    ['shop.example:8080', '/ws', 'shop'],
    ['SHOP.example', '/', 'shop'],
    ['psp.example', '/', 'wild'],
    ['a.b.example', '/', 'gateway'],
    ['example', '/', 'gateway'],
    ['', '/', 'gateway'],
  ])('lead %s%s to %s', (host, asked, service) => {
    expect(table.match(host, asked)?.service).toBe(service)
  })

  it('do not exist without an Ingress of this class', () => {
    expect(createRouteTable([ingress('x', 'shop.example', [path('/', 'shop')])]).match('other', '/')).toBeUndefined()
    expect(createRouteTable([]).match('', '/')).toBeUndefined()
  })
})

describe('annotations', () => {
  it.each([
    [{}, { affinity: { kind: 'none' }, connectMs: 5_000, readMs: 60_000, repeats: 'idempotent' }],
    [{ 'proxy-next-upstream': 'error timeout non_idempotent' }, { repeats: 'all' }],
    [{ 'proxy-next-upstream': 'error' }, { repeats: 'none' }],
    [
      { 'proxy-read-timeout': '3600', 'proxy-connect-timeout': '1' },
      { connectMs: 1_000, readMs: 3_600_000 },
    ],
    [
      { 'proxy-read-timeout': 'soon', 'proxy-connect-timeout': '-1' },
      { connectMs: 5_000, readMs: 60_000 },
    ],
    [{ affinity: 'cookie' }, { affinity: { kind: 'cookie', name: 'INGRESSCOOKIE' } }],
    [{ affinity: 'cookie', 'session-cookie-name': 'a; b' }, { affinity: { name: 'INGRESSCOOKIE' } }],
    [{ 'upstream-hash-by': '$binary_remote_addr' }, { affinity: { kind: 'client-address' } }],
  ])('%j mean %j', (annotations, settings) => {
    const prefixed = Object.entries(annotations).map(([name, value]) => [`nginx.ingress.kubernetes.io/${name}`, value])
    expect(settingsOf(Object.fromEntries(prefixed))).toMatchObject(settings)
  })
})

describe('the balancer', () => {
  const endpoints: Endpoint[] = Array.from({ length: 8 }, (_, at) => [`10.244.1.${at + 2}`, 8080])
  const route = (affinity: Route['settings']['affinity']): Route => ({
    ingress: 'casino/x',
    namespace: 'casino',
    service: 'x',
    port: 80,
    settings: { affinity, connectMs: 1, readMs: 1, repeats: 'idempotent' },
  })
  const nobody = { address: '127.0.0.1', cookies: undefined }

  it('uses all endpoints before it uses one again', () => {
    const balancer = createBalancer()
    const chosen = endpoints.map(() => balancer.choose(route({ kind: 'none' }), endpoints, nobody, new Set())?.endpoint)
    expect(new Set(chosen).size).toBe(8)
  })

  it('prefers the endpoints with the fewest requests in flight', () => {
    const balancer = createBalancer((endpoint) => (endpoint === endpoints[3] || endpoint === endpoints[5] ? 1 : 2))
    const chosen = [1, 2, 3, 4].map(
      () => balancer.choose(route({ kind: 'none' }), endpoints, nobody, new Set())?.endpoint,
    )
    expect(new Set(chosen)).toEqual(new Set([endpoints[3], endpoints[5]]))
  })

  it('never chooses an endpoint that was tried, and gives up when all were tried', () => {
    const balancer = createBalancer()
    const tried = new Set(endpoints.slice(1))
    expect(balancer.choose(route({ kind: 'none' }), endpoints, nobody, tried)?.endpoint).toBe(endpoints[0])
    expect(balancer.choose(route({ kind: 'none' }), endpoints, nobody, new Set(endpoints))).toBeUndefined()
    expect(balancer.choose(route({ kind: 'none' }), [], nobody, new Set())).toBeUndefined()
  })

  it('moves only the clients of the removed endpoint', () => {
    const balancer = createBalancer()
    const at = (address: string, among: Endpoint[]) =>
      balancer.choose(route({ kind: 'client-address' }), among, { address, cookies: undefined }, new Set())?.endpoint
    const clients = Array.from({ length: 100 }, (_, n) => `10.0.0.${n}`)
    const before = clients.map((client) => at(client, endpoints))
    const after = clients.map((client) => at(client, endpoints.slice(1)))
    expect(new Set(before).size).toBeGreaterThan(4)
    for (const [n, was] of before.entries()) if (was !== endpoints[0]) expect(after[n]).toBe(was)
  })

  it('ignores a cookie that it did not set', () => {
    const sticky = route({ kind: 'cookie', name: 'seat', maxAgeSeconds: 60 })
    const choice = createBalancer().choose(
      sticky,
      endpoints,
      { ...nobody, cookies: 'seat=__proto__; other=1' },
      new Set(),
    )
    expect(choice?.cookie).toMatch(/^seat=[0-9a-f]{32}; Path=\/; HttpOnly; Max-Age=60$/)
  })
})

describe('a failure', () => {
  const error = (fields: object) => Object.assign(new Error('x'), fields)
  it.each([
    [error({ code: 'ECONNREFUSED', syscall: 'connect' }), { status: 502, wasSent: false }],
    [error({ code: 'ETIMEDOUT', syscall: 'connect' }), { status: 504, wasSent: false }],
    [error({ code: 'UND_ERR_CONNECT_TIMEOUT' }), { status: 504, wasSent: false }],
    [error({ code: 'UND_ERR_HEADERS_TIMEOUT' }), { status: 504, wasSent: true }],
    [error({ code: 'UND_ERR_SOCKET' }), { status: 502, wasSent: true }],
    [error({ code: 'ECONNRESET', syscall: 'read' }), { status: 502, wasSent: true }],
    [error({}), { status: 502, wasSent: true }],
  ])('%j may be retried elsewhere only if nothing was sent', (failure, expected) => {
    expect(failureOf(failure)).toMatchObject(expected)
  })
})
