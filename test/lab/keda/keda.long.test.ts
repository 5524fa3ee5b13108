// The real KEDA, once: a queue in PostgreSQL, workers from zero to several and back, and what a rehearsal would see of it.
import { join } from 'node:path'
import pg from 'pg'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { connectKubernetes } from '../../../src/adapters/kubernetes/connect.ts'
import { scaledObjectSeen } from '../../../src/adapters/kubernetes/scaled-objects.ts'
import { hpaSeen } from '../../../src/adapters/kubernetes/snapshots.ts'
import { readIndex } from '../../../src/lab/images/image-index.ts'
import { renderImages } from '../../../src/lab/images/render.ts'
import { stageKeda } from '../../../src/lab/keda/images.ts'
import { applyKeda, KEDA_NAMESPACE, type KedaTools, needsKeda, untilKedaServes } from '../../../src/lab/keda/install.ts'
import type { LabHandle } from '../../../src/lab/lab.ts'
import { applyManifests } from '../../../src/lab/workload/apply.ts'
import { untilReady } from '../../../src/lab/workload/deploy.ts'
import { renderManifests } from '../../../src/lab/workload/render.ts'
import {
  demand,
  find,
  itemsOf,
  type KubeObject,
  type KubernetesApi,
  paths,
} from '../../../src/protocols/kubernetes/api.ts'
import { KEDA_TOOLS, resolveAll } from '../../../src/toolchain/toolchain.ts'
import { type LabBench, labBench, processesOf } from '../support/lab-bench.ts'
import { reach } from '../support/pod-reach.ts'

// KEDA's build takes some ten minutes on two free cores, if it is needed.
const BUILD_MS = 60 * 60_000
/** A poll each second, an HPA sync of 2 s, pods that start within seconds: 5 s on a quiet machine. */
const REACTION = { timeout: 40_000, interval: 200 }

let bench: LabBench
let lab: LabHandle
let api: KubernetesApi
let queue: pg.Client

beforeAll(async () => {
  const keda = await kedaTools()
  bench = await labBench()
  await stageKeda(bench.paths.images, keda)
  lab = await bench.up({ nodes: 1 })
  api = await connectKubernetes({ kubeconfig: lab.kubeconfig })
  const manifests = await renderManifests(bench.tools.kubectl, import.meta.dirname, [])
  expect(needsKeda(manifests)).toBe(true)
  await applyKeda(lab.state, keda)
  await applyManifests(lab.state.root, renderImages(manifests, readIndex(bench.paths.images)))
  await untilReady(lab.state.root, [KEDA_NAMESPACE, 'jobs'], () => undefined)
  await untilKedaServes(lab.state.root)
  queue = await openQueue()
}, BUILD_MS)

afterAll(async () => {
  await queue?.end()
  await lab?.down()
  if (bench) expect(processesOf(bench.root)).toEqual([])
  bench?.remove()
})

describe('the real KEDA in the lab', { timeout: 90_000 }, () => {
  it('keeps the workers at zero while the queue is empty, and says why', async () => {
    await expect.poll(scaled, REACTION).toMatchObject({ of: 'worker', min: 0, max: 5, hpaName: 'keda-hpa-worker' })
    await expect.poll(() => condition('Ready'), REACTION).toMatchObject({ status: 'True' })
    await expect.poll(() => condition('Active'), REACTION).toMatchObject({ status: 'False' })
    expect(await workers()).toEqual({ wanted: 0, ready: 0 })
  })

  it('scales from zero to the number of workers that the queue needs, each with a Ready pod', async () => {
    await queue.query('INSERT INTO jobs SELECT FROM generate_series(1, 25)')
    await expect.poll(workers, REACTION).toEqual({ wanted: 3, ready: 3 })
    await expect.poll(() => condition('Active'), REACTION).toMatchObject({ status: 'True', reason: 'ScalerActive' })
    expect((await scaled()).lastActiveAt).toBeGreaterThan(Date.now() - REACTION.timeout)
  })

  it('shows the row count in its HPA, as an external metric per worker', async () => {
    await expect
      .poll(async () => hpaSeen(await object(`${paths.autoscalers('jobs')}/keda-hpa-worker`)), REACTION)
      .toMatchObject({ of: 'worker', metrics: [{ metric: 'External/s0-postgresql', target: 10, value: 8.334 }] })
  })

  it('continues with the row count after its operator was killed', async () => {
    const [before] = await operators()
    await demand(api, {
      method: 'DELETE',
      path: `${paths.pods(KEDA_NAMESPACE)}/${before}`,
      body: { gracePeriodSeconds: 0 },
    })
    await expect.poll(operators, REACTION).not.toContain(before)
    await queue.query('INSERT INTO jobs SELECT FROM generate_series(1, 20)')
    await expect.poll(workers, REACTION).toEqual({ wanted: 5, ready: 5 })
  })

  it('scales back to zero when the queue is empty', async () => {
    await queue.query('TRUNCATE jobs')
    await expect.poll(workers, REACTION).toEqual({ wanted: 0, ready: 0 })
    await expect.poll(() => condition('Active'), REACTION).toMatchObject({ status: 'False' })
  })
})

async function kedaTools(): Promise<KedaTools> {
  const found = await resolveAll(KEDA_TOOLS)
  const operator = found['keda-operator'].path
  return { operator, adapter: found['keda-adapter'].path, manifests: join(operator, '..', 'manifests') }
}

const object = async (path: string): Promise<KubeObject> => (await demand(api, { method: 'GET', path })) as KubeObject

const scaled = async () => scaledObjectSeen(await object(`${paths.scaledObjects('jobs')}/worker`))
const condition = async (type: string) => (await scaled()).conditions.find((each) => each.type === type)

const operators = async (): Promise<readonly string[]> =>
  itemsOf(await object(paths.pods(KEDA_NAMESPACE, { app: 'keda-operator' }))).map(({ metadata }) => metadata.name)

async function workers(): Promise<{ wanted: number; ready: number }> {
  const { spec, status } = (await object(`${paths.deployments('jobs')}/worker`)) as KubeObject & {
    spec: { replicas: number }
    status?: { readyReplicas?: number }
  }
  return { wanted: spec.replicas, ready: status?.readyReplicas ?? 0 }
}

/** Connects from the node, like the kubelet's probes: no policy of a cluster blocks a node from its pods. */
async function openQueue(): Promise<pg.Client> {
  const pod = (await find(api, { method: 'GET', path: `${paths.pods('jobs')}/queue-0` })) as {
    status: { podIP: string }
  }
  const at = await reach(lab.state, pod.status.podIP, 5432)
  const client = new pg.Client({ ...at, user: 'jobs', password: 'lab', database: 'jobs' })
  await client.connect()
  await client.query('CREATE TABLE jobs ()')
  return client
}
