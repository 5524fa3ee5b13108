import { describe, expect, it } from 'vitest'
import { type AddressedPod, changesBetween, clusterTable } from '../../../src/lab/pod-network/cluster-table.ts'
import { emptyTable } from '../../../src/lab/pod-network/messages.ts'
import { lookUp, lookUpAbsolute } from '../../../src/lab/pod-network/names.ts'
import type {
  ClusterObjects,
  EndpointSlice,
  KubeService,
  NetworkPolicy,
  SliceEndpoint,
} from '../../../src/lab/pod-network/objects.ts'
import { policiesAllow } from '../../../src/lab/pod-network/policy.ts'

const pods: AddressedPod[] = [
  { uid: 'w1', ip: '10.244.1.2', namespace: 'casino', labels: { app: 'wallet' } },
  { uid: 'g1', ip: '10.244.1.3', namespace: 'casino', labels: { app: 'gateway' } },
  { uid: 'p1', ip: '10.244.2.2', namespace: 'providers', labels: { app: 'psp-a', tier: 'psp' } },
]
const nothing: ClusterObjects = { services: [], slices: [], pods: [], namespaces: [], policies: [] }
const tableOf = (objects: Partial<ClusterObjects>) =>
  clusterTable({ objects: { ...nothing, ...objects }, livePods: pods, outside: { names: [], cidrs: [] } })

const service = (name: string, spec: KubeService['spec'] = {}): KubeService => ({
  metadata: { name, namespace: 'casino' },
  spec: { clusterIP: '10.96.0.9', ports: [{ name: 'http', port: 80 }], ...spec },
})
const slice = (name: string, endpoints: SliceEndpoint[], over: Partial<EndpointSlice> = {}): EndpointSlice => ({
  metadata: { name: `${name}-x`, namespace: 'casino', labels: { 'kubernetes.io/service-name': name } },
  addressType: 'IPv4',
  endpoints,
  ports: [{ name: 'http', port: 8080 }],
  ...over,
})
const endpoint = (
  ip: string,
  conditions: SliceEndpoint['conditions'] = { ready: true },
  hostname?: string,
): SliceEndpoint => ({
  addresses: [ip],
  conditions,
  ...(hostname ? { hostname } : {}),
})

describe('the endpoints of a Service', () => {
  const draining = { ready: false, serving: true, terminating: true }
  it.each([
    ['ready ones', [endpoint('10.244.1.2'), endpoint('10.244.1.3', { ready: false })], ['10.244.1.2']],
    ['those that do not say', [endpoint('10.244.1.2', {})], ['10.244.1.2']],
    ['ready before draining ones', [endpoint('10.244.1.2', draining), endpoint('10.244.1.3')], ['10.244.1.3']],
    [
      'draining ones when none is ready',
      [endpoint('10.244.1.2', draining), endpoint('10.244.1.3', { ready: false })],
      ['10.244.1.2'],
    ],
    ['none when none serves', [endpoint('10.244.1.2', { ready: false, serving: false, terminating: true })], []],
  ])('are %s', (_, endpoints, expected) => {
    const table = tableOf({ services: [service('web')], slices: [slice('web', endpoints)] })
    expect(table.services['10.96.0.9']?.ports[80]?.map(([ip]) => ip)).toEqual(expected)
  })

  it('come from all EndpointSlices of the Service in its namespace, IPv4 only', () => {
    const elsewhere = slice('web', [endpoint('10.244.9.9')])
    const table = tableOf({
      services: [service('web')],
      slices: [
        slice('web', [endpoint('10.244.1.2')]),
        slice('web', [endpoint('10.244.1.3')], { ports: [{ name: 'http', port: 9090 }] }),
        slice('web', [endpoint('fd00::1')], { addressType: 'IPv6' }),
        { ...elsewhere, metadata: { ...elsewhere.metadata, namespace: 'other' } },
      ],
    })
    expect(table.services['10.96.0.9']?.ports[80]).toEqual([
      ['10.244.1.2', 8080],
      ['10.244.1.3', 9090],
    ])
  })
})

