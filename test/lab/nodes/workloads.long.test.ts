import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { createInterface } from 'node:readline'
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest'
import { controlKubelet } from '../../../src/lab/lab.ts'
import type { Json } from '../support/lab-bench.ts'
import { type SharedBench, sharedBench } from '../support/shared-bench.ts'

// What Kubernetes does with a workload when an operator or a dying node moves it: the real controllers, asked with the real kubectl.

const labels = { app: 'web' }
const web = {
  apiVersion: 'apps/v1',
  kind: 'Deployment',
  metadata: { name: 'web', namespace: 'default' },
  spec: {
    replicas: 6,
    selector: { matchLabels: labels },
    template: {
      metadata: { labels },
      spec: {
        topologySpreadConstraints: [
          {
            maxSkew: 1,
            topologyKey: 'topology.kubernetes.io/zone',
            whenUnsatisfiable: 'DoNotSchedule',
            labelSelector: { matchLabels: labels },
          },
        ],
        affinity: {
          nodeAffinity: {
            requiredDuringSchedulingIgnoredDuringExecution: {
              nodeSelectorTerms: [
                { matchExpressions: [{ key: 'matchday.dev/pool', operator: 'In', values: ['api'] }] },
              ],
            },
          },
        },
        containers: [
          {
            name: 'web',
            image: 'test/web',
            ports: [{ containerPort: 8080 }],
            startupProbe: { tcpSocket: { port: 8080 }, periodSeconds: 1, failureThreshold: 60 },
            readinessProbe: { httpGet: { path: '/healthz', port: 8080 }, periodSeconds: 1 },
            lifecycle: { preStop: { httpGet: { path: '/before-stop', port: 8080 } } },
          },
        ],
      },
    },
  },
}
const service = {
  apiVersion: 'v1',
  kind: 'Service',
  metadata: { name: 'web', namespace: 'default' },
  spec: { selector: labels, ports: [{ port: 8080 }] },
}
const budget = {
  apiVersion: 'policy/v1',
  kind: 'PodDisruptionBudget',
  metadata: { name: 'web', namespace: 'default' },
  spec: { minAvailable: 5, selector: { matchLabels: labels } },
}

let bench: SharedBench
beforeAll(async () => {
  bench = await sharedBench()
  await bench.apply(web, service, budget)
  await bench.kubectl('rollout', 'status', 'deployment/web', '--timeout=90s')
})
afterAll(() => bench.leave())

const pods = async (): Promise<Json[]> =>
  (await bench.get('pods', '-l', 'app=web')).items.filter((pod: Json) => !pod.metadata.deletionTimestamp)
const conditionOf = (object: Json, type: string) => object.status.conditions?.find((one: Json) => one.type === type)
const isReady = (pod: Json) => conditionOf(pod, 'Ready')?.status === 'True'
const readyNodes = async () => (await pods()).filter(isReady).map((pod) => pod.spec.nodeName)
const readyEndpoints = async (): Promise<string[]> =>
  (await bench.get('endpointslices', '-l', 'kubernetes.io/service-name=web')).items
    .flatMap((slice: Json) => slice.endpoints ?? [])
    .filter((endpoint: Json) => endpoint.conditions.ready)
    .map((endpoint: Json) => endpoint.nodeName)
const within = (timeout: number, check: () => Promise<unknown>) => vi.waitFor(check, { timeout, interval: 250 })

const WHOLE = ['zone-a-api', 'zone-a-api', 'zone-b-api', 'zone-b-api', 'zone-c-api', 'zone-c-api']

