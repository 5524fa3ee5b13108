// The agent and the ingress against a real API server: started before it, fed by its watches, unharmed by its restart.
import { rmSync } from 'node:fs'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { type PodNetworkAgent, startPodNetworkAgent } from '../../../src/lab/pod-network/agent.ts'
import type { SandboxNetwork } from '../../../src/lab/pod-network/network-plugin.ts'
import { type BareCluster, eventually, startBareCluster } from '../support/bare-cluster.ts'
import { startApp, within } from './small-cluster.ts'

const NODE_INDEX = 240
// Not a lab's own: labs may be up while this runs.
const FRONT_DOOR = '127.99.7.1:8080'

describe('the pod network of a real API server', () => {
  let bare: BareCluster
  let agent: PodNetworkAgent
  const apps: ReturnType<typeof startApp>[] = []

  beforeAll(async () => {
    bare = await startBareCluster()
    agent = await startPodNetworkAgent({ root: bare.root, kubeconfig: bare.paths.kubeconfig, log: () => {} })
    for (const name of ['casino', 'ingress']) await bare.cluster.create('/api/v1/namespaces', { metadata: { name } })
    await bare.cluster.create('/api/v1/namespaces/casino/serviceaccounts', { metadata: { name: 'default' } })
  }, 120_000)

  afterAll(async () => {
    for (const app of apps) app.child.kill('SIGKILL')
    await agent?.stop()
    await bare?.stop()
    if (bare) rmSync(bare.root, { recursive: true, force: true })
  })

  async function pod(name: string): Promise<{ network: SandboxNetwork; app: ReturnType<typeof startApp> }> {
    const labels = { app: name }
    const spec = { nodeName: 'n1', automountServiceAccountToken: false, containers: [{ name: 'main', image: 'x:1' }] }
    const made = await bare.cluster.create('/api/v1/namespaces/casino/pods', { metadata: { name, labels }, spec })
    const { uid } = made.metadata as { uid: string }
    const network = await agent.add({
      id: `sandbox-${name}`,
      node: 'test',
      nodeIndex: NODE_INDEX,
      namespace: 'casino',
      name,
      uid,
      labels,
      ports: [],
    })
    const app = startApp(process.execPath, network.env)
    apps.push(app)
    return { network, app }
  }

  it('routes Services, enforces policies and opens the ingress as long as the objects in the API ask for it', async () => {
    const client = await pod('client')
    const server = await pod('server')
    await server.app.run('serve', { kind: 'http', port: 8080, name: 'server' })
    await bare.cluster.create('/api/v1/namespaces/casino/services', {
      metadata: { name: 'web' },
      spec: { ports: [{ name: 'http', port: 80, targetPort: 8080 }] },
    })
    const slice = {
      metadata: { name: 'web-1', labels: { 'kubernetes.io/service-name': 'web' } },
      addressType: 'IPv4',
      endpoints: [{ addresses: [server.network.ip], conditions: { ready: true } }],
      ports: [{ name: 'http', port: 8080, protocol: 'TCP' }],
    }
    await bare.cluster.create('/apis/discovery.k8s.io/v1/namespaces/casino/endpointslices', slice)
    const get = () => client.app.run('get', { url: 'http://web.casino.svc/', fresh: true }).catch((error) => error.code)
    await expect.poll(get, { timeout: 5_000 }).toMatchObject({ status: 200, from: client.network.ip })

    await bare.cluster.create('/apis/networking.k8s.io/v1/namespaces/casino/networkpolicies', {
      metadata: { name: 'server' },
      spec: {
        podSelector: { matchLabels: { app: 'server' } },
        policyTypes: ['Ingress'],
        ingress: [{ from: [{ namespaceSelector: { matchLabels: { 'kubernetes.io/metadata.name': 'ingress' } } }] }],
      },
    })
    await expect.poll(() => within(200, get()), { timeout: 5_000 }).toBe('silent')

    const daemon = bare.daemon('ingress', '--listen', FRONT_DOOR)
    await bare.cluster.create('/apis/networking.k8s.io/v1/namespaces/casino/ingresses', {
      metadata: { name: 'web' },
      spec: {
        ingressClassName: 'lab',
        rules: [
          {
            http: {
              paths: [{ path: '/', pathType: 'Prefix', backend: { service: { name: 'web', port: { number: 80 } } } }],
            },
          },
        ],
      },
    })
    const through = () =>
      fetch(`http://${FRONT_DOOR}/`)
        .then((response) => response.json())
        .catch(() => 'down')
    await expect.poll(through, { timeout: 10_000 }).toMatchObject({ pod: 'server', from: '10.244.0.2' })

    // A second one finds the port taken and says so in one line.
    const second = bare.daemon('ingress', '--listen', FRONT_DOOR)
    await eventually('the refusal', 10_000, async () =>
      bare.log('ingress').includes('8080 is in use') ? true : undefined,
    )
    await second.kill('SIGTERM')

    await bare.cluster.merge('/apis/discovery.k8s.io/v1/namespaces/casino/endpointslices/web-1', {
      endpoints: [{ addresses: [server.network.ip], conditions: { ready: false } }],
    })
    await expect
      .poll(() => fetch(`http://${FRONT_DOOR}/`).then((response) => response.status), { timeout: 5_000 })
      .toBe(503)
    await expect.poll(() => within(200, get()), { timeout: 5_000 }).toBe('ECONNREFUSED')
    await daemon.kill('SIGTERM')
  }, 60_000)

  it('routes kubernetes.default to the API server', async () => {
    const { app } = await pod('api-client')
    const opened = await app.run('open', { name: 'api', kind: 'tls', host: 'kubernetes.default', port: 443 })
    expect(opened).toMatchObject({ tookMs: expect.any(Number) })
  })
})