describe('the ports of a Service that only the kernel serves', () => {
  it.each([
    ['none for TCP at its own address', [{ name: 'http', port: 80 }], undefined],
    [
      'UDP',
      [{ name: 'http', port: 53, protocol: 'UDP' }],
      [{ at: 'service', protocol: 'udp', port: 53, endpoints: [['10.244.1.2', 8080]] }],
    ],
    [
      'ports of the nodes',
      [{ name: 'http', port: 80, nodePort: 30_080 }],
      [{ at: 'nodes', protocol: 'tcp', port: 30_080, endpoints: [['10.244.1.2', 8080]] }],
    ],
    [
      'UDP of the nodes, and UDP',
      [{ name: 'http', port: 53, protocol: 'UDP', nodePort: 30_053 }],
      [
        { at: 'service', protocol: 'udp', port: 53, endpoints: [['10.244.1.2', 8080]] },
        { at: 'nodes', protocol: 'udp', port: 30_053, endpoints: [['10.244.1.2', 8080]] },
      ],
    ],
    ['none for SCTP', [{ name: 'http', port: 80, protocol: 'SCTP', nodePort: 30_080 }], undefined],
  ])('are %s', (_, ports, expected) => {
    const table = tableOf({ services: [service('web', { ports })], slices: [slice('web', [endpoint('10.244.1.2')])] })
    expect(table.services['10.96.0.9']?.kernelPorts).toEqual(expected)
  })

  it('are kept with session affinity', () => {
    const ports = [{ name: 'http', port: 80, nodePort: 30_080 }]
    const [own] = Object.values(
      tableOf({ services: [service('web', { ports, sessionAffinity: 'ClientIP' })] }).services,
    )
    expect(own).toMatchObject({ affinitySeconds: 10_800, kernelPorts: [{ port: 30_080 }] })
  })
})

describe('names', () => {
  const table = tableOf({
    services: [
      service('web'),
      service('db', { clusterIP: 'None' }),
      service('loop', { type: 'ExternalName', externalName: 'loop.casino.svc.cluster.local' }),
    ],
    slices: [
      slice('db', [endpoint('10.244.1.2', { ready: true }, 'db-0'), endpoint('10.244.1.3', { ready: false }, 'db-1')]),
    ],
  })

  it.each([
    ['web', 'casino', 'found'],
    ['web', 'providers', 'unknown'],
    ['web.casino', 'providers', 'found'],
    ['web.casino.svc.cluster.local.', 'providers', 'found'],
    ['web.', 'casino', 'unknown'],
    ['db-0.db', 'casino', 'found'],
    ['db-1.db', 'casino', 'unknown'],
    ['loop', 'casino', 'unknown'],
    ['constructor', 'casino', 'unknown'],
  ])('%s asked in %s is %s', (name, namespace, kind) => {
    expect(lookUp(namespace, name, (asked) => lookUpAbsolute(table, asked)).kind).toBe(kind)
  })

  it('need their full form in a query', () => {
    expect(lookUpAbsolute(table, 'web').kind).toBe('unknown')
    expect(lookUpAbsolute(table, 'web.casino.svc.cluster.local')).toEqual({ kind: 'found', ips: ['10.96.0.9'] })
  })
})

