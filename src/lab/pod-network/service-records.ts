/**
 * Further records of Services in cluster DNS, by Kubernetes' specification of DNS-based service discovery: SRV for named ports, PTR for addresses, CNAME for
 * ExternalName, and A for endpoints of headless Services that have no host name. They are computed for each query, because queries for them are rare. Pure.
 */
import type { NameRecord } from './dns-message.ts'
import { routable, serviceKey, slicesByService } from './endpoints.ts'
import { ZONE } from './names.ts'
import type { ClusterObjects, EndpointSlice, KubeService, SliceEndpoint } from './objects.ts'

/** `name`: in full, in lower case, without a trailing dot. Empty where there is no such record. */
export function recordsOf(objects: ClusterObjects, type: string, name: string): readonly NameRecord[] {
  switch (type) {
    case 'A':
      return addressRecords(objects, name)
    case 'CNAME':
      return aliasRecords(objects, name)
    case 'PTR':
      return reverseRecords(objects, name)
    case 'SRV':
      return portRecords(objects, name)
    default:
      return []
  }
}

const nameOf = ({ metadata }: KubeService): string => `${metadata.name}.${metadata.namespace}.${ZONE}`
const isHeadless = ({ spec }: KubeService): boolean => spec?.type !== 'ExternalName' && spec?.clusterIP === 'None'

const serviceNamed = ({ services }: ClusterObjects, name: string | undefined): KubeService | undefined =>
  services.find((service) => nameOf(service) === name)

const slicesOf = ({ slices }: ClusterObjects, service: KubeService): readonly EndpointSlice[] =>
  slicesByService(slices).get(serviceKey(service)) ?? []

/** `10-244-1-5`, where the pod has no host name. */
const hostOf = ({ hostname, addresses }: SliceEndpoint): string => hostname ?? (addresses[0] ?? '').replaceAll('.', '-')

function addressRecords(objects: ClusterObjects, name: string): readonly NameRecord[] {
  const [, host, of] = /^(\d+-\d+-\d+-\d+)\.(.+)$/.exec(name) ?? []
  const service = host === undefined ? undefined : serviceNamed(objects, of)
  if (service === undefined || !isHeadless(service)) return []
  const own = routable(slicesOf(objects, service)).filter((endpoint) => hostOf(endpoint) === host)
  return own.flatMap(({ addresses }) => addresses.map((ip): NameRecord => ({ type: 'A', ip })))
}

function aliasRecords(objects: ClusterObjects, name: string): readonly NameRecord[] {
  const { type, externalName } = serviceNamed(objects, name)?.spec ?? {}
  return type === 'ExternalName' && externalName ? [{ type: 'CNAME', target: externalName.replace(/\.$/, '') }] : []
}

function reverseRecords(objects: ClusterObjects, name: string): readonly NameRecord[] {
  const ip = /^((?:\d{1,3}\.){4})in-addr\.arpa$/.exec(name)?.[1]?.split('.').slice(0, 4).reverse().join('.')
  if (ip === undefined) return []
  const targets = objects.services.flatMap((service) => {
    if (!isHeadless(service)) return service.spec?.clusterIP === ip ? [nameOf(service)] : []
    const own = routable(slicesOf(objects, service)).filter(({ addresses }) => addresses.includes(ip))
    return own.map((endpoint) => `${hostOf(endpoint)}.${nameOf(service)}`)
  })
  return targets.map((target): NameRecord => ({ type: 'PTR', target }))
}

type NamedPort = { readonly name?: string; readonly port?: number; readonly protocol?: string }

function portRecords(objects: ClusterObjects, asked: string): readonly NameRecord[] {
  const [, portName, protocol, name] = /^_([^.]+)\._(tcp|udp|sctp)\.(.+)$/.exec(asked) ?? []
  const service = serviceNamed(objects, name)
  if (service === undefined || name === undefined || service.spec?.type === 'ExternalName') return []
  const numberIn = (ports: readonly NamedPort[] = []) =>
    ports.find((port) => port.name === portName && (port.protocol ?? 'TCP').toLowerCase() === protocol)?.port
  if (!isHeadless(service)) {
    const port = numberIn(service.spec?.ports)
    return port === undefined ? [] : [{ type: 'SRV', port, target: name }]
  }
  const slices = slicesOf(objects, service)
  const chosen = new Set(routable(slices))
  return slices.flatMap(({ endpoints = [], ports }) => {
    const port = numberIn(ports)
    if (port === undefined) return []
    const own = endpoints.filter((endpoint) => chosen.has(endpoint))
    return own.map((endpoint): NameRecord => ({ type: 'SRV', port, target: `${hostOf(endpoint)}.${name}` }))
  })
}
