import { once } from 'node:events'
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs'
import { connect, createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest'
import { controlComponent, controlKubelet, type LabHandle, labDown, labStatus } from '../../src/lab/lab.ts'
import { hasOwnProcesses } from '../../src/lab/machine/state.ts'
import { chooseNetwork, NETWORK_VARIABLE, networkChoice } from '../../src/lab/owner/network-choice.ts'
import { KUBELET_PORT, type LabNode, labNodes } from '../../src/lab/topology/node-table.ts'
import { hostOf } from '../../src/lab/topology/place.ts'
import { areGone, identify, type Json, type LabBench, labBench, processesOf } from './support/lab-bench.ts'

let bench: LabBench
let nodes: readonly LabNode[]
beforeAll(async () => {
  bench = await labBench()
  nodes = labNodes(6, bench.place)
})
afterAll(async () => {
  await labDown(bench.root)
  bench.remove()
})

const conditionOf = (node: Json, type: string) => node.status.conditions.find((one: Json) => one.type === type)
const ready = async (name: string) => conditionOf(await bench.get('node', name), 'Ready')?.status
const upStatus = async () => {
  const found = await labStatus(bench.root)
  return found.kind === 'up' ? found.status : expect.fail(`the lab is ${found.kind}`)
}

describe('a lab', () => {
  let lab: LabHandle
  beforeAll(async () => {
    lab = await bench.up()
  })
  afterAll(() => lab.down())

  it('has six Ready nodes in three zones, with pools, addresses and pod networks', async () => {
    const { items } = await bench.get('nodes')
    expect(items).toHaveLength(6)
    for (const node of items) {
      expect(conditionOf(node, 'Ready').status).toBe('True')
      expect(node.spec.taints ?? []).toEqual([])
      expect(node.metadata.name).toBe(
        `${node.metadata.labels['topology.kubernetes.io/zone']}-${node.metadata.labels['matchday.dev/pool']}`,
      )
    }
    const addresses = items.map((node: Json) => node.status.addresses[0].address).sort()
    expect(addresses).toEqual(nodes.map(({ address }) => address))
    expect(new Set(items.map((node: Json) => node.spec.podCIDR)).size).toBe(6)
  })

  it('reports the stages of its boot, and that all its programs run', async () => {
    expect(lab.stages.map((stage) => stage.name)).toEqual(
      expect.arrayContaining([
        'credentials',
        'etcd',
        'api-server',
        'roles',
        'node-objects',
        'runtime',
        'nodes',
        'ingress',
      ]),
    )
    const status = await upStatus()
    expect(status.phase).toBe('up')
    const names = status.components.map((component) => component.name)
    expect(names).toEqual(
      expect.arrayContaining(['etcd', 'kube-apiserver', 'node-runtime', 'kubelet-zone-c-batch', 'ingress']),
    )
    expect(status.components.filter((component) => component.state !== 'running' || component.restarts > 0)).toEqual([])
  })

  it('has the pod network that MATCHDAY_LAB_NETWORK chooses', async () => {
    expect(lab.state.network).toEqual(await chooseNetwork(networkChoice(), bench.tools.labnet))
    if (process.env[NETWORK_VARIABLE] === 'preload') expect(lab.state.network?.kind).toBe('preload')
  })

  it('runs in its own sessions, which Ctrl-C in a terminal does not reach', () => {
    const session = (pid: number | 'self') => readFileSync(`/proc/${pid}/stat`, 'utf8').split(') ')[1]?.split(' ')[3]
    expect(session(lab.state.owner.pid)).not.toBe(session('self'))
    for (const { process } of lab.state.components) if (process) expect(session(process.pid)).not.toBe(session('self'))
  })

  it('can be used with kubectl, with verified certificates', async () => {
    const described = await bench.kubectl('describe', 'node', 'zone-b-realtime')
    expect(described).toMatch(new RegExp(`InternalIP:\\s+${nodes[4]?.address}\\s`))
    expect(described).toMatch(new RegExp(`PodCIDR:\\s+${nodes[4]?.podCidr}\\s`))
    expect(readFileSync(lab.kubeconfig, 'utf8')).not.toContain('insecure')
  })

  it('has its ingress class as the default class, which an Ingress without a class gets', async () => {
    await expect.poll(() => bench.kubectl('get', 'ingressclasses', '-o', 'name'), { timeout: 20_000 }).toContain('/lab')
    await bench.kubectl('create', 'ingress', 'no-class', '--rule=shop.example/*=shop:80')
    expect(await bench.kubectl('get', 'ingress', 'no-class', '-o', 'jsonpath={.spec.ingressClassName}')).toBe('lab')
    await bench.kubectl('delete', 'ingress', 'no-class')
  })

  it('lets the API server reach its kubelets: node figures and the resource endpoint', async () => {
    const at = '/api/v1/nodes/zone-a-api/proxy'
    expect(await bench.kubectl('get', '--raw', `${at}/metrics/resource`)).toContain('node_cpu_usage_seconds_total')
    const summary = JSON.parse(await bench.kubectl('get', '--raw', `${at}/stats/summary`))
    expect(summary.node.nodeName).toBe('zone-a-api')
    expect(summary.node.fs.capacityBytes).toBeGreaterThan(0)
  })

  it('refuses a second lab at its place, and says who has it and how to stop it', async () => {
    const other = mkdtempSync(join(tmpdir(), 'md-'))
    const refused = await bench.up({ root: other }).catch((error) => error)
    expect(refused).toMatchObject({ name: 'LabError', code: 'lab-already-up' })
    expect(refused.message).toContain(`process ${lab.state.owner.pid}`)
    expect(refused.message).toContain(bench.root)
    expect(readdirSync(other)).toEqual([])
    expect(processesOf(other)).toEqual([])
    rmSync(other, { recursive: true })
    expect((await upStatus()).phase).toBe('up')
  })

  it('shows a node as not Ready when its kubelet is killed, and Ready when it is back', async () => {
    await controlKubelet(bench.root, 'zone-c-api', 'kill')
    expect((await upStatus()).phase).toBe('degraded')
    await vi.waitFor(async () => expect(await ready('zone-c-api')).toBe('Unknown'), { timeout: 20_000, interval: 250 })
    // A different loop of the same controller reads the condition and sets the taints.
    await vi.waitFor(async () => {
      const taints: Json[] = (await bench.get('node', 'zone-c-api')).spec.taints ?? []
      expect(taints.map(({ key }) => key)).toContain('node.kubernetes.io/unreachable')
    }, 10_000)
    await controlKubelet(bench.root, 'zone-c-api', 'start')
    await vi.waitFor(async () => expect(await ready('zone-c-api')).toBe('True'), { timeout: 20_000, interval: 250 })
    expect((await upStatus()).phase).toBe('up')
  })

  it('sets up a node again that was deleted and registered again', async () => {
    await bench.kubectl('delete', 'node', 'zone-b-api')
    await controlKubelet(bench.root, 'zone-b-api', 'stop')
    await controlKubelet(bench.root, 'zone-b-api', 'start')
    await vi.waitFor(async () => expect(await ready('zone-b-api')).toBe('True'), { timeout: 30_000, interval: 250 })
    await vi.waitFor(
      async () => {
        const node = await bench.get('node', 'zone-b-api')
        expect(node.spec.taints ?? []).toEqual([])
        expect(node.metadata.labels['topology.kubernetes.io/zone']).toBe('zone-b')
        expect(node.status.addresses).toContainEqual({ type: 'InternalIP', address: nodes[1]?.address })
        expect(node.spec.podCIDR).toBe(nodes[1]?.podCidr)
      },
      { timeout: 10_000, interval: 250 },
    )
  })

  it('restarts a program that crashed, and reports it', async () => {
    const before = (await upStatus()).components.find((component) => component.name === 'kube-scheduler')
    if (!before?.process) return expect.fail('the scheduler runs')
    process.kill(before.process.pid, 'SIGKILL')
    await vi.waitFor(async () => {
      const after = (await upStatus()).components.find((component) => component.name === 'kube-scheduler')
      expect(after).toMatchObject({ state: 'running', restarts: 1, lastExit: 'killed by SIGKILL' })
      expect(after?.process?.pid).not.toBe(before.process?.pid)
    }, 10_000)
  })

  it('recovers from a crash of the API server with all its objects', async () => {
    await bench.kubectl('create', 'configmap', 'remembered', '--from-literal=a=b')
    await controlComponent(bench.root, 'kube-apiserver', 'restart')
    await vi.waitFor(async () => expect((await bench.get('configmap', 'remembered')).data).toEqual({ a: 'b' }), {
      timeout: 40_000,
      interval: 500,
    })
  })

  it('refuses to kill a program or node that does not exist', async () => {
    await expect(controlKubelet(bench.root, 'zone-x', 'kill')).rejects.toThrow('no node zone-x')
    await expect(controlComponent(bench.root, 'init', 'kill')).rejects.toThrow('no component init')
  })

  it('leaves no process, no port and no state when it goes down', async () => {
    const processes = processesOf(bench.root)
    expect(processes.length).toBeGreaterThan(10)
    await lab.down()
    expect(areGone(processes)).toBe(true)
    expect(processesOf(bench.root)).toEqual([])
    expect(await labStatus(bench.root)).toEqual({ kind: 'none' })
    expect(readdirSync(bench.root).sort()).toEqual(['compile-cache', 'images', 'logs', 'owner.log'])
    await expect(answers(lab.state.apiServer.port, '127.0.0.1')).resolves.toBe(false)
    for (const { loopback } of nodes) await expect(answers(KUBELET_PORT, loopback)).resolves.toBe(false)
  })
})

// What happens to a lab's processes does not depend on the number of kubelets.
const ONE_NODE = { nodes: 1 }

describe('the owner of a lab', () => {
  it('ends, with the whole lab, when the process that booted it is killed', async () => {
    const booter = await bench.upFromAnotherProcess()
    const processes = processesOf(bench.root)
    await booter.kill()
    await vi.waitFor(() => expect(processesOf(bench.root)).toEqual([]), { timeout: 20_000, interval: 200 })
    expect(areGone(processes)).toBe(true)
    await vi.waitFor(async () => expect(await labStatus(bench.root)).toEqual({ kind: 'none' }), 5_000)
  })

  it('outlives that process after `keep`, and can be stopped by its folder alone', async () => {
    const booter = await bench.upFromAnotherProcess({ keep: true })
    await booter.exited
    await new Promise((resolve) => setTimeout(resolve, 1_500))
    expect((await upStatus()).phase).toBe('up')
    expect(await labDown(bench.root)).toBe('stopped')
    expect(processesOf(bench.root)).toEqual([])
    expect(await labDown(bench.root)).toBe('nothing')
  })

  it('leaves nothing running when it is killed, and the next lab boots in the same folder', async () => {
    const lab = await bench.up(ONE_NODE)
    const processes = processesOf(bench.root)
    const owner = identify(lab.state.owner.pid)
    process.kill(owner.pid, 'SIGKILL')
    await vi.waitFor(() => expect(areGone([owner, ...processes])).toBe(true), { timeout: 10_000, interval: 100 })
    expect((await labStatus(bench.root)).kind).toBe('dead')
    const next = await bench.up(ONE_NODE)
    expect((await upStatus()).phase).toBe('up')
    await next.down()
  })

  it('when killed together with its guard, has its leftovers cleaned up by `down` and by the next `up`', async () => {
    const lab = await bench.up(ONE_NODE)
    await killOwnerAndGuard(lab)
    // In a PID namespace of its own, the kernel has ended all of them by then.
    const isLeft = !hasOwnProcesses(lab.state.network)
    expect(processesOf(bench.root).length > 0).toBe(isLeft)
    const notes: string[] = []
    const next = await bench.up({ ...ONE_NODE, onProgress: (event) => event.kind === 'note' && notes.push(event.text) })
    expect(notes.some((note) => /cleaned up \d+ processes/.test(note))).toBe(isLeft)
    expect((await upStatus()).phase).toBe('up')
    await killOwnerAndGuard(next)
    expect(await labDown(bench.root)).toBe('cleaned')
    expect(processesOf(bench.root)).toEqual([])
    expect(await labStatus(bench.root)).toEqual({ kind: 'none' })
  })
})

describe('a lab that cannot boot', () => {
  it('names the program that keeps crashing, with the end of its log, and leaves nothing', async () => {
    const tools = { ...bench.tools, 'kube-apiserver': '/bin/false' }
    const refused = await bench.up({ tools }).catch((error) => error)
    expect(refused).toMatchObject({ code: 'lab-component-crashes' })
    expect(refused.message).toContain('kube-apiserver')
    await vi.waitFor(() => expect(processesOf(bench.root)).toEqual([]), 5_000)
  })

  it('reports another program that listens on its ingress address', async () => {
    const stranger = createServer().listen(8080, hostOf(bench.place))
    await once(stranger, 'listening')
    await expect(bench.up()).rejects.toMatchObject({ code: 'ingress-address-taken' })
    stranger.close()
    expect(processesOf(bench.root)).toEqual([])
  })

  it('can be aborted, and leaves nothing', async () => {
    const stop = new AbortController()
    const booting = bench.up({ signal: stop.signal, onApi: () => stop.abort(new Error('Ctrl-C')) })
    await expect(booting).rejects.toThrow('Ctrl-C')
    await vi.waitFor(() => expect(processesOf(bench.root)).toEqual([]), { timeout: 15_000, interval: 200 })
    expect(await labStatus(bench.root)).toEqual({ kind: 'none' })
  })
})

async function killOwnerAndGuard(lab: LabHandle): Promise<void> {
  const guard = lab.state.components.find((component) => component.name === 'guard')?.process
  expect(guard === undefined).toBe(hasOwnProcesses(lab.state.network))
  if (guard) process.kill(guard.pid, 'SIGKILL')
  process.kill(lab.state.owner.pid, 'SIGKILL')
  await new Promise((resolve) => setTimeout(resolve, 500))
}

/** Whether something listens there. */
function answers(port: number, host: string): Promise<boolean> {
  const { promise, resolve } = Promise.withResolvers<boolean>()
  const socket = connect({ port, host }, () => resolve(true))
  socket.on('error', () => resolve(false))
  return promise.finally(() => socket.destroy())
}
