// Objects of the Gateway API as the API server gives them, with its defaults.
import type { Gateway, GatewayListener, HttpRoute, RouteRule } from '../../../src/lab/ingress/gateway-api/objects.ts'
import type { GatewayObjects } from '../../../src/lab/ingress/gateway-api/plan.ts'

export const CLASS = {
  metadata: { name: 'matchday', generation: 1, resourceVersion: '1' },
  spec: { controllerName: 'matchday.dev/lab-ingress' },
}

const created = (name: string, namespace = 'casino') => ({
  name,
  namespace,
  uid: `uid-${namespace}-${name}`,
  generation: 1,
  resourceVersion: '1',
  creationTimestamp: '2026-11-29T00:00:00Z',
})

export const listener = (over: Partial<GatewayListener> = {}): GatewayListener => ({
  name: 'http',
  port: 18080,
  protocol: 'HTTP',
  allowedRoutes: { namespaces: { from: 'Same' } },
  ...over,
})

export const gateway = (
  name = 'front',
  listeners: GatewayListener[] = [listener()],
  spec: Partial<Gateway['spec']> = {},
): Gateway => ({
  metadata: created(name),
  spec: { gatewayClassName: 'matchday', listeners, ...spec },
})

export const backend = (name: string, weight = 1, port = 80) => ({ group: '', kind: 'Service', name, port, weight })

export const rule = (over: RouteRule = {}): RouteRule => ({
  matches: [{ path: { type: 'PathPrefix', value: '/' } }],
  ...over,
})

export const route = (
  name: string,
  rules: RouteRule[],
  over: Partial<HttpRoute['spec'] & { namespace: string }> = {},
): HttpRoute => {
  const { namespace, ...spec } = over
  return {
    metadata: created(name, namespace),
    spec: { parentRefs: [{ group: 'gateway.networking.k8s.io', kind: 'Gateway', name: 'front' }], rules, ...spec },
  }
}

export const objects = (over: Partial<GatewayObjects> = {}): GatewayObjects => ({
  classes: [CLASS],
  gateways: [gateway()],
  routes: [],
  grants: [],
  namespaces: [{ metadata: { name: 'casino', labels: { 'kubernetes.io/metadata.name': 'casino' } } }],
  secrets: [],
  ...over,
})
