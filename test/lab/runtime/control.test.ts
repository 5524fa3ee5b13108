import { existsSync, readFileSync } from 'node:fs'
import { request } from 'node:http'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { labPaths } from '../../../src/lab/machine/paths.ts'
import type { PodReport } from '../../../src/lab/runtime/control.ts'
import { labNode } from '../../../src/lab/topology/node-table.ts'
import {
  type BenchNode,
  createContainer,
  openBenchNode,
  runContainer,
  runPod,
  shell,
  statusOf,
  until,
  untilExited,
} from './bench-node.ts'
import type { CriClient } from './cri-client.ts'

let bench: BenchNode
let cri: CriClient

beforeAll(async () => {
  bench = await openBenchNode()
  cri = bench.cri()
})
afterAll(() => bench.close())

function ask(method: string, path: string, body?: unknown): Promise<{ status: number; body: unknown }> {
  const { promise, resolve, reject } = Promise.withResolvers<{ status: number; body: unknown }>()
  const outgoing = request({ socketPath: labPaths(bench.root).runtimeSocket, method, path }, (answer) => {
    let text = ''
    answer.on('data', (chunk) => {
      text += chunk
    })
    answer.on('end', () => resolve({ status: answer.statusCode ?? 0, body: JSON.parse(text) }))
  })
  outgoing.on('error', reject)
  outgoing.end(body === undefined ? undefined : JSON.stringify(body))
  return promise
}

const pods = async (): Promise<PodReport[]> => (await ask('GET', '/pods')).body as PodReport[]

async function containerOf(pod: string) {
  const found = (await pods()).find(({ name }) => name === pod)?.containers[0]
  if (!found) throw new Error(`no container of ${pod}`)
  return found
}

describe('GET /pods', () => {
  it('counts CPU and memory of every process of a container, once', async () => {
    const pod = await runPod(bench, cri, 'busy')
    const burner = 'i=0; while [ $i -lt 300000 ]; do i=$((i+1)); done'
    // One process uses CPU in the background and ends before the count; one lives on in its own session.
    await runContainer(cri, pod, shell(`(${burner}) & wait; setsid sh -c '${burner}; sleep 60' & wait`))
    const idle = await runPod(bench, cri, 'idle')
    await runContainer(cri, idle, shell('sleep 60'))
    const busy = await until(async () => {
      const found = await containerOf('busy')
      return found.cpuNanos > 150_000_000 ? found : undefined
    })
    expect(busy.workingSetBytes).toBeGreaterThan(500_000)
    expect(busy.pid).toBeGreaterThan(1)
    expect((await containerOf('idle')).cpuNanos).toBeLessThan(100_000_000)
    expect((await pods()).find(({ name }) => name === 'busy')).toMatchObject({
      uid: 'uid-busy',
      namespace: 'test',
      node: 'zone-a-api',
      ip: bench.address(pod.sandbox),
    })
  })

  it('agrees with the figures for the kubelet', async () => {
    const { id } = await containerOf('busy')
    const { stats } = await cri.call<{ stats: { cpu: { usageCoreNanoSeconds: { value: number } } } }>(
      'ContainerStats',
      { containerId: id },
    )
    expect(stats.cpu.usageCoreNanoSeconds.value).toBeGreaterThan(150_000_000)
    const { stats: ofPods } = await cri.call<{
      stats: { attributes: { metadata: { name: string } }; linux: { process: { processCount: { value: number } } } }[]
    }>('ListPodSandboxStats', { filter: null })
    const busy = ofPods.find(({ attributes }) => attributes.metadata.name === 'busy')
    expect(busy?.linux.process.processCount.value).toBeGreaterThanOrEqual(3)
  })
})

describe('POST /containers/<id>/kill', () => {
  it('sends the signal to the main process, and the container exits with its number', async () => {
    const pod = await runPod(bench, cri, 'victim')
    const id = await runContainer(cri, pod, shell('exec sleep 60'))
    await until(async () => (await containerOf('victim')).pid)
    expect(await ask('POST', `/containers/${id}/kill`, { signal: 'SIGKILL' })).toMatchObject({ status: 200 })
    expect(await untilExited(cri, id)).toMatchObject({ exitCode: 137, reason: 'Error' })
    expect(await ask('POST', `/containers/${id}/kill`, { signal: 'SIGKILL' })).toMatchObject({ status: 404 })
  })

  it('refuses invalid signals, bodies and paths', async () => {
    const { id } = await containerOf('idle')
    expect(await ask('POST', `/containers/${id}/kill`, { signal: 'SIGNOTHING' })).toMatchObject({ status: 400 })
    expect(await ask('POST', `/containers/${id}/kill`, { signal: 9 })).toMatchObject({ status: 400 })
    expect(await ask('GET', '/nothing')).toMatchObject({ status: 404 })
    expect(await statusOf(cri, id)).toMatchObject({ state: 'CONTAINER_RUNNING' })
  })
})

