import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest'
import { controlComponent } from '../../../src/lab/lab.ts'
import { callSocket } from '../../../src/lab/machine/socket-client.ts'
import { eventually } from '../support/bare-cluster.ts'
import type { Json } from '../support/lab-bench.ts'
import { reach } from '../support/pod-reach.ts'
import { type SharedBench, sharedBench } from '../support/shared-bench.ts'

// Faults on pods that run, in a whole lab: what the daemon's objects say is compared with what a pod sees when it asks another.

let bench: SharedBench

const deployment = (name: string, replicas: number) => ({
  apiVersion: 'apps/v1',
  kind: 'Deployment',
  metadata: { name },
  spec: {
    replicas,
    selector: { matchLabels: { app: name } },
    template: {
      metadata: {
        labels: { app: name },
        annotations: { 'prometheus.io/scrape': 'true', 'prometheus.io/port': '8080' },
      },
      spec: {
        terminationGracePeriodSeconds: 1,
        containers: [
          {
            name: 'main',
            image: 'test/echo:1',
            resources: { requests: { cpu: '100m', memory: '64Mi' } },
            readinessProbe: { httpGet: { path: '/healthz', port: 8080 }, periodSeconds: 1 },
          },
        ],
      },
    },
  },
})
const service = (name: string) => ({
  apiVersion: 'v1',
  kind: 'Service',
  metadata: { name },
  spec: { selector: { app: name }, ports: [{ port: 80, targetPort: 8080 }] },
})

beforeAll(async () => {
  bench = await sharedBench()
  await bench.apply(deployment('client', 1), deployment('server', 2), service('server'))
  await settled()
  await eventually('admission', 20_000, () =>
    bench.kubectl('get', 'networkchaos').then(
      () => true,
      () => undefined,
    ),
  )
})
afterAll(() => bench.leave())
afterEach(async () => {
  await bench.kubectl('delete', 'podchaos,networkchaos,httpchaos,dnschaos', '--all', '--wait', '--timeout=20s')
  await settled()
})

const podsOf = async (app: string): Promise<Json[]> => (await bench.get('pods', '-l', `app=${app}`)).items
const isReady = (pod: Json) => pod.status.conditions?.some((one: Json) => one.type === 'Ready' && one.status === 'True')
const settled = () =>
  eventually('ready pods behind their Service', 40_000, async () => {
    const servers = await podsOf('server')
    const pods = [...(await podsOf('client')), ...servers]
    const ready = pods.length >= 3 && pods.every((pod) => isReady(pod) && !pod.metadata.deletionTimestamp)
    return (ready && (await endpoints()) === servers.length) || undefined
  })
const endpoints = async (): Promise<number> => {
  const slices: Json[] = (await bench.get('endpointslices', '-l', 'kubernetes.io/service-name=server')).items
  return slices.flatMap((slice) => slice.endpoints ?? []).filter(({ conditions }) => conditions.ready).length
}
/** Where this machine reaches the pod's server. */
async function originOf(pod: Json): Promise<string> {
  const { host, port } = await reach(bench.state, pod.status.podIP, 8080)
  return `http://${host}:${port}`
}

/** What the client pod sees when it asks: milliseconds, or what went wrong. */
async function asked(url: string, withinMs = 1000): Promise<string> {
  const [client] = await podsOf('client')
  const query = new URLSearchParams({ url, withinMs: String(withinMs) })
  const answer = await fetch(`${await originOf(client)}/ask?${query}`)
  return answer.text()
}
const serverAddress = async (index = 0) => `http://${(await podsOf('server'))[index].status.podIP}:8080/`

const chaos = (kind: string, name: string, spec: object) =>
  bench.apply({ apiVersion: 'chaos-mesh.org/v1alpha1', kind, metadata: { name }, spec })
const statusOf = async (kind: string, name: string): Promise<Json> => (await bench.get(kind, name)).status ?? {}
const injected = (kind: string, name: string) =>
  eventually(`${kind} ${name} injected`, 10_000, async () => {
    const records: Json[] = (await statusOf(kind, name)).experiment?.containerRecords ?? []
    return (records.length > 0 && records.every((record) => record.phase === 'Injected')) || undefined
  })
const of = (app: string) => ({ mode: 'all', selector: { labelSelectors: { app } } })
const heldRules = async (): Promise<Json> =>
  callSocket(join(bench.paths.net, 'agent.sock'), { method: 'GET', path: '/rules' }, 2000)