describe('a workload', () => {
  it('is spread over the zones of its pool', async () => {
    // Written by another controller than the one whose word ended the rollout.
    await within(10_000, async () => expect((await readyEndpoints()).sort()).toEqual(WHOLE))
    expect((await readyNodes()).sort()).toEqual(WHOLE)
  })

  it('has its preStop hooks called, which reach pods as probes do', async () => {
    const [victim] = await pods()
    const log = bench.kubectl('logs', '-f', victim.metadata.name)
    await bench.kubectl('delete', 'pod', victim.metadata.name)
    expect(await log).toMatch(/asked for \/before-stop\n(.*\n)*draining\n/)
    await within(30_000, async () => expect(await readyNodes()).toHaveLength(6))
  })

  it('is restarted pod by pod, with never fewer pods than its strategy allows', async () => {
    const before = new Set((await pods()).map((pod) => pod.metadata.uid))
    await bench.kubectl('rollout', 'restart', 'deployment/web')
    let fewest = 6
    const rollout = bench.kubectl('rollout', 'status', 'deployment/web', '--timeout=90s')
    let done = false
    void rollout.finally(() => {
      done = true
    })
    while (!done) fewest = Math.min(fewest, (await bench.get('deployment', 'web')).status.availableReplicas ?? 0)
    await rollout
    expect(fewest).toBeGreaterThanOrEqual(5) // 25 % of 6, rounded down, may be unavailable
    expect((await pods()).filter((pod) => before.has(pod.metadata.uid))).toEqual([])
  })

  it('scales down to the number of pods that was asked for', async () => {
    await bench.kubectl('scale', 'deployment/web', '--replicas=8')
    await within(30_000, async () => expect(await readyNodes()).toHaveLength(8))
    await bench.kubectl('scale', 'deployment/web', '--replicas=6')
    await within(30_000, async () => expect(await pods()).toHaveLength(6))
  })

  it('is drained from a node within its disruption budget', async () => {
    await spreadAnew()
    const healthy: number[] = []
    const watched = new AbortController()
    const watching = watchHealthy(healthy, watched.signal)
    const drain = start('drain', 'zone-b-api', '--ignore-daemonsets', '--delete-emptydir-data', '--timeout=90s')
    // With zone-b closed the spread can't be kept, so the first evicted pod waits, and the budget lets no second one go.
    await within(30_000, async () => {
      expect((await bench.get('node', 'zone-b-api')).spec.unschedulable).toBe(true)
      const waiting = (await pods()).filter((pod) => !pod.spec.nodeName)
      expect(waiting.map((pod) => conditionOf(pod, 'PodScheduled')?.reason)).toEqual(['Unschedulable'])
      expect((await bench.get('pdb', 'web')).status).toMatchObject({ currentHealthy: 5, disruptionsAllowed: 0 })
    })
    await within(30_000, async () => expect(drain.said()).toContain("violate the pod's disruption budget"))
    expect((await readyNodes()).filter((node) => node === 'zone-b-api')).toHaveLength(1)
    await bench.kubectl('uncordon', 'zone-b-api')
    expect(await drain.code).toBe(0)
    await within(30_000, async () => expect(await readyNodes()).toHaveLength(6))
    watched.abort()
    await watching
    expect(Math.min(...healthy)).toBe(5)
  })

  it('leaves a node whose kubelet died: its pods leave the Service, are evicted, and return to full number when the node is back', async () => {
    await spreadAnew()
    const lost = (await pods()).filter((pod) => pod.spec.nodeName === 'zone-c-api').map((pod) => pod.metadata.name)
    expect(lost).toHaveLength(2)
    await controlKubelet(bench.root, 'zone-c-api', 'kill')
    await within(40_000, async () => {
      const node = await bench.get('node', 'zone-c-api')
      expect(conditionOf(node, 'Ready')?.status).toBe('Unknown')
      expect((await readyEndpoints()).sort()).toEqual(['zone-a-api', 'zone-a-api', 'zone-b-api', 'zone-b-api'])
    })
    // A taint is tolerated for 15 s; the pods then stay as they are, because nobody is there to end them.
    await within(60_000, async () => {
      const all: Json[] = (await bench.get('pods', '-l', 'app=web')).items
      const left = all.filter((pod) => lost.includes(pod.metadata.name))
      expect(left.map((pod) => conditionOf(pod, 'DisruptionTarget')?.reason)).toEqual(
        lost.map(() => 'DeletionByTaintManager'),
      )
      expect(left.every((pod) => pod.metadata.deletionTimestamp)).toBe(true)
    })
    await controlKubelet(bench.root, 'zone-c-api', 'start')
    await within(60_000, async () => {
      expect((await readyEndpoints()).sort()).toEqual(WHOLE)
      const names = (await bench.get('pods', '-l', 'app=web')).items.map((pod: Json) => pod.metadata.name)
      expect(names.filter((name: string) => lost.includes(name))).toEqual([])
    })
  })
})

/**
 * Two pods in each zone, whatever the tests before have left: the spread constraint holds for pods that are placed, not for those
 * that are taken away, so a scaled or restarted Deployment need not be even.
 */
async function spreadAnew(): Promise<void> {
  await bench.kubectl('scale', 'deployment/web', '--replicas=0')
  await bench.kubectl('wait', '--for=delete', 'pods', '-l', 'app=web', '--timeout=60s')
  await bench.kubectl('scale', 'deployment/web', '--replicas=6')
  await within(60_000, async () => {
    expect((await readyNodes()).sort()).toEqual(WHOLE)
    expect((await readyEndpoints()).sort()).toEqual(WHOLE)
    expect((await bench.get('pdb', 'web')).status).toMatchObject({ currentHealthy: 6, disruptionsAllowed: 1 })
  })
}

type Started = { readonly code: Promise<number | null>; said(): string }

/** kubectl, running on while the test looks at what it does. */
function start(...parameters: string[]): Started {
  const child = spawn(bench.state.kubectl, ['--kubeconfig', bench.paths.kubeconfig, ...parameters])
  let text = ''
  for (const stream of [child.stdout, child.stderr]) {
    stream.setEncoding('utf8').on('data', (chunk: string) => {
      text += chunk
    })
  }
  return { code: once(child, 'close').then(([code]) => code), said: () => text }
}

/** Every number of healthy pods that the disruption controller ever counted, by watching its budget. */
async function watchHealthy(seen: number[], signal: AbortSignal): Promise<void> {
  const path = 'jsonpath={.status.currentHealthy}{"\\n"}'
  const child = spawn(
    bench.state.kubectl,
    ['--kubeconfig', bench.paths.kubeconfig, 'get', 'pdb', 'web', '-w', '-o', path],
    { signal, stdio: ['ignore', 'pipe', 'inherit'] },
  ).on('error', () => {}) // aborted
  for await (const line of createInterface({ input: child.stdout })) seen.push(Number(line))
}
