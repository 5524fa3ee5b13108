/** Policies proven by their effect, on the API server's own admission and on the lab's pod network. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { connectKubernetes } from '../../../src/adapters/kubernetes/connect.ts'
import { listPosture } from '../../../src/adapters/kubernetes/posture-lists.ts'
import type { PostureKind, PostureObject } from '../../../src/domain/posture.ts'
import type { KubernetesApi } from '../../../src/protocols/kubernetes/api.ts'
import { type SharedBench, sharedBench } from '../../lab/support/shared-bench.ts'

const SERVER = `require('node:http').createServer((_, answer) => answer.end('here')).listen(8080)`
const deployment = (app: string) => ({
  apiVersion: 'apps/v1',
  kind: 'Deployment',
  metadata: { name: app },
  spec: {
    selector: { matchLabels: { app } },
    template: {
      metadata: { labels: { app } },
      spec: {
        terminationGracePeriodSeconds: 1,
        containers: [
          {
            name: 'server',
            image: 'test/app:1',
            command: ['node', '-e', SERVER],
            readinessProbe: { tcpSocket: { port: 8080 }, periodSeconds: 1 },
          },
        ],
      },
    },
  },
})
const policy = (name: string, spec: object) => ({
  apiVersion: 'networking.k8s.io/v1',
  kind: 'NetworkPolicy',
  metadata: { name },
  spec,
})
const ofApp = (app: string) => ({ podSelector: { matchLabels: { app } } })
const policies = [
  policy('default-deny', { podSelector: {}, policyTypes: ['Ingress', 'Egress'] }),
  policy('orders-in', { ...ofApp('orders'), policyTypes: ['Ingress'], ingress: [{ from: [ofApp('web')] }] }),
  policy('web-out', { ...ofApp('web'), policyTypes: ['Egress'], egress: [{ to: [ofApp('orders')] }] }),
]
const APPS = ['orders', 'stock', 'web']
const PSA = 'pod-security.kubernetes.io/enforce'

let bench: SharedBench
let api: KubernetesApi
beforeAll(async () => {
  bench = await sharedBench()
  api = await connectKubernetes({ kubeconfig: bench.state.kubeconfig })
  await bench.apply(...APPS.map(deployment))
  for (const app of APPS) await bench.kubectl('rollout', 'status', `deployment/${app}`, '--timeout=60s')
})
afterAll(async () => {
  await bench.kubectl('label', 'namespace', 'default', `${PSA}-`)
  await bench.leave()
})

const listed = async <K extends PostureKind>(resource: K) =>
  (await listPosture(api, 'default', resource)) as readonly Extract<PostureObject, { resource: K }>[]
const dials = async () =>
  (await listed('Dial')).map(({ from, to, allowed, outcome }) => `${from} to ${to} ${allowed} ${outcome}`).sort()

describe('dials', () => {
  it('all connect, and none is forbidden, without policies', async () => {
    expect(await dials()).toEqual(
      APPS.flatMap((from) => APPS.filter((to) => to !== from).map((to) => `${from} to ${to} true connected`)),
    )
  })

  it('connect only where the policies allow it', async () => {
    await bench.apply(...policies)
    // The network learns of a policy a moment after the API server.
    await expect
      .poll(dials, { timeout: 30_000, interval: 1000 })
      .toEqual([
        'orders to stock false failed',
        'orders to web false failed',
        'stock to orders false failed',
        'stock to web false failed',
        'web to orders true connected',
        'web to stock false failed',
      ])
  })
})

describe('dials beyond the namespace', () => {
  const BANK = 'dialled-bank'
  const toTheWorld = policy('web-to-the-world', {
    ...ofApp('web'),
    policyTypes: ['Egress'],
    egress: [{ to: [{ ipBlock: { cidr: '0.0.0.0/0' } }] }],
  })
  beforeAll(async () => {
    await bench.kubectl('create', 'namespace', BANK)
    const ledger = deployment('ledger')
    await bench.apply({ ...ledger, metadata: { ...ledger.metadata, namespace: BANK } })
    await bench.kubectl('rollout', 'status', 'deployment/ledger', '-n', BANK, '--timeout=60s')
    await bench.apply(...policies)
  })
  afterAll(() => bench.kubectl('delete', 'namespace', BANK, '--wait=false'))

  const beyond = async () => {
    const reach = { namespaces: ['default', BANK], endpoints: [] }
    const all = (await listPosture(api, 'default', 'Dial', reach)) as readonly Extract<
      PostureObject,
      { resource: 'Dial' }
    >[]
    return all
      .flatMap(({ from, to, outside, allowed, outcome }) => (outside ? [`${from} to ${to} ${allowed} ${outcome}`] : []))
      .sort()
  }
  /** The lab's resolver is no pod of kube-system. */
  const NO_DNS = ' to cluster DNS false undialled'
  const forbidden = (to: string) => APPS.map((app) => `${app} to ${to} false failed`)
  /** The lab lets every pod reach the API server, whatever the policies say: dials find that. */
  const REACHED = APPS.map((app) => `${app} to kubernetes.default false connected`)

  it('reach neither another namespace nor the world, which no policy allows, and do reach the API server of a lab', async () => {
    await expect
      .poll(beyond, { timeout: 30_000, interval: 1000 })
      .toEqual([NO_DNS, ...['192.0.2.1', `${BANK}/ledger`].flatMap(forbidden), ...REACHED].sort())
  })

  it('connect where the policies of both sides allow it', async () => {
    const names = { namespaceSelector: { matchLabels: { 'kubernetes.io/metadata.name': BANK } } }
    await bench.apply(
      policy('web-to-bank', {
        ...ofApp('web'),
        policyTypes: ['Egress'],
        egress: [{ to: [{ ...names, ...ofApp('ledger') }] }],
      }),
      toTheWorld,
    )
    await expect.poll(beyond, { timeout: 30_000, interval: 1000 }).toEqual(
      [
        NO_DNS,
        ...[...forbidden(`${BANK}/ledger`), ...REACHED].filter((each) => !each.startsWith('web ')),
        ...[`${BANK}/ledger`, 'kubernetes.default'].map((to) => `web to ${to} true connected`),
        // The policies allow web to call the whole world: nothing would be learned.
        ...forbidden('192.0.2.1').filter((each) => !each.startsWith('web ')),
      ].sort(),
    )
    await bench.kubectl('delete', 'networkpolicy', 'web-to-bank', 'web-to-the-world')
  })
})

describe('dry runs', () => {
  const outcomes = async () => (await listed('DryRun')).map(({ tried, outcome }) => `${tried} ${outcome}`)

  it('are all accepted by a namespace that enforces nothing, and leave no pod', async () => {
    expect(await outcomes()).toEqual([
      'in-order accepted',
      'privileged accepted',
      'latest-tag accepted',
      'without-limits accepted',
    ])
    const { items } = await bench.get('pods')
    expect(items).toHaveLength(APPS.length)
  })

  it('show that the Pod Security Standard "restricted" is about privileges alone', async () => {
    await bench.kubectl('label', 'namespace', 'default', `${PSA}=restricted`)
    expect(await outcomes()).toEqual([
      'in-order accepted',
      'privileged refused',
      'latest-tag accepted',
      'without-limits accepted',
    ])
  })
})
