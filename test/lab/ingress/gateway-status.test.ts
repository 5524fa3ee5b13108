import { describe, expect, it } from 'vitest'
import { createAddresses } from '../../../src/lab/ingress/gateway-api/addresses.ts'
import type {
  Gateway,
  GatewayListener,
  HttpRoute,
  StatusCondition,
} from '../../../src/lab/ingress/gateway-api/objects.ts'
import { type GatewayObjects, planGateways } from '../../../src/lab/ingress/gateway-api/plan.ts'
import { type GatewayStanding, statusWrites } from '../../../src/lab/ingress/gateway-api/status.ts'
import { backend, CLASS, gateway, listener, objects, route, rule } from './gateway-objects.ts'

const SERVICES = ['a', 'b'].map((name) => ({
  metadata: { name, namespace: 'casino' },
  spec: { ports: [{ port: 80 }] },
}))
const SERVED: GatewayStanding = { address: '127.98.0.1', unbound: () => undefined }

function statuses(over: Partial<GatewayObjects>, standing: GatewayStanding = SERVED) {
  const writes = statusWrites(planGateways(objects(over), SERVICES), () => standing, '2026-11-29T00:00:00Z')
  return new Map(writes.map(({ path, status }) => [path.split('/').at(-1) ?? '', status]))
}
const gatewayStatus = (over: Partial<GatewayObjects>, standing?: GatewayStanding): NonNullable<Gateway['status']> =>
  statuses(over, standing).get('front') ?? {}
const parentsOf = (over: Partial<GatewayObjects>): NonNullable<NonNullable<HttpRoute['status']>['parents']> => {
  const status: HttpRoute['status'] = statuses(over).get('web')
  return status?.parents ?? []
}
const shown = (conditions: readonly StatusCondition[] = []): Record<string, string> =>
  Object.fromEntries(conditions.map(({ type, status, reason }) => [type, `${status} ${reason}`]))
const served = [rule({ backendRefs: [backend('a')] })]

describe('the status of a GatewayClass', () => {
  it('is written for the classes of this ingress only', () => {
    const other = { metadata: { name: 'other' }, spec: { controllerName: 'example.com/gateway' } }
    expect([...statuses({ classes: [CLASS, other], gateways: [] }).keys()]).toEqual(['matchday'])
  })
})

describe('the status of a Gateway', () => {
  it('tells its address, and how many routes each listener serves', () => {
    const status = gatewayStatus({ routes: [route('web', served), route('more', served)] })
    expect(status.addresses).toEqual([{ type: 'IPAddress', value: '127.98.0.1' }])
    expect(shown(status.conditions)).toEqual({ Accepted: 'True Accepted', Programmed: 'True Programmed' })
    expect(status.listeners?.[0]).toMatchObject({ name: 'http', attachedRoutes: 2 })
  })

  it.each<[string, GatewayListener[], Record<string, string>]>([
    [
      'another protocol',
      [listener({ protocol: 'TCP' })],
      { Accepted: 'False UnsupportedProtocol', Programmed: 'False Invalid' },
    ],
    [
      'a kind of route that is not served',
      [listener({ allowedRoutes: { kinds: [{ kind: 'GRPCRoute' }] } })],
      { ResolvedRefs: 'False InvalidRouteKinds', Programmed: 'False Invalid' },
    ],
    [
      'HTTPS without a certificate',
      [listener({ protocol: 'HTTPS', tls: { certificateRefs: [{ name: 'none' }] } })],
      { ResolvedRefs: 'False InvalidCertificateRef', Programmed: 'False Invalid' },
    ],
    [
      'a certificate of another namespace',
      [listener({ protocol: 'HTTPS', tls: { certificateRefs: [{ name: 'none', namespace: 'shop' }] } })],
      { ResolvedRefs: 'False RefNotPermitted' },
    ],
    [
      'the port and host name of another listener',
      [listener(), listener({ name: 'twin' })],
      { Conflicted: 'True HostnameConflict', Programmed: 'False Invalid' },
    ],
    [
      'another protocol on the port of another listener',
      [listener(), listener({ name: 'twin', protocol: 'HTTPS' })],
      { Conflicted: 'True ProtocolConflict' },
    ],
  ])('names what is wrong with a listener: %s', (_, listeners, expected) => {
    const status = gatewayStatus({ gateways: [gateway('front', listeners)] })
    expect(shown(status.listeners?.[0]?.conditions)).toMatchObject(expected)
    expect(shown(status.conditions)).toMatchObject({ Accepted: 'False ListenersNotValid', Programmed: 'False Invalid' })
  })

  it('is not programmed where its port cannot be opened', () => {
    const unbound = { reason: 'AddressNotUsable', message: 'in use' }
    const status = gatewayStatus({}, { address: '127.98.0.1', unbound: () => unbound })
    expect(shown(status.conditions)).toMatchObject({ Programmed: 'False AddressNotUsable' })
  })

  it('is not written again when nothing changed, and keeps the time of conditions', () => {
    const before = gateway()
    const status = gatewayStatus({ gateways: [before] })
    const again = { ...before, status }
    expect(statuses({ gateways: [again] }).has('front')).toBe(false)
    const changed = gatewayStatus({ gateways: [{ ...again, metadata: { ...again.metadata, generation: 2 } }] })
    expect(changed.conditions?.[0]).toMatchObject({ observedGeneration: 2, lastTransitionTime: '2026-11-29T00:00:00Z' })
  })
})

