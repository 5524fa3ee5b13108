import { describe, expect, it } from 'vitest'
import type { ClusterObjects, EndpointSlice, KubeService } from '../../../src/lab/pod-network/objects.ts'
import { recordsOf } from '../../../src/lab/pod-network/service-records.ts'

const service = (name: string, spec: KubeService['spec']): KubeService => ({
  metadata: { name, namespace: 'shop' },
  spec: { ports: [{ name: 'http', port: 80 }], ...spec },
})
const slice: EndpointSlice = {
  metadata: { name: 'db-x', namespace: 'shop', labels: { 'kubernetes.io/service-name': 'db' } },
  addressType: 'IPv4',
  endpoints: [
    { addresses: ['10.244.1.2'], hostname: 'db-0', conditions: { ready: true } },
    { addresses: ['10.244.1.3'], conditions: { ready: true } },
    { addresses: ['10.244.1.4'], conditions: { ready: false } },
  ],
  ports: [{ name: 'sql', port: 5432 }],
}
const objects: ClusterObjects = {
  services: [
    service('web', { clusterIP: '10.96.0.9' }),
    service('names', {
      clusterIP: '10.96.0.10',
      ports: [
        { name: 'dns', port: 53, protocol: 'UDP' },
        { name: 'dns-tcp', port: 5353 },
      ],
    }),
    service('db', { clusterIP: 'None' }),
    service('away', { type: 'ExternalName', externalName: 'shop.example.com.' }),
  ],
  slices: [slice],
  pods: [],
  namespaces: [],
  policies: [],
}

describe('cluster DNS', () => {
  const zone = 'shop.svc.cluster.local'
  it.each([
    ['a named port', 'SRV', `_http._tcp.web.${zone}`, [{ type: 'SRV', port: 80, target: `web.${zone}` }]],
    ['no port of another protocol', 'SRV', `_http._udp.web.${zone}`, []],
    ['no port of another name', 'SRV', `_sql._tcp.web.${zone}`, []],
    [
      'a port of its own protocol',
      'SRV',
      `_dns._udp.names.${zone}`,
      [{ type: 'SRV', port: 53, target: `names.${zone}` }],
    ],
    ['no UDP port as one of TCP', 'SRV', `_dns._tcp.names.${zone}`, []],
    ['no port of a Service of another namespace', 'SRV', '_http._tcp.web.bank.svc.cluster.local', []],
    ['no other port of a headless Service', 'SRV', `_http._tcp.db.${zone}`, []],
    ['no port of a Service elsewhere', 'SRV', `_http._tcp.away.${zone}`, []],
    [
      'the port of each ready endpoint of a headless Service',
      'SRV',
      `_sql._tcp.db.${zone}`,
      [
        { type: 'SRV', port: 5432, target: `db-0.db.${zone}` },
        { type: 'SRV', port: 5432, target: `10-244-1-3.db.${zone}` },
      ],
    ],
    ['the address of an endpoint without a host name', 'A', `10-244-1-3.db.${zone}`, [{ type: 'A', ip: '10.244.1.3' }]],
    ['no address of an endpoint that is not ready', 'A', `10-244-1-4.db.${zone}`, []],
    ['no such address of an endpoint that has a host name', 'A', `10-244-1-2.db.${zone}`, []],
    ['no such address of a Service that is not headless', 'A', `10-244-1-3.web.${zone}`, []],
    ['the name of an address', 'PTR', '9.0.96.10.in-addr.arpa', [{ type: 'PTR', target: `web.${zone}` }]],
    ['the name of an endpoint', 'PTR', '2.1.244.10.in-addr.arpa', [{ type: 'PTR', target: `db-0.db.${zone}` }]],
    [
      'the name of an endpoint without a host name',
      'PTR',
      '3.1.244.10.in-addr.arpa',
      [{ type: 'PTR', target: `10-244-1-3.db.${zone}` }],
    ],
    ['no name of an endpoint that is not ready', 'PTR', '4.1.244.10.in-addr.arpa', []],
    ['no name of another address', 'PTR', '1.1.1.1.in-addr.arpa', []],
    ['the target of an ExternalName', 'CNAME', `away.${zone}`, [{ type: 'CNAME', target: 'shop.example.com' }]],
    ['no alias of another Service', 'CNAME', `web.${zone}`, []],
    ['nothing of another type', 'TXT', `web.${zone}`, []],
  ])('returns %s', (_, type, name, expected) => {
    expect(recordsOf(objects, type, name)).toEqual(expected)
  })
})
