// The real Karpenter on a lab of one node: pods that do not fit get a node of their own, with a kubelet that runs them.
import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { addKarpenter } from '../../../src/cli/lab-boot.ts'
import { karpenterTools } from '../../../src/cli/tools.ts'
import { readIndex } from '../../../src/lab/images/image-index.ts'
import { renderImages } from '../../../src/lab/images/render.ts'
import type { KarpenterTools } from '../../../src/lab/karpenter/install.ts'
import { type LabHandle, labStatus } from '../../../src/lab/lab.ts'
import { applyManifests } from '../../../src/lab/workload/apply.ts'
import { untilReady } from '../../../src/lab/workload/deploy.ts'
import { renderManifests } from '../../../src/lab/workload/render.ts'
import { resolveTool } from '../../../src/toolchain/toolchain.ts'
import { type Json, type LabBench, labBench, processesOf } from '../support/lab-bench.ts'

// Karpenter's build takes some four minutes of one core, if it is needed.
const BUILD_MS = 30 * 60_000
const NODE_DELAY_S = 5
/** Karpenter waits 1 s for more pods, the node for its delay, its kubelet 2 s: within 15 s on a quiet machine. */
const NODE = { timeout: 90_000, interval: 300 }
/** An empty node goes after 30 s (manifests/pool.yaml). */
const EMPTY = { timeout: 150_000, interval: 500 }

const never = new AbortController().signal
let bench: LabBench
let lab: LabHandle
let karpenter: KarpenterTools

beforeAll(async () => {
  await resolveTool('karpenter')
  karpenter = await karpenterTools()
  bench = await labBench()
  lab = await bench.up({ nodes: 1 })
  const manifests = await renderManifests(bench.tools.kubectl, join(import.meta.dirname, 'workload.yaml'), [])
  await applyManifests(lab.state.root, renderImages(manifests, readIndex(bench.paths.images)))
  await untilReady(lab.state.root, ['shop'], () => undefined)
  await addKarpenter(lab.state, karpenter, `${NODE_DELAY_S}s`, never)
}, BUILD_MS)

afterAll(async () => {
  await lab?.down()
  if (bench) expect(processesOf(bench.root)).toEqual([])
  bench?.remove()
})

const items = async (...what: string[]): Promise<Json[]> => (await bench.get(...what)).items
const pods = () => items('pods', '-n', 'shop')
const nodeNames = async () => (await items('nodes')).map(({ metadata }) => metadata.name)
const conditionOf = (object: Json, type: string): Json =>
  object.status.conditions?.find((each: Json) => each.type === type)
const scale = (replicas: number) => bench.kubectl('-n', 'shop', 'scale', 'deployment/till', `--replicas=${replicas}`)

const newNodes = async (): Promise<Json[]> =>
  (await items('nodes')).filter(({ metadata }) => metadata.labels['karpenter.sh/nodepool'] === 'lab')
const readyNodes = async () => (await newNodes()).filter((node) => conditionOf(node, 'Ready')?.status === 'True')
const running = async () => (await pods()).filter(({ status }) => status.phase === 'Running')

describe('Karpenter in the lab', () => {
  it('launches no node while all pods fit', async () => {
    expect(await items('nodeclaims')).toEqual([])
    expect(await nodeNames()).toEqual(['zone-a-api'])
  })

  it('lets a pod that does not fit wait, and launches a node after the delay', async () => {
    await scale(2)
    await expect
      .poll(async () => (await pods()).map((pod) => conditionOf(pod, 'PodScheduled')?.reason), NODE)
      .toContain('Unschedulable')
    await expect.poll(async () => (await newNodes()).length, NODE).toBe(1)
    const [claim] = await items('nodeclaims')
    const [node] = await newNodes()
    expect(node.metadata.name).toBe(claim.metadata.name)
    const waitedMs = Date.parse(node.metadata.creationTimestamp) - Date.parse(claim.metadata.creationTimestamp)
    // The API server's times are whole seconds.
    expect(waitedMs).toBeGreaterThanOrEqual((NODE_DELAY_S - 1) * 1000)
  })

  it('has a node with a kubelet of its own, which runs the pod', async () => {
    await expect.poll(async () => (await readyNodes()).length, NODE).toBe(1)
    await expect.poll(async () => (await running()).length, NODE).toBe(2)
    const [node] = await readyNodes()
    const name = node.metadata.name
    expect(node.status.nodeInfo.kubeletVersion).toMatch(/^v1\./)
    expect(node.status.capacity.cpu).toBe('4')
    const status = await labStatus(bench.root)
    const components = status.kind === 'up' ? status.status.components : []
    expect(components).toContainEqual(expect.objectContaining({ name: `kubelet-${name}`, state: 'running' }))

    const guest = (await running()).find(({ spec }) => spec.nodeName === name)
    expect(guest.status.podIP).toMatch(new RegExp(`^10\\.244\\.${lab.state.place * 10 + 7}\\.`))
    expect(await bench.kubectl('-n', 'shop', 'exec', guest.metadata.name, '--', 'sh', '-c', 'echo here')).toBe('here\n')
    // Karpenter's own view: launched, registered, and initialized by the kubelet.
    const [claim] = await items('nodeclaims')
    await expect.poll(async () => conditionOf((await items('nodeclaims'))[0], 'Initialized')?.status, NODE).toBe('True')
    expect(claim.status.nodeName).toBe(name)
  })

  it('launches no more nodes than the lab has room for, and leaves the rest pending', async () => {
    await scale(7)
    await expect.poll(async () => (await readyNodes()).length, NODE).toBe(4)
    await expect.poll(async () => (await running()).length, NODE).toBe(5)
    const waiting = (await pods()).filter(({ status }) => status.phase === 'Pending')
    expect(waiting).toHaveLength(2)
    expect(await items('nodeclaims')).toHaveLength(4)
  })

  it('takes an empty node away, with its kubelet and its folder', async () => {
    const names = (await newNodes()).map(({ metadata }) => metadata.name)
    await scale(1)
    await expect.poll(async () => (await newNodes()).length, EMPTY).toBeLessThanOrEqual(1)
    const gone = names.filter((name) => !existsSync(bench.paths.node(name).root))
    await expect
      .poll(async () => names.filter((name) => !existsSync(bench.paths.node(name).root)).length, NODE)
      .toBeGreaterThanOrEqual(3)
    const status = await labStatus(bench.root)
    const kubelets = status.kind === 'up' ? status.status.components.map(({ name }) => name) : []
    for (const name of gone) expect(kubelets).not.toContain(`kubelet-${name}`)
    expect(status).toMatchObject({ status: { phase: 'up' } })
  })

  it('takes another delay', async () => {
    await addKarpenter(lab.state, karpenter, '7s', never)
    const [nodeClass] = await items('kwoknodeclasses')
    expect(nodeClass.spec).toEqual({ nodeRegistrationDelay: '7s' })
  })
})