describe('POST /nodes/<node>/power', () => {
  const power = (wanted: string) => ask('POST', '/nodes/zone-a-api/power', { power: wanted })

  it('kills every container at once and lets none start while off; when on again, the sandbox is reported dead', async () => {
    const pod = await runPod(bench, cri, 'powered')
    const running = await runContainer(cri, pod, shell(`trap '' TERM; sleep 60 & setsid sleep 61 & wait`))
    const created = await createContainer(cri, pod, shell('sleep 60'))
    await until(async () => (await containerOf('powered')).pid)
    expect(await power('off')).toMatchObject({ status: 200 })
    expect(await statusOf(cri, running)).toMatchObject({ state: 'CONTAINER_EXITED', exitCode: 137 })
    await expect(cri.call('StartContainer', { containerId: created })).rejects.toThrow('no power')

    expect(await power('off')).toMatchObject({ status: 200 })
    expect(await power('on')).toMatchObject({ status: 200 })
    expect((await pods()).filter(({ name }) => name === 'powered')).toEqual([])
    expect(bench.address(pod.sandbox)).toBeUndefined()
    const next = await runPod(bench, cri, 'powered')
    const id = await runContainer(cri, next, shell('sleep 60'))
    expect(await statusOf(cri, id)).toMatchObject({ state: 'CONTAINER_RUNNING' })
    await runContainer(cri, await runPod(bench, cri, 'idle'), shell('sleep 60'))
  })

  it('refuses unknown nodes and power states', async () => {
    expect(await ask('POST', '/nodes/zone-x/power', { power: 'off' })).toMatchObject({ status: 404 })
    expect(await power('half')).toMatchObject({ status: 400 })
  })
})

describe('the relay of a native container', () => {
  const relayOf = (id: string): number | undefined =>
    JSON.parse(readFileSync(join(bench.containerFolder(id), 'record.json'), 'utf8')).relay?.pid
  const isAlive = (pid: number) => {
    try {
      return readFileSync(`/proc/${pid}/cmdline`, 'utf8').includes('999')
    } catch {
      return false
    }
  }

  it('runs beside it, is restarted when it dies, is adopted by the next runtime, and ends with it', async () => {
    const pod = await runPod(bench, cri, 'native')
    const id = await runContainer(cri, pod, { image: { image: 'bench/native' } })
    const first = await until(() => relayOf(id))
    await until(() => isAlive(first) || undefined)
    if (process.getuid?.() === 0) expect(readFileSync(`/proc/${first}/status`, 'utf8')).toMatch(/^Uid:\t65534\t65534/m)
    process.kill(first, 'SIGKILL')
    const second = await until(() => (relayOf(id) === first ? undefined : relayOf(id)))
    await until(() => isAlive(second) || undefined)

    await bench.killRuntime()
    await bench.startRuntime()
    const later = bench.cri()
    expect(relayOf(id)).toBe(second)
    process.kill(second, 'SIGKILL')
    const third = await until(() => (relayOf(id) === second ? undefined : relayOf(id)))
    await later.call('StopContainer', { containerId: id, timeout: 0 })
    await until(() => !isAlive(third) || undefined)
  })
})

describe('POST /nodes/<node>/join and leave', () => {
  const joiner = labNode(7, { name: 'lab-x7k2p', zone: 'zone-b', pool: 'api' })
  const way = (what: string, body?: unknown) => ask('POST', `/nodes/${joiner.name}/${what}`, body)

  it('opens a node that runs pods, and ends them when it leaves', async () => {
    expect(await way('join', joiner)).toMatchObject({ status: 200 })
    expect(await way('join', joiner)).toMatchObject({ status: 200 }) // asked again after a lost answer
    const theirs = bench.cri(joiner.name)
    const pod = await runPod(bench, theirs, 'guest')
    await runContainer(theirs, pod, shell('sleep 60'))
    const guest = (await pods()).find(({ name }) => name === 'guest')
    expect(guest).toMatchObject({ node: joiner.name })
    const pid = (await until(async () => (await containerOf('guest')).pid)) ?? 0

    expect(await way('leave')).toMatchObject({ status: 200 })
    expect((await pods()).map(({ name }) => name)).not.toContain('guest')
    await until(() => !existsSync(`/proc/${pid}`) || undefined)
    expect(bench.address(pod.sandbox)).toBeUndefined()
    expect(await way('leave')).toMatchObject({ status: 200 })
  })

  it.each([
    ['no body', undefined],
    ['another node', { ...joiner, name: 'other' }],
    ['no number', { name: joiner.name }],
  ])('refuses %s', async (_, body) => expect(await way('join', body)).toMatchObject({ status: 400 }))
})
