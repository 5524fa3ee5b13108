// The endpoints behind a route, from the Service's current slices.
import { endpointsOfPort, serviceKey, slicesByService } from '../pod-network/endpoints.ts'
import type { EndpointSlice, KubeService } from '../pod-network/objects.ts'
import type { Endpoint } from '../topology/addresses.ts'
import type { Route } from './routes.ts'

export type Backends = {
  /** Undefined when the Service or port does not exist; empty when none of its endpoints is ready. */
  endpoints(route: Route): readonly Endpoint[] | undefined
  all(): readonly Endpoint[]
}

export function createBackends(services: readonly KubeService[], slices: readonly EndpointSlice[]): Backends {
  const grouped = slicesByService(slices)
  const byPort = new Map<string, readonly Endpoint[]>()
  for (const service of services) {
    const key = serviceKey(service)
    for (const port of service.spec?.ports ?? []) {
      const endpoints = endpointsOfPort(grouped.get(key) ?? [], port.name)
      byPort.set(`${key}:${port.port}`, endpoints)
      if (port.name) byPort.set(`${key}:${port.name}`, endpoints)
    }
  }
  return {
    endpoints: ({ namespace, service, port }) => byPort.get(`${namespace}/${service}:${port}`),
    all: () => [...byPort.values()].flat(),
  }
}
