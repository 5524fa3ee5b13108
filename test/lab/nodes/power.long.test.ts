import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest'
import { labStatus } from '../../../src/lab/lab.ts'
import type { Json } from '../support/lab-bench.ts'
import { listens, reach } from '../support/pod-reach.ts'
import { type SharedBench, sharedBench } from '../support/shared-bench.ts'

// A zone dies the way machines die, without closing connections. Everything after that is Kubernetes' own work. The annotation is all that
// a controller needs.

const labels = { app: 'roaming' }
const roaming = {
  apiVersion: 'apps/v1',
  kind: 'Deployment',
  metadata: { name: 'roaming', namespace: 'default' },
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
            whenUnsatisfiable: 'ScheduleAnyway',
            labelSelector: { matchLabels: labels },
          },
        ],
        containers: [
          {
            name: 'web',
            image: 'test/web',
            ports: [{ containerPort: 8080 }],
            readinessProbe: { httpGet: { path: '/healthz', port: 8080 }, periodSeconds: 1 },
          },
        ],
      },
    },
  },
}
const LOST_ZONE = 'topology.kubernetes.io/zone=zone-c'

let bench: SharedBench
beforeAll(async () => {
  bench = await sharedBench()
  await bench.apply(roaming)
  await bench.kubectl('rollout', 'status', 'deployment/roaming', '--timeout=90s')
})
afterAll(() => bench.leave())

const within = (timeout: number, check: () => Promise<unknown>) => vi.waitFor(check, { timeout, interval: 250 })
const isTrue = (object: Json, type: string) =>
  object.status.conditions?.some((one: Json) => one.type === type && one.status === 'True')
const allPods = async (): Promise<Json[]> => (await bench.get('pods', '-l', 'app=roaming')).items
const inLostZone = (pod: Json) => /^zone-c-/.test(pod.spec.nodeName ?? '')
const readyElsewhere = async () =>
  (await allPods()).filter((pod) => isTrue(pod, 'Ready') && !pod.metadata.deletionTimestamp && !inLostZone(pod))
const lostNodes = async (): Promise<Json[]> => (await bench.get('nodes', '-l', LOST_ZONE)).items
const kubelets = async () => {
  const found = await labStatus(bench.root)
  if (found.kind !== 'up') return expect.fail(`the lab is ${found.kind}`)
  const states = found.status.components.filter(({ name }) => name.startsWith('kubelet-zone-c'))
  return states.map(({ state }) => state)
}

describe('nodes of a zone without power', () => {
  it('have the label of nodes that obey the power annotation', async () => {
    const { items } = await bench.get('nodes', '-l', 'matchday.dev/power-control=true')
    expect(items).toHaveLength(6)
  })

  it('stop answering, have their pods evicted to other zones, and return when power is back', async () => {
    const before = await allPods()
    const lost = before.filter(inLostZone)
    const [peer] = before.filter((pod) => !inLostZone(pod))
    expect(lost.length).toBeGreaterThan(0)
    const victim: string = lost[0].status.podIP
    const { host, port } = await reach(bench.state, peer.status.podIP, 8080)
    const ask = async (path: string) => (await fetch(`http://${host}:${port}${path}`)).text()
    await ask(`/hold?ip=${victim}`)
    await within(5_000, async () => expect(await ask('/held')).toBe('open'))
    expect(await ask(`/dial?ip=${victim}`)).toBe('answered')

    await bench.kubectl('annotate', 'nodes', '-l', LOST_ZONE, 'matchday.dev/power=off')
    await within(10_000, async () => {
      expect(await kubelets()).toEqual(['stopped', 'stopped'])
      for (const pod of lost) expect(await answers(pod)).toBe(false)
    })
    // The process is gone, and this machine would refuse a connection to its port. A peer in the cluster must not see a refusal.
    expect(await ask(`/dial?ip=${victim}`)).toBe('silence')
    expect(await ask('/held')).toBe('open')
    const asked = bench.kubectl('get', '--raw', proxyTo(lost[0]), '--request-timeout=2s')
    await expect(asked).rejects.toThrow(/timeout|deadline/i)

    await within(40_000, async () => {
      const statuses = (await lostNodes()).flatMap((node) => node.status.conditions)
      expect(statuses.filter((one: Json) => one.type === 'Ready').map((one: Json) => one.status)).toEqual([
        'Unknown',
        'Unknown',
      ])
    })
    await within(60_000, async () => expect(await readyElsewhere()).toHaveLength(6))
    expect(await ask('/held')).toBe('open')

    // Like a heal that knows only what is on the object.
    await bench.kubectl('annotate', 'nodes', '-l', LOST_ZONE, 'matchday.dev/power-')
    await within(60_000, async () => {
      for (const node of await lostNodes()) {
        expect(isTrue(node, 'Ready')).toBe(true)
        expect(node.spec.taints ?? []).toEqual([])
      }
      const left = (await allPods()).filter((pod) => lost.some((one) => one.metadata.name === pod.metadata.name))
      expect(left).toEqual([])
    })
    // The preload ends a connection whose pod is gone. The kernel of a peer only notices when it sends.
    if (bench.state.network?.kind === 'preload') expect(await ask('/held')).not.toBe('open')
    await bench.kubectl('scale', 'deployment/roaming', '--replicas=9')
    await within(60_000, async () => {
      const ready = (await allPods()).filter((pod) => isTrue(pod, 'Ready'))
      expect(ready).toHaveLength(9)
      expect(ready.filter(inLostZone).length).toBeGreaterThan(1)
    })
  })

  it('stay off through a crash of the runtime, and run the pods that were not evicted when power is back', async () => {
    const node: string | undefined = (await allPods()).find(inLostZone)?.spec.nodeName
    if (node === undefined) return expect.fail('pods came back to the zone')
    const onNode = async () => (await allPods()).filter((pod) => pod.spec.nodeName === node)
    const before = await onNode()
    await bench.kubectl('annotate', 'node', node, 'matchday.dev/power=off')
    await within(10_000, async () => expect(await answers(before[0])).toBe(false))
    const runtime = await componentPid('node-runtime')
    process.kill(runtime, 'SIGKILL')
    await within(20_000, async () => expect(await componentPid('node-runtime')).not.toBe(runtime))
    expect(await answers(before[0])).toBe(false)
    await bench.kubectl('annotate', 'node', node, '--overwrite', 'matchday.dev/power=on')
    await within(60_000, async () => {
      const after = await onNode()
      expect(after.map((pod) => pod.metadata.name).sort()).toEqual(before.map((pod) => pod.metadata.name).sort())
      expect(after.every((pod) => isTrue(pod, 'Ready'))).toBe(true)
      // A booting machine has no sandboxes: the same pod gets another address, and one more restart.
      expect(after.map((pod) => pod.status.containerStatuses[0].restartCount)).toEqual(after.map(() => 1))
    })
  })
})

const proxyTo = (pod: Json) => `/api/v1/namespaces/default/pods/${pod.metadata.name}:8080/proxy/held`

async function componentPid(name: string): Promise<number> {
  const found = await labStatus(bench.root)
  if (found.kind !== 'up') return expect.fail(`the lab is ${found.kind}`)
  const pid = found.status.components.find((component) => component.name === name)?.process?.pid
  return pid ?? expect.fail(`${name} runs`)
}

const answers = (pod: Json): Promise<boolean> => listens(bench.state, pod.status.podIP, 8080)