describe('the effect of a NetworkChaos', () => {
  it('a partition separates a pod from others until it ends', async () => {
    const url = await serverAddress()
    expect(await asked(url)).toMatch(/^\d+$/)
    await chaos('NetworkChaos', 'cut', {
      action: 'partition',
      direction: 'both',
      ...of('client'),
      target: of('server'),
    })
    await injected('networkchaos', 'cut')
    expect(await asked(url)).toBe('failed: timeout')
    await bench.kubectl('delete', 'networkchaos', 'cut')
    expect(await asked(url)).toMatch(/^\d+$/)
    expect((await heldRules()).sources).toEqual({})
  })

  it('a partition to a Service leaves its pods reachable by their addresses', async () => {
    const external = { externalTargets: ['server.default.svc.cluster.local'] }
    await chaos('NetworkChaos', 'cut', { action: 'partition', direction: 'to', ...of('client'), ...external })
    await injected('networkchaos', 'cut')
    expect(await asked('http://server/')).toBe('failed: timeout')
    expect(await asked(await serverAddress())).toMatch(/^\d+$/)
  })

  it('a delay slows every answer between the named pods, and no other', async () => {
    const delay = { latency: '300ms', jitter: '10ms' }
    const server = (await podsOf('server'))[0].metadata.name
    const target = { mode: 'all', selector: { pods: { default: [server] } } }
    await chaos('NetworkChaos', 'slow', { action: 'delay', direction: 'to', ...of('client'), target, delay })
    await injected('networkchaos', 'slow')
    expect(Number(await asked(await serverAddress(0), 5000))).toBeGreaterThanOrEqual(280)
    expect(Number(await asked(await serverAddress(1), 5000))).toBeLessThan(250)
  })

  it('a fault ends after its duration', async () => {
    const url = await serverAddress()
    await chaos('NetworkChaos', 'short', { action: 'partition', duration: '3s', ...of('client'), target: of('server') })
    await injected('networkchaos', 'short')
    expect(await asked(url, 500)).toBe('failed: timeout')
    await sleep(3000)
    expect(await asked(url)).toMatch(/^\d+$/)
    expect((await statusOf('networkchaos', 'short')).experiment.containerRecords[0]).toMatchObject({
      phase: 'Not Injected',
      injectedCount: 1,
      recoveredCount: 1,
    })
  })

  it('a fault whose daemon was killed is healed by the next daemon', async () => {
    const url = await serverAddress()
    await chaos('NetworkChaos', 'cut', { action: 'partition', duration: '5s', ...of('client'), target: of('server') })
    await injected('networkchaos', 'cut')
    await controlComponent(bench.root, 'chaos-daemon', 'kill')
    expect(await asked(url, 500)).toBe('failed: timeout')
    await controlComponent(bench.root, 'chaos-daemon', 'start')
    await eventually('recovery', 15_000, async () => (/^\d+$/.test(await asked(url, 500)) ? true : undefined))
    expect((await heldRules()).sources).toEqual({})
  })
})

describe('the effect of an HTTPChaos', () => {
  const http = (spec: object) => chaos('HTTPChaos', 'http', { port: 8080, path: '/', ...of('server'), ...spec })

  it('requests are aborted until it ends, and probes of other paths are not', async () => {
    const url = await serverAddress()
    await http({ target: 'Request', abort: true })
    await injected('httpchaos', 'http')
    expect(await asked(url)).toBe('failed: socket hang up')
    expect(await asked('http://server/')).toBe('failed: socket hang up')
    expect(await asked(`${url}healthz`)).toMatch(/^\d+$/)
    await bench.kubectl('delete', 'httpchaos', 'http')
    expect(await asked(url)).toMatch(/^\d+$/)
    expect((await heldRules()).sources).toEqual({})
  })

  it('answers are delayed, and only for its duration', async () => {
    const url = await serverAddress()
    await http({ target: 'Response', delay: '300ms', duration: '3s' })
    await injected('httpchaos', 'http')
    expect(Number(await asked(url))).toBeGreaterThanOrEqual(290)
    await eventually('recovery', 10_000, async () => (Number(await asked(url)) < 250 ? true : undefined))
  })

  it('outgoing requests of a pod are affected on the port that the client dials', async () => {
    await chaos('HTTPChaos', 'http', { target: 'Request', abort: true, port: 80, path: '/', ...of('client') })
    await injected('httpchaos', 'http')
    expect(await asked('http://server/')).toBe('failed: socket hang up')
  })

  it('probes that it hits make pods not Ready', async () => {
    await http({ target: 'Response', path: '/healthz', replace: { code: 503 } })
    await injected('httpchaos', 'http')
    await eventually('unready servers', 15_000, async () => ((await podsOf('server')).some(isReady) ? undefined : true))
  })
})