describe('the status of an HTTPRoute', () => {
  const parent = (over: object) => [{ kind: 'Gateway', name: 'front', ...over }]
  const regex = [rule({ matches: [{ path: { type: 'RegularExpression', value: '/.*' } }] })]
  const to = (over: object) => [rule({ backendRefs: [{ ...backend('a'), ...over }] })]

  it.each<[string, HttpRoute, Record<string, string>]>([
    ['accepted', route('web', served), { Accepted: 'True Accepted', ResolvedRefs: 'True ResolvedRefs' }],
    [
      'no such listener',
      route('web', served, { parentRefs: parent({ sectionName: 'x' }) }),
      { Accepted: 'False NoMatchingParent' },
    ],
    ['no such port', route('web', served, { parentRefs: parent({ port: 1 }) }), { Accepted: 'False NoMatchingParent' }],
    [
      'another namespace',
      route('web', served, { namespace: 'shop', parentRefs: parent({ namespace: 'casino' }) }),
      { Accepted: 'False NotAllowedByListeners' },
    ],
    [
      'another host',
      route('web', served, { hostnames: ['b.example'] }),
      { Accepted: 'False NoMatchingListenerHostname' },
    ],
    ['a match that is not served', route('web', regex), { Accepted: 'False UnsupportedValue' }],
    [
      'no such Service',
      route('web', to({ name: 'none' })),
      { Accepted: 'True Accepted', ResolvedRefs: 'False BackendNotFound' },
    ],
    ['no such port of the Service', route('web', to({ port: 81 })), { ResolvedRefs: 'False BackendNotFound' }],
    ['no Service', route('web', to({ kind: 'Bucket', group: 'x' })), { ResolvedRefs: 'False InvalidKind' }],
    [
      'a Service of another namespace',
      route('web', to({ namespace: 'shop' })),
      { ResolvedRefs: 'False RefNotPermitted' },
    ],
  ])('says for its parent: %s', (_, web, expected) => {
    const gateways = [gateway('front', [listener({ hostname: 'a.example' })])]
    expect(shown(parentsOf({ gateways, routes: [web] })[0]?.conditions)).toMatchObject(expected)
  })

  it('leaves parents of other controllers as they are', () => {
    const other = { parentRef: { name: 'x' }, controllerName: 'example.com/gateway', conditions: [] }
    const web = { ...route('web', served), status: { parents: [other] } }
    expect(parentsOf({ routes: [web] }).map(({ controllerName }) => controllerName)).toEqual([
      'example.com/gateway',
      'matchday.dev/lab-ingress',
    ])
  })

  it('takes routes of namespaces with the labels that a listener selects', () => {
    const selector = { matchLabels: { tier: 'web' } }
    const gateways = [gateway('front', [listener({ allowedRoutes: { namespaces: { from: 'Selector', selector } } })])]
    const web = route('web', served, { namespace: 'shop', parentRefs: parent({ namespace: 'casino' }) })
    const shop = (labels: Record<string, string>) => [{ metadata: { name: 'shop', labels } }]
    const accepted = (labels: Record<string, string>) =>
      shown(parentsOf({ gateways, routes: [web], namespaces: shop(labels) })[0]?.conditions).Accepted
    expect(accepted({ tier: 'web' })).toBe('True Accepted')
    expect(accepted({ tier: 'batch' })).toBe('False NotAllowedByListeners')
  })
})

describe('the addresses of Gateways', () => {
  const range = (n: number) => (n <= 2 ? `127.98.0.${n}` : undefined)
  const planned = (...gateways: Gateway[]) => planGateways(objects({ gateways }), []).gateways

  it('stay when others come and go, and end with the range', () => {
    const addresses = createAddresses(range)
    expect([...addresses.assign(planned(gateway('a'), gateway('b')))]).toEqual([
      ['casino/a', '127.98.0.1'],
      ['casino/b', '127.98.0.2'],
    ])
    expect([...addresses.assign(planned(gateway('b'), gateway('c'), gateway('d')))]).toEqual([
      ['casino/b', '127.98.0.2'],
      ['casino/c', '127.98.0.1'],
    ])
  })

  it('are those of the status after a restart, and those that a Gateway asks for', () => {
    const known = { ...gateway('b'), status: { addresses: [{ value: '127.98.0.2' }] } }
    const asking = gateway('c', [listener()], { addresses: [{ value: '127.98.0.1' }] })
    expect([...createAddresses(range).assign(planned(known, asking))]).toEqual([
      ['casino/c', '127.98.0.1'],
      ['casino/b', '127.98.0.2'],
    ])
    const foreign = gateway('d', [listener()], { addresses: [{ value: '192.0.2.1' }] })
    expect(createAddresses(range).assign(planned(foreign)).size).toBe(0)
  })
})
