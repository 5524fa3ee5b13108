import type { IncomingMessage } from 'node:http'
import { describe, expect, it } from 'vitest'
import { durationMs } from '../../../src/lab/ingress/gateway-api/durations.ts'
import {
  headerChange,
  mirrorsOf,
  pathChange,
  redirectOf,
  unsupportedIn,
} from '../../../src/lab/ingress/gateway-api/filters.ts'
import {
  bySpecificity,
  commonHostnames,
  intersection,
  matchesHostname,
} from '../../../src/lab/ingress/gateway-api/hostnames.ts'
import type { HttpRoute, RouteMatch } from '../../../src/lab/ingress/gateway-api/objects.ts'
import { type GatewayObjects, planGateways } from '../../../src/lab/ingress/gateway-api/plan.ts'
import { createRouter } from '../../../src/lab/ingress/gateway-api/rules.ts'
import { createShares } from '../../../src/lab/ingress/gateway-api/shares.ts'
import { backend, gateway, listener, objects, route, rule } from './gateway-objects.ts'

const service = (name: string, namespace = 'casino') => ({
  metadata: { name, namespace },
  spec: { ports: [{ port: 80 }] },
})
const NAMES = ['a', 'b', 'c', 'd', 'e', 'f']

/** The Service that a request is sent to, or the status of the ingress's own answer. */
function sentTo(over: Partial<GatewayObjects>, request: Partial<IncomingMessage>): string {
  const plan = planGateways(objects(over), [...NAMES.map((name) => service(name)), service('a', 'shop')])
  const listeners = plan.gateways.flatMap((each) =>
    each.listeners.map((one) => ({ hostname: one.listener.hostname ?? '', routes: plan.attachments.routesOf(one) })),
  )
  const context = { references: plan.references, shares: createShares(() => 0), port: 80, isTls: false }
  const decision = createRouter(
    listeners,
    context,
  )({ url: '/', method: 'GET', headers: {}, ...request } as IncomingMessage)
  switch (decision.kind) {
    case 'none':
      return '404'
    case 'forward':
      return decision.route.service
    case 'answer':
      return `${decision.status} ${decision.headers.location ?? ''}`.trim()
  }
}

const to = (name: string, ...matches: RouteMatch[]) => rule({ matches, backendRefs: [backend(name)] })
const prefix = (value: string): RouteMatch => ({ path: { type: 'PathPrefix', value } })
const exact = (value: string): RouteMatch => ({ path: { type: 'Exact', value } })