describe('the effect of a DNSChaos', () => {
  const dns = (action: string, pattern: string) =>
    chaos('DNSChaos', 'names', { action, patterns: [pattern], ...of('client') })

  it('the named hosts do not resolve until it ends, and others do', async () => {
    await dns('error', 'server.default.*')
    await injected('dnschaos', 'names')
    expect(await asked('http://server/')).toBe('failed: getaddrinfo EAI_AGAIN server')
    expect(await asked(await serverAddress())).toMatch(/^\d+$/)
    await bench.kubectl('delete', 'dnschaos', 'names')
    expect(await asked('http://server/')).toMatch(/^\d+$/)
    expect((await heldRules()).sources).toEqual({})
  })

  it('names resolve to addresses where nothing answers', async () => {
    await dns('random', 'server.*')
    await injected('dnschaos', 'names')
    expect(await asked('http://server/', 300)).toBe('failed: timeout')
  })
})

describe('the effect of a PodChaos', () => {
  it('a pod under pod-failure is not Ready, and recovers as the same pod', async () => {
    const before = (await podsOf('client'))[0]
    await chaos('PodChaos', 'fail', { action: 'pod-failure', ...of('client') })
    await injected('podchaos', 'fail')
    await eventually('a pod that is not ready', 20_000, async () =>
      isReady((await podsOf('client'))[0]) ? undefined : true,
    )
    await bench.kubectl('delete', 'podchaos', 'fail')
    await settled()
    const after = (await podsOf('client'))[0]
    expect(after.metadata.uid).toBe(before.metadata.uid)
    expect(after.spec.containers[0].image).toBe('test/echo:1')
    expect(await asked(await serverAddress())).toMatch(/^\d+$/)
  })

  it('a killed container is started again in the same pod', async () => {
    const before = (await podsOf('client'))[0]
    await chaos('PodChaos', 'crash', { action: 'container-kill', containerNames: ['main'], ...of('client') })
    await injected('podchaos', 'crash')
    const restarts = async () => (await podsOf('client'))[0].status.containerStatuses[0].restartCount
    await eventually('a restart', 20_000, async () =>
      (await restarts()) > before.status.containerStatuses[0].restartCount ? true : undefined,
    )
    expect((await podsOf('client'))[0].metadata.uid).toBe(before.metadata.uid)
  })

  it('a killed pod is replaced by a new one', async () => {
    const before = (await podsOf('client'))[0]
    await chaos('PodChaos', 'kill', { action: 'pod-kill', ...of('client') })
    await injected('podchaos', 'kill')
    await eventually('another pod', 20_000, async () => {
      const [pod] = await podsOf('client')
      return (pod !== undefined && pod.metadata.uid !== before.metadata.uid && isReady(pod)) || undefined
    })
  })
})

describe('metrics of running pods', () => {
  it('kubectl top shows what pods and nodes use', async () => {
    const top = () => bench.kubectl('top', 'pods', '--no-headers').catch(() => '')
    const lines = await eventually('usage', 20_000, async () => {
      const found = (await top()).trim().split('\n')
      return found.length >= 3 ? found : undefined
    })
    for (const line of lines) expect(line).toMatch(/^(client|server)-\S+\s+\d+m\s+[1-9]\d*Mi/)
    const nodes = await bench.kubectl('top', 'nodes', '--no-headers')
    for (const pod of await podsOf('server')) expect(nodes).toMatch(new RegExp(`${pod.spec.nodeName}\\s+\\d+m`))
  })

  it('the autoscaler adds pods under load', async () => {
    await bench.apply({
      apiVersion: 'autoscaling/v2',
      kind: 'HorizontalPodAutoscaler',
      metadata: { name: 'server' },
      spec: {
        scaleTargetRef: { apiVersion: 'apps/v1', kind: 'Deployment', name: 'server' },
        minReplicas: 2,
        maxReplicas: 4,
        metrics: [
          {
            type: 'Pods',
            pods: { metric: { name: 'rps_per_pod' }, target: { type: 'AverageValue', averageValue: '10' } },
          },
        ],
      },
    })
    const servers = await Promise.all((await podsOf('server')).map(originOf))
    const load = setInterval(() => {
      for (const server of servers)
        fetch(server)
          .then((answer) => answer.text())
          .catch(() => {})
    }, 50)
    try {
      await eventually('four ready servers', 30_000, async () =>
        (await podsOf('server')).filter(isReady).length === 4 ? true : undefined,
      )
    } finally {
      clearInterval(load)
      await bench.kubectl('delete', 'hpa', 'server')
      await bench.kubectl('scale', 'deployment/server', '--replicas=2')
    }
  })
})
