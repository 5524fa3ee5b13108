// Chooses the endpoints of a Service as kube-proxy does.
import type { Endpoint } from '../topology/addresses.ts'
import type { KernelPort, ServiceEntry } from './messages.ts'
import { type EndpointSlice, type KubeService, SERVICE_NAME_LABEL, type SliceEndpoint } from './objects.ts'

// The API server's default for sessionAffinityConfig.clientIP.timeoutSeconds: three hours.
const AFFINITY_DEFAULT_SECONDS = 10_800

export function serviceKey(object: KubeService | EndpointSlice): string {
  const name = object.metadata.labels?.[SERVICE_NAME_LABEL] ?? object.metadata.name
  return `${object.metadata.namespace}/${name}`
}

/** The slices of each Service, by `namespace/name`. Only IPv4, because the lab has nothing else. */
export function slicesByService(slices: readonly EndpointSlice[]): Map<string, EndpointSlice[]> {
  const grouped = new Map<string, EndpointSlice[]>()
  for (const slice of slices) {
    if (slice.addressType !== 'IPv4' || !slice.metadata.labels?.[SERVICE_NAME_LABEL]) continue
    const key = serviceKey(slice)
    grouped.set(key, [...(grouped.get(key) ?? []), slice])
  }
  return grouped
}

/**
 * Ready endpoints. If none is ready, those that terminate but still serve (kube-proxy's ProxyTerminatingEndpoints), so that the last pod of
 * a rollout can drain.
 */
export function routable(slice: readonly EndpointSlice[]): SliceEndpoint[] {
  const all = slice.flatMap((one) => one.endpoints ?? [])
  const ready = all.filter((endpoint) => endpoint.conditions?.ready !== false)
  return ready.length > 0 ? ready : all.filter(isDraining)
}

function isDraining({ conditions }: SliceEndpoint): boolean {
  return conditions?.serving === true && conditions.terminating === true
}

/** The routable endpoints of one port of a Service, with the port number from the slices. */
export function endpointsOfPort(slices: readonly EndpointSlice[], portName: string | undefined): Endpoint[] {
  const chosen = new Set(routable(slices))
  return slices.flatMap((slice) => {
    const port = slice.ports?.find((candidate) => (candidate.name ?? '') === (portName ?? ''))?.port
    if (port === undefined) return []
    const endpoints = (slice.endpoints ?? []).filter((endpoint) => chosen.has(endpoint))
    return endpoints.flatMap((endpoint) => endpoint.addresses.slice(0, 1).map((ip): Endpoint => [ip, port]))
  })
}

export function serviceEntry(service: KubeService, slices: readonly EndpointSlice[]): ServiceEntry {
  const spec = service.spec
  const tcp = (spec?.ports ?? []).filter((port) => (port.protocol ?? 'TCP') === 'TCP')
  const ports = Object.fromEntries(tcp.map((port) => [port.port, endpointsOfPort(slices, port.name)]))
  const kernelPorts = kernelPortsOf(service, slices)
  const more = kernelPorts.length === 0 ? {} : { kernelPorts }
  if (spec?.sessionAffinity !== 'ClientIP') return { ports, ...more }
  const affinitySeconds = spec.sessionAffinityConfig?.clientIP?.timeoutSeconds ?? AFFINITY_DEFAULT_SECONDS
  return { ports, affinitySeconds, ...more }
}

function kernelPortsOf({ spec }: KubeService, slices: readonly EndpointSlice[]): readonly KernelPort[] {
  return (spec?.ports ?? []).flatMap(({ name, port, nodePort, protocol = 'TCP' }): KernelPort[] => {
    if (protocol !== 'TCP' && protocol !== 'UDP') return []
    const served = { protocol: protocol === 'TCP' ? 'tcp' : 'udp', endpoints: endpointsOfPort(slices, name) } as const
    return [
      ...(protocol === 'UDP' ? [{ at: 'service', port, ...served } as const] : []),
      ...(nodePort ? [{ at: 'nodes', port: nodePort, ...served } as const] : []),
    ]
  })
}