describe('NetworkPolicies', () => {
  const policy = (spec: NetworkPolicy['spec'], namespace = 'casino'): NetworkPolicy => ({
    metadata: { name: 'p', namespace },
    spec: spec ?? {},
  })
  const wallet = { podSelector: { matchLabels: { app: 'wallet' } } }
  const reach = (
    policies: NetworkPolicy[],
    from: string,
    to = '10.244.1.2',
    port = 8080,
    protocol: 'TCP' | 'UDP' = 'TCP',
  ) => {
    const object = {
      metadata: { name: 'w', namespace: 'casino', uid: 'w1', labels: { app: 'wallet' } },
      spec: { containers: [{ ports: [{ name: 'web', containerPort: 8080 }] }] },
    }
    const namespaces = [{ metadata: { name: 'providers', labels: { trust: 'low' } } }]
    const named = policies.map((one, at) => ({ ...one, metadata: { ...one.metadata, name: `p${at}` } }))
    return policiesAllow(tableOf({ policies: named, pods: [object], namespaces }), { from, to, port, protocol })
  }
  const GATEWAY = '10.244.1.3'
  const PSP = '10.244.2.2'

  it.each([
    ['nothing selects the pod', [policy({ podSelector: { matchLabels: { app: 'other' } } })], GATEWAY, true],
    ['a default deny', [policy({ podSelector: {} })], GATEWAY, false],
    ['a default deny in another namespace', [policy({ podSelector: {} }, 'providers')], GATEWAY, true],
    ['an empty rule', [policy({ ...wallet, ingress: [{}] })], GATEWAY, true],
    [
      'a pod of the same namespace',
      [policy({ ...wallet, ingress: [{ from: [{ podSelector: { matchLabels: { app: 'gateway' } } }] }] })],
      GATEWAY,
      true,
    ],
    [
      'a pod selector, for another namespace',
      [policy({ ...wallet, ingress: [{ from: [{ podSelector: {} }] }] })],
      PSP,
      false,
    ],
    [
      'a namespace by its name',
      [
        policy({
          ...wallet,
          ingress: [{ from: [{ namespaceSelector: { matchLabels: { 'kubernetes.io/metadata.name': 'providers' } } }] }],
        }),
      ],
      PSP,
      true,
    ],
    [
      'a namespace by its label and pods in it',
      [
        policy({
          ...wallet,
          ingress: [
            {
              from: [
                {
                  namespaceSelector: { matchLabels: { trust: 'low' } },
                  podSelector: { matchExpressions: [{ key: 'tier', operator: 'In', values: ['psp'] }] },
                },
              ],
            },
          ],
        }),
      ],
      PSP,
      true,
    ],
    [
      'both in one peer, when only one holds',
      [
        policy({
          ...wallet,
          ingress: [{ from: [{ namespaceSelector: {}, podSelector: { matchLabels: { app: 'nobody' } } }] }],
        }),
      ],
      PSP,
      false,
    ],
    ['a block', [policy({ ...wallet, ingress: [{ from: [{ ipBlock: { cidr: '10.244.0.0/16' } }] }] })], PSP, true],
    [
      'a block with an exception',
      [policy({ ...wallet, ingress: [{ from: [{ ipBlock: { cidr: '10.244.0.0/16', except: ['10.244.2.0/24'] } }] }] })],
      PSP,
      false,
    ],
    ['the port by name', [policy({ ...wallet, ingress: [{ ports: [{ port: 'web' }] }] })], GATEWAY, true],
    ['a range of ports', [policy({ ...wallet, ingress: [{ ports: [{ port: 8000, endPort: 8100 }] }] })], GATEWAY, true],
    ['another port', [policy({ ...wallet, ingress: [{ ports: [{ port: 80 }] }] })], GATEWAY, false],
    [
      'another protocol',
      [policy({ ...wallet, ingress: [{ ports: [{ port: 8080, protocol: 'UDP' }] }] })],
      GATEWAY,
      false,
    ],
    ['a second policy that adds', [policy({ podSelector: {} }), policy({ ...wallet, ingress: [{}] })], GATEWAY, true],
    ['an egress policy only, for ingress', [policy({ ...wallet, policyTypes: ['Egress'] })], GATEWAY, true],
    [
      'an unknown operator',
      [
        policy({
          ...wallet,
          ingress: [{ from: [{ podSelector: { matchExpressions: [{ key: 'app', operator: 'Like' }] } }] }],
        }),
      ],
      GATEWAY,
      false,
    ],
    [
      'egress of the client',
      [policy({ podSelector: { matchLabels: { app: 'gateway' } }, policyTypes: ['Egress'] })],
      GATEWAY,
      false,
    ],
    ['a pod to itself', [policy({ podSelector: {}, policyTypes: ['Ingress', 'Egress'] })], '10.244.1.2', true],
    [
      'the ingress by its labels',
      [
        policy({
          ...wallet,
          ingress: [
            {
              from: [
                {
                  namespaceSelector: { matchLabels: { 'kubernetes.io/metadata.name': 'ingress' } },
                  podSelector: { matchLabels: { 'app.kubernetes.io/name': 'ingress' } },
                },
              ],
            },
          ],
        }),
      ],
      '10.244.0.2',
      true,
    ],
  ])('with %s', (_, policies, from, allowed) => {
    expect(reach(policies, from)).toBe(allowed)
  })

  it('let DNS through exactly where UDP 53 to kube-system is allowed', () => {
    const to = [
      {
        namespaceSelector: { matchLabels: { 'kubernetes.io/metadata.name': 'kube-system' } },
        podSelector: { matchLabels: { 'k8s-app': 'kube-dns' } },
      },
    ]
    const egress = (port: number) =>
      policy({
        podSelector: { matchLabels: { app: 'gateway' } },
        policyTypes: ['Egress'],
        egress: [{ to, ports: [{ protocol: 'UDP', port }] }],
      })
    expect(reach([egress(53)], GATEWAY, '10.244.0.10', 53, 'UDP')).toBe(true)
    expect(reach([egress(54)], GATEWAY, '10.244.0.10', 53, 'UDP')).toBe(false)
  })
})

describe('changes of the table', () => {
  it('list exactly the objects that were added, changed or removed', () => {
    const before = { ...emptyTable(), names: { a: { ips: ['1.1.1.1'] }, b: { ips: ['2.2.2.2'] }, c: { ips: [] } } }
    const after = { ...emptyTable(), names: { a: { ips: ['1.1.1.1'] }, b: { ips: ['3.3.3.3'] }, d: { alias: 'a' } } }
    expect(changesBetween(before, after)).toEqual([
      ['names', 'c', null],
      ['names', 'b', { ips: ['3.3.3.3'] }],
      ['names', 'd', { alias: 'a' }],
    ])
  })
})
