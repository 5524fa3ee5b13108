import { describe, expect, it } from 'vitest'
import { labPaths } from '../../../src/lab/machine/paths.ts'
import { applyManifests } from '../../../src/lab/workload/apply.ts'
import type { Manifest } from '../../../src/lab/workload/render.ts'
import { refusal, serveSmallApi } from '../../support/small-api-server.ts'
import { tempFolder } from '../../support/temp-folder.ts'

const GROUP = 'shop.example/v1'
const definition = {
  apiVersion: 'apiextensions.k8s.io/v1',
  kind: 'CustomResourceDefinition',
  metadata: { name: 'carts.shop.example' },
  spec: {
    group: 'shop.example',
    scope: 'Namespaced',
    names: { plural: 'carts', kind: 'Cart' },
    versions: [
      {
        name: 'v1',
        served: true,
        storage: true,
        schema: {
          openAPIV3Schema: {
            type: 'object',
            properties: {
              spec: { type: 'object', 'x-kubernetes-preserve-unknown-fields': true },
              port: { 'x-kubernetes-int-or-string': true },
            },
          },
        },
      },
    ],
  },
} satisfies Manifest
const cart: Manifest = { apiVersion: GROUP, kind: 'Cart', metadata: { name: 'one' }, spec: { anything: { goes: 1 } } }
const settings: Manifest = {
  apiVersion: 'v1',
  kind: 'ConfigMap',
  metadata: { name: 'settings', namespace: 'casino' },
  aFieldOfTomorrow: 'kept',
}
/** A typed client may rename `from`. */
const policy: Manifest = {
  apiVersion: 'networking.k8s.io/v1',
  kind: 'NetworkPolicy',
  metadata: { name: 'only-gateway', namespace: 'casino' },
  spec: { podSelector: {}, ingress: [{ from: [{ podSelector: { matchLabels: { app: 'gateway' } } }] }] },
}
const shop: Manifest = { apiVersion: 'v1', kind: 'Namespace', metadata: { name: 'casino' } }

const resource = (name: string, kind: string, namespaced: boolean) => ({ name, kind, namespaced })
const discovery: Readonly<Record<string, unknown>> = {
  '/api/v1': {
    resources: [
      resource('namespaces', 'Namespace', false),
      resource('namespaces/status', 'Namespace', false),
      resource('configmaps', 'ConfigMap', true),
    ],
  },
  '/apis/networking.k8s.io/v1': { resources: [resource('networkpolicies', 'NetworkPolicy', true)] },
  '/apis/apiextensions.k8s.io/v1': {
    resources: [resource('customresourcedefinitions', 'CustomResourceDefinition', false)],
  },
}

/** Applies to a server that serves a user's kind only at the second look after its definition. Returns what the server received. */
async function applied(manifests: readonly Manifest[], busy = 0, answer = refusal(429)) {
  const root = tempFolder()
  const sent: [path: string, body: unknown][] = []
  let [looks, refusals] = [0, busy]
  await serveSmallApi(({ method, path, body }) => {
    if (method === 'PATCH' && path.includes('/carts/') && refusals-- > 0) return answer
    if (method === 'PATCH') sent.push([path, body])
    if (path !== `/apis/${GROUP}`) return method === 'PATCH' ? body : discovery[path]
    return ++looks > 1 ? { resources: [resource('carts', 'Cart', true)] } : undefined
  }, labPaths(root).kubeconfig)
  await applyManifests(root, manifests)
  return sent
}

describe('what is applied to a lab', () => {
  it('arrives unchanged, including fields that a typed client does not know', async () => {
    const sent = await applied([cart, settings, policy, definition, shop])
    const bodies = new Map(sent)
    expect(bodies.get('/apis/apiextensions.k8s.io/v1/customresourcedefinitions/carts.shop.example')).toEqual(definition)
    expect(bodies.get('/api/v1/namespaces/casino/configmaps/settings')).toEqual(settings)
    expect(bodies.get('/apis/networking.k8s.io/v1/namespaces/casino/networkpolicies/only-gateway')).toEqual(policy)
    expect(bodies.get(`/apis/${GROUP}/namespaces/default/carts/one`)).toEqual(cart)
  })

  it('arrives in an order in which no object refers to a later one, custom resources included', async () => {
    const kinds = (await applied([cart, settings, definition, shop])).map(([, body]) => (body as Manifest).kind)
    expect(kinds.slice(0, 2).sort()).toEqual(['CustomResourceDefinition', 'Namespace'])
    expect(kinds.slice(2)).toEqual(['ConfigMap', 'Cart'])
  })

  it('is sent again when the server answers 429', async () => {
    expect(await applied([definition, cart], 2)).toHaveLength(2)
  })

  it('is sent again while its namespace has no service account, and not when it is forbidden for another reason', async () => {
    const early = refusal(403, 'pods "one" is forbidden: error looking up service account default/default')
    expect(await applied([definition, cart], 2, early)).toHaveLength(2)
    await expect(applied([definition, cart], 2, refusal(403, 'carts "one" is forbidden'))).rejects.toThrow('forbidden')
  })

  it('is refused with all problems at once, each with its object', async () => {
    const strange: Manifest = { apiVersion: 'v1', kind: 'Strange', metadata: { name: 'thing' } }
    const unknown: Manifest = { apiVersion: 'nobody.example/v1', kind: 'Other', metadata: { name: 'some' } }
    const refused = await applied([strange, unknown, settings]).catch((error: unknown) => String(error))
    expect(refused).toContain('manifests-refused')
    expect(refused).toContain('Strange thing: the API server has no kind Strange in v1')
    expect(refused).toContain('Other some: ')
  })
})
