// The ingress: a reverse proxy in front of the pods, configured by Kubernetes objects. It is a peer of the pod network with its own address
// (10.244.0.2, namespace `ingress`, label app.kubernetes.io/name: ingress), so that policies and faults can name it. Its front door serves
// Ingresses and the listeners on port 80 of Gateways; each Gateway also has an address of its own.
import http from 'node:http'
import type { Duplex } from 'node:stream'
import type { EndpointSlice, KubeService } from '../pod-network/objects.ts'
import { type Backends, createBackends } from './backends.ts'
import { createBalancer } from './balancer.ts'
import { createRepeatAllowance } from './ejection.ts'
import { closed, createEntryPoints, listenOn, SERVER, type Serve } from './entry-points.ts'
import type { AddressRange } from './gateway-api/addresses.ts'
import { createGateways } from './gateway-api/gateways.ts'
import type { GatewayObjects } from './gateway-api/plan.ts'
import type { Router } from './gateway-api/rules.ts'
import type { StatusWrite } from './gateway-api/status.ts'
import { createMetrics } from './metrics.ts'
import type { Ingress } from './objects.ts'
import { watchOutliers } from './outliers.ts'
import { createPools } from './pools.ts'
import { type ProxyOutcome, proxyRequest, type Upstreams } from './proxy.ts'
import { createRouteTable, type RouteTable } from './routes.ts'
import { proxyUpgrade } from './upgrade.ts'

export type IngressObjects = {
  ingresses: readonly Ingress[]
  services: readonly KubeService[]
  slices: readonly EndpointSlice[]
  /** Absent where the cluster has no Gateway API. */
  gatewayApi?: GatewayObjects
}

/**
 * `socket`: the descriptor of a socket that listens already, instead of host and port. `inside`: the address for pods of a lab with network namespaces,
 * such as load runners.
 */
export type Listen = {
  host: string
  port: number
  metricsPort: number
  socket?: number
  inside?: { host: string; port: number }
  gateways: AddressRange
}

export type IngressServer = {
  port: number
  metricsPort: number
  setObjects(objects: IngressObjects): void
  /** The statuses of Gateway API objects that differ from what is served. `now` is the time for conditions that changed. */
  statuses(now: string): StatusWrite[]
  /** Finishes requests in flight and refuses new ones. After `graceMs` the rest is cut off. */
  drain(graceMs: number): Promise<void>
}

/**
 * `served` is called when a Gateway's port was opened or could not be.
 * @throws Error with code EADDRINUSE when a port is in use
 */
export async function startIngressServer(
  listen: Listen,
  log: (line: string) => void,
  served: () => void = () => {},
): Promise<IngressServer> {
  let routes: RouteTable = createRouteTable([])
  let backends: Backends = createBackends([], [])
  const pools = createPools()
  const metrics = createMetrics()
  const upgraded = new Set<Duplex>()
  const outliers = watchOutliers(log)
  const upstreams: Upstreams = {
    endpoints: (route) => backends.endpoints(route),
    balancer: createBalancer(outliers.outstanding),
    outliers,
    allowance: createRepeatAllowance(),
    pools,
    onRetry(route, reason) {
      metrics.retried(route)
      log(`${route.namespace}/${route.service}: no answer (${reason}), trying another endpoint`)
    },
    onMirrored: metrics.mirrored,
  }
  const timed = () => {
    const startedMs = performance.now()
    return (outcome: ProxyOutcome) => metrics.answered(outcome, performance.now() - startedMs)
  }
  const serve: Serve = {
    request: (request, response, route) => proxyRequest(request, response, route(request), upstreams, timed()),
    upgrade: (request, socket, head, route) =>
      proxyUpgrade({ request, socket, head }, route(request), upstreams, track, timed()),
  }
  const frontDoor: Router = (request) => {
    const route = routes.match(request.headers.host ?? '', request.url?.split('?')[0] ?? '/')
    return route ? { kind: 'forward', route } : gateways.frontDoor(request)
  }

  const doorway = (): http.Server =>
    http
      .createServer(SERVER)
      .on('request', (request, response) => serve.request(request, response, frontDoor))
      .on('upgrade', (request, socket, head) => serve.upgrade(request, socket, head, frontDoor))
  const server = doorway()

  function track([client, pod]: readonly [Duplex, Duplex]): void {
    metrics.socketOpened()
    upgraded.add(client)
    pod.once('close', () => {
      upgraded.delete(client)
      metrics.socketClosed()
    })
  }

  const metricsServer = http.createServer(async (request, response) => {
    if (request.url?.split('?')[0] !== '/metrics') return void response.writeHead(404).end()
    response.setHeader('content-type', metrics.registry.contentType)
    response.end(await metrics.registry.metrics())
  })
  const at = { host: listen.host, port: listen.port }
  const port = await listenOn(server, listen.socket === undefined ? at : { fd: listen.socket })
  const inner = listen.inside && doorway()
  if (inner && listen.inside) await listenOn(inner, listen.inside)
  const metricsPort = await listenOn(metricsServer, { host: listen.host, port: listen.metricsPort })
  const entryPoints = createEntryPoints(serve, served)
  const gateways = createGateways({ range: listen.gateways, frontPort: port, entryPoints })

  return {
    port,
    metricsPort,
    setObjects({ ingresses, services, slices, gatewayApi }) {
      routes = createRouteTable(ingresses)
      backends = createBackends(services, slices)
      if (gatewayApi) gateways.set(gatewayApi, services)
      pools.keepOnly(backends.all())
      outliers.keepOnly(backends.all())
    },
    statuses: gateways.statuses,
    async drain(graceMs) {
      metricsServer.close()
      outliers.close()
      const ended = Promise.all([closed(server), inner && closed(inner), entryPoints.close()])
      for (const socket of upgraded) socket.end()
      await Promise.race([ended, new Promise((resolve) => setTimeout(resolve, graceMs))])
      for (const socket of upgraded) socket.destroy()
      server.closeAllConnections()
      inner?.closeAllConnections()
      entryPoints.cut()
      pools.close()
    },
  }
}