describe('a rule of an HTTPRoute', () => {
  it.each([
    ['/', 'f'],
    ['/v1', 'a'],
    ['/v1/', 'a'],
    ['/v1/odds?x=/v2', 'a'],
    ['/v1x', 'f'],
    ['/v2', 'c'],
    ['/v2/', 'b'],
    ['/v2/odds', 'b'],
    ['/v2/odds/today', 'd'],
  ])('takes %s by path elements, the exact path first, then the longest prefix', (url, name) => {
    const rules = [
      to('f', prefix('/')),
      to('a', prefix('/v1/')),
      to('b', prefix('/v2')),
      to('c', exact('/v2')),
      to('d', prefix('/v2/odds/today')),
    ]
    expect(sentTo({ routes: [route('web', rules)] }, { url })).toBe(name)
  })

  it.each<[string, Partial<IncomingMessage>, string]>([
    ['a header', { headers: { 'x-cohort': 'b' } }, 'b'],
    ['two headers before one', { headers: { 'x-cohort': 'b', 'x-region': 'eu' } }, 'c'],
    ['a method before headers', { method: 'POST', headers: { 'x-cohort': 'b', 'x-region': 'eu' } }, 'd'],
    ['a query', { url: '/?beta=1' }, 'e'],
    ['another value', { headers: { 'x-cohort': 'bb' } }, 'a'],
    ['another query', { url: '/?beta=10&xbeta=1' }, 'a'],
  ])('takes a request by %s', (_, request, name) => {
    const header = (header: string, value: string) => ({ type: 'Exact', name: header, value })
    const rules = [
      to('a', prefix('/')),
      to('e', { queryParams: [{ type: 'Exact', name: 'beta', value: '1' }] }),
      to('b', { headers: [header('X-Cohort', 'b')] }),
      to('c', { headers: [header('X-Cohort', 'b'), header('x-region', 'eu')] }),
      to('d', { method: 'POST' }),
    ]
    expect(sentTo({ routes: [route('web', rules)] }, request)).toBe(name)
  })

  it('wins against an equal one by age of the route, then by name, then by position', () => {
    const aged = (name: string, time: string, service_: string): HttpRoute => {
      const made = route(name, [to(service_, prefix('/')), to('f', prefix('/'))])
      return { ...made, metadata: { ...made.metadata, creationTimestamp: time } }
    }
    const [old, young, twin] = [
      aged('z', '2026-01-01T00:00:00Z', 'a'),
      aged('b', '2026-01-02T00:00:00Z', 'b'),
      aged('a', '2026-01-02T00:00:00Z', 'c'),
    ]
    expect(sentTo({ routes: [young, old] }, {})).toBe('a')
    expect(sentTo({ routes: [young, twin] }, {})).toBe('c')
  })

  it.each([
    ['shop.example', 'b'],
    ['SHOP.example:8080', 'b'],
    ['a.shop.example', 'c'],
    ['x.a.shop.example', 'c'],
    ['other', 'a'],
  ])('takes %s by the most specific host name', (host, name) => {
    const routes = [
      route('any', [to('a', prefix('/'))]),
      route('one', [to('b', prefix('/'))], { hostnames: ['shop.example'] }),
      route('all', [to('c', prefix('/'))], { hostnames: ['*.shop.example'] }),
    ]
    expect(sentTo({ routes }, { headers: { host } })).toBe(name)
  })

  it('is not asked on a listener when a more specific listener has the host', () => {
    const listeners = [listener({ name: 'any' }), listener({ name: 'shop', hostname: 'shop.example' })]
    const parent = { kind: 'Gateway', name: 'front', sectionName: 'any' }
    const over = {
      gateways: [gateway('front', listeners)],
      routes: [route('web', [to('a', prefix('/'))], { parentRefs: [parent] })],
    }
    expect(sentTo(over, { headers: { host: 'shop.example' } })).toBe('404')
    expect(sentTo(over, { headers: { host: 'other.example' } })).toBe('a')
  })

  it('is not served in part: a route with a match that is not supported serves nothing', () => {
    const regex: RouteMatch = { path: { type: 'RegularExpression', value: '/.*' } }
    expect(sentTo({ routes: [route('web', [to('a', prefix('/')), to('b', regex)])] }, {})).toBe('404')
  })

  it('sends nothing to another namespace without a ReferenceGrant there', () => {
    const routes = [route('web', [rule({ backendRefs: [{ ...backend('a'), namespace: 'shop' }] })])]
    const grant = (name?: string) => ({
      metadata: { name: 'g', namespace: 'shop' },
      spec: {
        from: [{ group: 'gateway.networking.k8s.io', kind: 'HTTPRoute', namespace: 'casino' }],
        to: [{ group: '', kind: 'Service', ...(name ? { name } : {}) }],
      },
    })
    expect(sentTo({ routes }, {})).toBe('500')
    expect(sentTo({ routes, grants: [grant('b')] }, {})).toBe('500')
    expect(sentTo({ routes, grants: [grant('a')] }, {})).toBe('a')
    expect(sentTo({ routes, grants: [grant()] }, {})).toBe('a')
  })

  it.each([
    ['/old/odds?x=1', { hostname: 'new.example' }, '302 http://new.example/old/odds?x=1'],
    ['/old/odds', { scheme: 'https', statusCode: 301 }, '301 https://host.example/old/odds'],
    ['/old/odds', { port: 8443, scheme: 'https' }, '302 https://host.example:8443/old/odds'],
    [
      '/old/odds?x=1',
      { path: { type: 'ReplacePrefixMatch', replacePrefixMatch: '/new/' } },
      '302 http://host.example/new/odds?x=1',
    ],
    ['/old?x=1', { path: { type: 'ReplaceFullPath', replaceFullPath: '/all' } }, '302 http://host.example/all?x=1'],
  ])('redirects %s by %j', (url, requestRedirect, expected) => {
    const filters = [{ type: 'RequestRedirect', requestRedirect }]
    const routes = [route('web', [rule({ matches: [prefix('/old')], filters })])]
    expect(sentTo({ routes }, { url, headers: { host: 'host.example' } })).toBe(expected)
  })
})

