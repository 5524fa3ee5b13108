// The ingress: a reverse proxy in front of the pods, configured by Kubernetes objects. It is a peer of the pod network with its own address
// (10.244.0.2, namespace `ingress`, label app.kubernetes.io/name: ingress), so that policies and faults can name it.
import http from 'node:http'
import type { AddressInfo } from 'node:net'
import type { Duplex } from 'node:stream'
import type { EndpointSlice, KubeService } from '../pod-network/objects.ts'
import { type Backends, createBackends } from './backends.ts'
import { createBalancer } from './balancer.ts'
import { createRepeatAllowance } from './ejection.ts'
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
}

/** `socket`: the descriptor of a socket that listens already, instead of host and port. */
export type Listen = { host: string; port: number; metricsPort: number; socket?: number }

export type IngressServer = {
  port: number
  metricsPort: number
  setObjects(objects: IngressObjects): void
  /** Finishes requests in flight and refuses new ones. After `graceMs` the rest is cut off. */
  drain(graceMs: number): Promise<void>
}

// A load generator may pause longer between two requests than Node's 5 s. nginx's keepalive_timeout is 75 s.
const CLIENT_IDLE_MS = 75_000

/** @throws Error with code EADDRINUSE when a port is in use */
export async function startIngressServer(listen: Listen, log: (line: string) => void): Promise<IngressServer> {
  let routes: RouteTable = createRouteTable([])
  let backends: Backends = createBackends([], [])
  const pools = createPools()
  const outliers = watchOutliers(log)
  const metrics = createMetrics()
  const upgraded = new Set<Duplex>()
  const upstreams: Upstreams = {
    route: ({ headers, url = '/' }) => routes.match(headers.host ?? '', url.split('?', 1)[0] ?? '/'),
    endpoints: (route) => backends.endpoints(route),
    balancer: createBalancer(outliers.outstanding),
    outliers,
    allowance: createRepeatAllowance(),
    pools,
    onRetry(route, reason) {
      metrics.retried(route)
      log(`${route.namespace}/${route.service}: no answer (${reason}), trying another endpoint`)
    },
  }
  const timed = () => {
    const startedMs = performance.now()
    return (outcome: ProxyOutcome) => metrics.answered(outcome, performance.now() - startedMs)
  }

  const server = http.createServer({ keepAliveTimeout: CLIENT_IDLE_MS, requestTimeout: 0, noDelay: true })
  server.on('request', (request, response) => proxyRequest(request, response, upstreams, timed()))
  server.on('upgrade', (request, socket, head) => {
    proxyUpgrade({ request, socket, head }, upstreams, (pair) => track(pair), timed())
  })

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
  const metricsPort = await listenOn(metricsServer, { host: listen.host, port: listen.metricsPort })

  return {
    port,
    metricsPort,
    setObjects({ ingresses, services, slices }) {
      routes = createRouteTable(ingresses)
      backends = createBackends(services, slices)
      pools.keepOnly(backends.all())
      outliers.keepOnly(backends.all())
    },
    async drain(graceMs) {
      metricsServer.close()
      outliers.close()
      const closed = new Promise<void>((resolve) => server.close(() => resolve()))
      server.closeIdleConnections()
      for (const socket of upgraded) socket.end()
      await Promise.race([closed, new Promise((resolve) => setTimeout(resolve, graceMs))])
      for (const socket of upgraded) socket.destroy()
      server.closeAllConnections()
      pools.close()
    },
  }
}

function listenOn(server: http.Server, at: { host: string; port: number } | { fd: number }): Promise<number> {
  return new Promise((resolve, reject) => {
    server.once('error', reject)
    server.listen(at, () => resolve((server.address() as AddressInfo).port))
  })
}