describe('a redirect', () => {
  it('shows the port of its listener where the filter says neither port nor scheme', () => {
    const redirect = redirectOf([{ type: 'RequestRedirect', requestRedirect: {} }], '/', 8080)
    expect(redirect?.location({ host: 'h', path: '/', isTls: false })).toBe('http://h:8080/')
  })
})

describe('host names', () => {
  it.each([
    ['', 'any.example', true],
    ['*.example', 'a.example', true],
    ['*.example', 'a.b.example', true],
    ['*.example', 'example', false],
    ['*.example', '.example', false],
    ['a.example', 'b.example', false],
  ])('%s matches %s: %s', (pattern, host, matches) => {
    expect(matchesHostname(pattern, host)).toBe(matches)
  })

  it.each([
    ['', 'a.example', 'a.example'],
    ['*.example', 'a.example', 'a.example'],
    ['a.example', '*.example', 'a.example'],
    ['*.example', '*.b.example', '*.b.example'],
    ['*.example', 'example', undefined],
    ['a.example', 'b.example', undefined],
    ['*.a.example', '*.b.example', undefined],
  ])('of %s and %s have %s in common', (one, other, common) => {
    expect(intersection(one, other)).toBe(common)
  })

  it('of a route without any are those of the listener', () => {
    expect(commonHostnames('a.example', [])).toEqual(['a.example'])
    expect(commonHostnames('*.example', ['A.example', 'b.other'])).toEqual(['a.example'])
  })

  it('sort the exact one first, then the longest wildcard', () => {
    expect(['', '*.example', 'a.example', '*.a.example'].toSorted(bySpecificity)).toEqual([
      'a.example',
      '*.a.example',
      '*.example',
      '',
    ])
  })
})

describe('a filter', () => {
  it('sets, adds and removes headers, whatever their case', () => {
    const change = headerChange({
      set: [{ name: 'X-A', value: '2' }],
      add: [{ name: 'x-b', value: '3' }],
      remove: ['x-C'],
    })
    expect(change(['x-a', '1', 'x-b', '1', 'X-c', '1', 'x-d', '1'])).toEqual([
      'x-b',
      '1',
      'x-d',
      '1',
      'X-A',
      '2',
      'x-b',
      '3',
    ])
  })

  it.each([
    ['/v1', '/v2', '/v1/odds', '/v2/odds'],
    ['/v1', '/v2', '/v1', '/v2'],
    ['/v1', '/', '/v1', '/'],
    ['/v1', '/', '/v1/odds', '/odds'],
    ['', '/v2', '/odds', '/v2/odds'],
  ])('replaces the prefix %s by %s in %s', (matched, replacePrefixMatch, path, expected) => {
    expect(pathChange({ type: 'ReplacePrefixMatch', replacePrefixMatch }, matched)(path)).toBe(expected)
  })

  it.each([
    [{}, { part: 100, whole: 100 }],
    [{ percent: 25 }, { part: 25, whole: 100 }],
    [{ fraction: { numerator: 1, denominator: 3 } }, { part: 1, whole: 3 }],
    [{ fraction: { numerator: 7 } }, { part: 7, whole: 100 }],
  ])('mirrors the share of %j', (share, expected) => {
    const filters = [{ type: 'RequestMirror', requestMirror: { backendRef: { name: 'a', port: 80 }, ...share } }]
    expect(mirrorsOf(filters)).toMatchObject([expected])
  })

  it.each([
    ['a filter of another vendor', { filters: [{ type: 'ExtensionRef' }] }],
    ['CORS', { filters: [{ type: 'CORS' }] }],
    ['a mirror of one backend', { backendRefs: [{ ...backend('a'), filters: [{ type: 'RequestMirror' }] }] }],
  ])('that is not supported is named: %s', (_, over) => {
    expect(unsupportedIn(rule(over))).toMatch(/^the filter /)
  })
})

describe('a duration', () => {
  it.each([
    ['500ms', 500],
    ['1h30m', 5_400_000],
    ['10s', 10_000],
    ['0s', 0],
    ['1.5s', undefined],
    ['5', undefined],
  ])('of %s is %s ms', (text, expected) => {
    expect(durationMs(text)).toBe(expected)
  })
})
