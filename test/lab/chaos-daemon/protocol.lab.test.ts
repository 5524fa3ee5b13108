import { mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:http'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest'
import { fieldsOf, listOf } from '../../../src/lab/cluster-access/json.ts'
import { recordsOf } from '../../../src/protocols/chaos-mesh/experiment.ts'
import { faultState, type SeenVersion } from '../../../src/protocols/chaos-mesh/fault-state.ts'
import type { ChaosObject } from '../../../src/protocols/chaos-mesh/objects.ts'
import { versionsOf } from '../../protocols/chaos-mesh/recordings.ts'
import { type BareCluster, type BareDaemon, eventually, startBareCluster } from '../support/bare-cluster.ts'
import { type AgentDouble, startAgentDouble } from './agent-double.ts'

// The daemon's protocol against a real API server. Pods are objects only, and the agent is a double that keeps what it is given: that
// faults bite is shown where pods run.

const API = '/apis/chaos-mesh.org/v1alpha1'
const NS = '/api/v1/namespaces/default'
const selector = { labelSelectors: { app: 'api' } }
const podSelector = (name: string) => ({ mode: 'all', selector: { pods: { default: [name] } } })
let bare: BareCluster
let daemon: BareDaemon
let agent: AgentDouble

const started = async (times: number): Promise<void> => {
  const count = () => bare.log('chaos-daemon').split('admission at').length - 1
  await eventually('admission', 20_000, async () => (count() >= times ? true : undefined))
}

beforeAll(async () => {
  bare = await startBareCluster()
  mkdirSync(bare.paths.net, { recursive: true })
  agent = await startAgentDouble(join(bare.paths.net, 'agent.sock'))
  daemon = bare.daemon('chaos-daemon')
  await started(1)
  await bare.cluster.create(`${NS}/serviceaccounts`, { metadata: { name: 'default' } }).catch(() => {})
  for (const n of [1, 2, 3, 4]) await makePod(`api-${n}`, `10.244.0.2${n}`)
})
afterAll(async () => {
  await bare?.stop()
  await agent?.close()
})
afterEach(() => {
  agent.answer = () => 'acknowledged'
  agent.before = async () => {}
})

async function makePod(name: string, podIP: string, spec: object = {}): Promise<string> {
  const containers = [
    { name: 'main', image: 'shop/api:1' },
    { name: 'side', image: 'shop/side:1' },
  ]
  const body = {
    metadata: { name, labels: { app: 'api' } },
    spec: { nodeName: 'n1', automountServiceAccountToken: false, containers, ...spec },
  }
  const pod = await bare.cluster.create(`${NS}/pods`, body)
  await bare.cluster.merge(`${NS}/pods/${name}/status`, {
    status: { phase: 'Running', podIP, podIPs: [{ ip: podIP }] },
  })
  return String(fieldsOf(pod.metadata).uid)
}

type Kind = 'PodChaos' | 'NetworkChaos'
const pathOf = (kind: Kind, name = '') => `${API}/namespaces/default/${kind.toLowerCase()}/${name}`.replace(/\/$/, '')
const create = (kind: Kind, name: string, spec: object) =>
  bare.cluster.create(pathOf(kind), { apiVersion: 'chaos-mesh.org/v1alpha1', kind, metadata: { name }, spec })
const remove = (kind: Kind, name: string) => bare.cluster.remove(pathOf(kind, name))

/** All versions of one object from now until it is gone. */
async function watching(kind: Kind, name: string) {
  const { resourceVersion } = fieldsOf((await bare.cluster.get(pathOf(kind))).metadata)
  const versions: SeenVersion[] = []
  const abort = new AbortController()
  const ended = (async () => {
    const query = `?watch=true&resourceVersion=${resourceVersion}&fieldSelector=metadata.name%3D${name}`
    for await (const line of bare.cluster.lines(pathOf(kind) + query, abort.signal)) {
      const event: { type: string; object: ChaosObject } = JSON.parse(line)
      versions.push({ atMs: performance.now(), object: event.object, gone: event.type === 'DELETED' })
      if (event.type === 'DELETED') return
    }
  })().catch(() => {})
  return { versions, ended, stop: () => abort.abort() }
}
type Watching = Awaited<ReturnType<typeof watching>>

const stateOf = (watched: Watching) =>
  faultState(watched.versions, { nowMs: performance.now(), selectionWithinMs: 2000 })
const until = (watched: Watching, kind: string) =>
  eventually(`${kind} (is ${JSON.stringify(stateOf(watched))})`, 10_000, async () =>
    stateOf(watched).kind === kind ? true : undefined,
  )
const last = (watched: Watching): ChaosObject => {
  const object = watched.versions.at(-1)?.object
  if (object === undefined) throw new Error('nothing was seen')
  return object
}

/** What a version says, without what differs from run to run: names of the drawn pods, times. */
function said(object: ChaosObject): string {
  const { generation, finalizers, deletionTimestamp, annotations } = object.metadata
  const conditions = object.status?.conditions === undefined ? [] : [...object.status.conditions]
  const parts = [
    `gen ${generation}`,
    finalizers?.join() ?? 'free',
    deletionTimestamp ? 'deleted' : 'there',
    Object.keys(annotations ?? {}).join(),
    object.status?.experiment?.desiredPhase ?? '-',
    conditions
      .map(({ type, status }) => `${type}=${status}`)
      .sort()
      .join(' '),
    ...(recordsOf(object) ?? []).map((record) => {
      const events = (record.events ?? []).map(({ type, operation }) => `${operation} ${type}`)
      return `${record.selectorKey} ${record.phase} +${record.injectedCount} -${record.recoveredCount} [${events.join()}]`
    }),
    Object.values(object.status?.instances ?? {}).join(),
  ]
  return parts.join(' | ')
}
const course = (versions: readonly { object: ChaosObject }[]): string[] => versions.map(({ object }) => said(object))

describe('the daemon passes through the same versions as Chaos Mesh', () => {
  it('when pods fail, recover at the end of the duration and the object is deleted', async () => {
    const watched = await watching('PodChaos', 'fail-two')
    await create('PodChaos', 'fail-two', { action: 'pod-failure', mode: 'fixed', value: '2', duration: '3s', selector })
    await until(watched, 'recovered')
    await sleep(200)
    await remove('PodChaos', 'fail-two')
    await watched.ended
    expect(course(watched.versions)).toEqual(course(versionsOf('podchaos', 'fail-two')))
  })

  it('when nobody is selected', async () => {
    const watched = await watching('PodChaos', 'nobody')
    await create('PodChaos', 'nobody', {
      action: 'pod-failure',
      mode: 'all',
      duration: '2s',
      selector: { labelSelectors: { app: 'x' } },
    })
    await eventually(
      'the end',
      5000,
      async () => watched.versions.at(-1)?.object.status?.experiment?.desiredPhase === 'Stop' || undefined,
    )
    await sleep(100)
    await remove('PodChaos', 'nobody')
    await watched.ended
    expect(course(watched.versions)).toEqual(course(versionsOf('podchaos', 'nobody')))
  })

  it('when it is paused, resumed, and deleted while injected', async () => {
    const watched = await watching('PodChaos', 'paused')
    const annotate = (value: string | null) =>
      bare.cluster.merge(pathOf('PodChaos', 'paused'), {
        metadata: { annotations: { 'experiment.chaos-mesh.org/pause': value } },
      })
    await create('PodChaos', 'paused', { action: 'pod-failure', mode: 'one', selector })
    await until(watched, 'injected')
    await sleep(200)
    await annotate('true')
    await until(watched, 'recovered')
    await sleep(200)
    await annotate(null)
    await until(watched, 'injected')
    await sleep(200)
    await remove('PodChaos', 'paused')
    await watched.ended
    expect(course(watched.versions)).toEqual(course(versionsOf('podchaos', 'paused')))
  })

  it('when two pods are cut off from each other', async () => {
    const watched = await watching('NetworkChaos', 'psp-cut')
    await create('NetworkChaos', 'psp-cut', {
      action: 'partition',
      direction: 'both',
      duration: '3s',
      ...podSelector('api-2'),
      target: podSelector('api-3'),
    })
    await until(watched, 'injected')
    expect(agent.sources.get('default/psp-cut')).toMatchObject([
      { direction: 'both', peers: ['10.244.0.23/32'], effect: { kind: 'partition' } },
      { direction: 'both', peers: ['10.244.0.22/32'], effect: { kind: 'partition' } },
    ])
    await until(watched, 'recovered')
    expect(agent.sources.has('default/psp-cut')).toBe(false)
    await sleep(200)
    watched.stop()
    expect(course(watched.versions)).toEqual(course(versionsOf('networkchaos', 'psp-cut')))
    await remove('NetworkChaos', 'psp-cut')
  })

  it('when a delay is deleted while it is injected', async () => {
    const watched = await watching('NetworkChaos', 'slow')
    await create('NetworkChaos', 'slow', {
      action: 'delay',
      ...podSelector('api-4'),
      delay: { latency: '200ms', jitter: '20ms' },
      externalTargets: ['10.200.0.7', '10.201.0.0/16'],
    })
    await until(watched, 'injected')
    await sleep(200)
    await remove('NetworkChaos', 'slow')
    await watched.ended
    expect(course(watched.versions)).toEqual(course(versionsOf('networkchaos', 'slow')))
  })
})

describe('injection', () => {
  it('takes less than half a second from creation to all records injected', async () => {
    const watched = await watching('NetworkChaos', 'quick')
    const startMs = performance.now()
    await create('NetworkChaos', 'quick', {
      action: 'partition',
      mode: 'all',
      selector,
      externalTargets: ['10.96.0.7'],
    })
    await until(watched, 'injected')
    const state = stateOf(watched)
    expect(state.kind === 'injected' ? state.injectedAtMs - startMs : Number.POSITIVE_INFINITY).toBeLessThan(500)
    await remove('NetworkChaos', 'quick')
    await watched.ended
  })

  it('swaps the images of a failing pod and gives each container its own back', async () => {
    const images = async () =>
      listOf(fieldsOf((await bare.cluster.get(`${NS}/pods/api-1`)).spec).containers).map((each) => fieldsOf(each).image)
    const watched = await watching('PodChaos', 'one-pod')
    await create('PodChaos', 'one-pod', { action: 'pod-failure', ...podSelector('api-1') })
    await until(watched, 'injected')
    expect(await images()).toEqual(['matchday/pause:lab', 'matchday/pause:lab'])
    await remove('PodChaos', 'one-pod')
    await watched.ended
    expect(await images()).toEqual(['shop/api:1', 'shop/side:1'])
    expect(fieldsOf((await bare.cluster.get(`${NS}/pods/api-1`)).metadata).annotations).toBeUndefined()
  })

  it('deletes a pod with the asked grace and keeps running until it is deleted itself', async () => {
    await makePod('victim', '10.244.0.40')
    const watched = await watching('PodChaos', 'kill')
    await create('PodChaos', 'kill', { action: 'pod-kill', duration: '2s', gracePeriod: 0, ...podSelector('victim') })
    await until(watched, 'injected')
    await expect(bare.cluster.get(`${NS}/pods/victim`)).rejects.toThrow(/not found/)
    await sleep(2500)
    expect(last(watched).status?.experiment?.desiredPhase).toBe('Run')
    await remove('PodChaos', 'kill')
    await watched.ended
    expect(stateOf(watched).kind).toBe('recovered')
  })

  it('has the runtime kill the named container and no other', async () => {
    const uid = String(fieldsOf((await bare.cluster.get(`${NS}/pods/api-1`)).metadata).uid)
    const killed: string[] = []
    const containers = [
      { id: 'c-old', name: 'side', state: 'exited' },
      { id: 'c-main', name: 'main', state: 'running' },
      { id: 'c-side', name: 'side', state: 'running' },
    ]
    const runtime = createServer((request, response) => {
      if (request.method === 'POST') killed.push(String(request.url))
      response.end(JSON.stringify(request.method === 'POST' ? {} : [{ uid, containers }]))
    })
    await new Promise<void>((resolve) => runtime.listen(bare.paths.runtimeSocket, resolve))
    const watched = await watching('PodChaos', 'side-kill')
    await create('PodChaos', 'side-kill', {
      action: 'container-kill',
      containerNames: ['side'],
      ...podSelector('api-1'),
    })
    await until(watched, 'injected')
    expect(recordsOf(last(watched))?.map(({ id }) => id)).toEqual(['default/api-1/side'])
    expect(killed).toEqual(['/containers/c-side/kill'])
    await remove('PodChaos', 'side-kill')
    await watched.ended
    runtime.close()
    runtime.closeAllConnections()
  })

  it('tells by events what happens, with a reason for each failure', async () => {
    agent.answer = () => ({ failed: 'no answer from pid 7' })
    const watched = await watching('NetworkChaos', 'deaf')
    await create('NetworkChaos', 'deaf', {
      action: 'partition',
      ...podSelector('api-1'),
      externalTargets: ['10.96.0.7'],
    })
    await until(watched, 'failed')
    expect(stateOf(watched)).toMatchObject({
      failures: [{ id: 'default/api-1', operation: 'Apply', message: 'no answer from pid 7' }],
    })
    await eventually('an event', 3000, async () => {
      const events = listOf((await bare.cluster.get(`${NS}/events?fieldSelector=involvedObject.name%3Ddeaf`)).items)
      return (
        events.some((event) => fieldsOf(event).message === 'Failed to apply chaos: no answer from pid 7') || undefined
      )
    })
    agent.answer = () => 'acknowledged'
    await until(watched, 'injected')
    await remove('NetworkChaos', 'deaf')
    await watched.ended
    expect(agent.sources.has('default/deaf')).toBe(false)
  })

  it('does not report a partition of a host-network pod as injected', async () => {
    await makePod('hosted', '10.99.0.11', { hostNetwork: true })
    const watched = await watching('NetworkChaos', 'on-host')
    await create('NetworkChaos', 'on-host', {
      action: 'partition',
      ...podSelector('hosted'),
      externalTargets: ['10.96.0.7'],
    })
    await until(watched, 'failed')
    expect(agent.sources.has('default/on-host')).toBe(false)
    // As upstream: a record that waits must first arrive, so that only force ends this.
    await remove('NetworkChaos', 'on-host')
    await bare.cluster.merge(pathOf('NetworkChaos', 'on-host'), {
      metadata: { annotations: { 'chaos-mesh.chaos-mesh.org/cleanFinalizer': 'forced' } },
    })
    await watched.ended
  })

  it('fails for a name that nobody knows and harms nobody', async () => {
    const watched = await watching('NetworkChaos', 'nowhere')
    await create('NetworkChaos', 'nowhere', {
      action: 'partition',
      ...podSelector('api-1'),
      externalTargets: ['psp.invalid'],
    })
    await until(watched, 'failed')
    expect(agent.sources.has('default/nowhere')).toBe(false)
    await remove('NetworkChaos', 'nowhere')
    await bare.cluster.merge(pathOf('NetworkChaos', 'nowhere'), {
      metadata: { annotations: { 'chaos-mesh.chaos-mesh.org/cleanFinalizer': 'forced' } },
    })
    await watched.ended
  })

  it('resolves a Service to its cluster IP', async () => {
    await bare.cluster.create(`${NS}/services`, {
      metadata: { name: 'psp-a' },
      spec: { clusterIP: '10.96.7.7', ports: [{ port: 80 }] },
    })
    const watched = await watching('NetworkChaos', 'by-name')
    await create('NetworkChaos', 'by-name', {
      action: 'partition',
      ...podSelector('api-1'),
      externalTargets: ['psp-a.default.svc.cluster.local', 'psp-a.default:443'],
    })
    await until(watched, 'injected')
    expect(agent.sources.get('default/by-name')).toMatchObject([
      { peers: ['10.96.7.7/32'] },
      { peers: ['10.96.7.7/32'], ports: [443] },
    ])
    await remove('NetworkChaos', 'by-name')
    await watched.ended
  })
})

describe('a daemon that is killed', () => {
  const restart = async () => {
    const times = bare.log('chaos-daemon').split('admission at').length
    await daemon.kill('SIGKILL')
    daemon = bare.daemon('chaos-daemon')
    await started(times)
  }

  it('while a fault is injected, heals it when its time is over', async () => {
    const watched = await watching('NetworkChaos', 'orphaned')
    await create('NetworkChaos', 'orphaned', {
      action: 'partition',
      duration: '6s',
      ...podSelector('api-1'),
      externalTargets: ['10.96.0.7'],
    })
    await until(watched, 'injected')
    await restart()
    expect(agent.sources.has('default/orphaned')).toBe(true)
    await until(watched, 'recovered')
    expect(agent.sources.has('default/orphaned')).toBe(false)
    await remove('NetworkChaos', 'orphaned')
    await watched.ended
  })

  it('while pods have not answered yet, asks them again', async () => {
    agent.before = () => new Promise(() => {})
    const watched = await watching('NetworkChaos', 'halfway')
    await create('NetworkChaos', 'halfway', {
      action: 'partition',
      ...podSelector('api-1'),
      externalTargets: ['10.96.0.7'],
    })
    await until(watched, 'injecting')
    await daemon.kill('SIGKILL')
    agent.before = async () => {}
    await restart()
    await until(watched, 'injected')
    await remove('NetworkChaos', 'halfway')
    await watched.ended
    expect(agent.sources.size).toBe(0)
  })

  it('while a fault is being healed, heals it', async () => {
    const watched = await watching('NetworkChaos', 'healing')
    await create('NetworkChaos', 'healing', {
      action: 'partition',
      ...podSelector('api-1'),
      externalTargets: ['10.96.0.7'],
    })
    await until(watched, 'injected')
    agent.before = () => new Promise(() => {})
    await remove('NetworkChaos', 'healing')
    await eventually(
      'Injected/Wait',
      5000,
      async () => recordsOf(last(watched))?.[0]?.phase === 'Injected/Wait' || undefined,
    )
    await daemon.kill('SIGKILL')
    agent.before = async () => {}
    await restart()
    await watched.ended
    expect(stateOf(watched).kind).toBe('recovered')
    expect(agent.sources.size).toBe(0)
  })

  it('takes back rules whose experiment was forced away, at its next start', async () => {
    const watched = await watching('NetworkChaos', 'forced')
    await create('NetworkChaos', 'forced', {
      action: 'partition',
      ...podSelector('api-1'),
      externalTargets: ['10.96.0.7'],
    })
    await until(watched, 'injected')
    agent.answer = () => ({ failed: 'frozen' })
    await remove('NetworkChaos', 'forced')
    await until(watched, 'failed')
    await bare.cluster.merge(pathOf('NetworkChaos', 'forced'), {
      metadata: { annotations: { 'chaos-mesh.chaos-mesh.org/cleanFinalizer': 'forced' } },
    })
    await watched.ended
    expect(stateOf(watched).kind).toBe('gone-unrecovered')
    agent.answer = () => 'acknowledged'
    agent.sources.set('default/forced', [{ podUid: 'somebody' }])
    await restart()
    await eventually('no rules', 5000, async () => agent.sources.size === 0 || undefined)
  })
})

describe('admission through kubectl', () => {
  const rows: { object: string; answer: string }[] = readFileSync(
    new URL('../../protocols/chaos-mesh/observed/admission.ndjson', import.meta.url),
    'utf8',
  )
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line))
  const answerOf = (name: string) => rows.find((row) => row.object === name)?.answer ?? 'no such row'
  const all = { mode: 'all', selector: { namespaces: ['default'], labelSelectors: { app: 'api' } } }
  const dryRun = async (kind: string, spec: object) => {
    const file = join(bare.root, 'object.json')
    writeFileSync(file, JSON.stringify({ apiVersion: 'chaos-mesh.org/v1alpha1', kind, metadata: { name: 'x' }, spec }))
    return bare.kubectl('create', '--dry-run=server', '-f', file)
  }

  it.each<[string, string, object]>([
    ['PodChaos unknown action', 'PodChaos', { action: 'pod-explode', ...all }],
    ['PodChaos mode fixed without value', 'PodChaos', { action: 'pod-kill', ...all, mode: 'fixed' }],
    ['PodChaos fixed-percent 150', 'PodChaos', { action: 'pod-kill', ...all, mode: 'fixed-percent', value: '150' }],
    ['PodChaos duration 20x', 'PodChaos', { action: 'pod-kill', ...all, duration: '20x' }],
    ['PodChaos container-kill without names', 'PodChaos', { action: 'container-kill', ...all }],
    ['PodChaos without mode', 'PodChaos', { action: 'pod-kill', selector: all.selector }],
    ['PodChaos unknown field', 'PodChaos', { action: 'pod-kill', ...all, frobnicate: true }],
    ['PodChaos negative grace', 'PodChaos', { action: 'pod-kill', ...all, gracePeriod: -1 }],
    [
      'NetworkChaos delay direction from + externalTargets',
      'NetworkChaos',
      { action: 'delay', delay: { latency: '1ms' }, direction: 'from', externalTargets: ['10.0.0.1'], ...all },
    ],
    ['NetworkChaos bad direction', 'NetworkChaos', { action: 'partition', direction: 'sideways', ...all }],
    ['HTTPChaos port 0', 'HTTPChaos', { target: 'Request', port: 0, ...all }],
    ['StressChaos load 120', 'StressChaos', { stressors: { cpu: { workers: 1, load: 120 } }, ...all }],
  ])('answers as Chaos Mesh: %s', async (row, kind, spec) => {
    const { code, out } = await dryRun(kind, spec)
    expect(code).not.toBe(0)
    expect(out).toContain(answerOf(row))
  })

  it('takes what Chaos Mesh takes and the lab can do', async () => {
    expect(await dryRun('NetworkChaos', { action: 'partition', direction: 'both', ...all })).toMatchObject({ code: 0 })
  })

  it('says why it does not take what only the lab can’t do', async () => {
    const { code, out } = await dryRun('NetworkChaos', { action: 'loss', loss: { loss: '50' }, ...all })
    expect(code).not.toBe(0)
    expect(out).toMatch(/admission webhook "vnetworkchaos.kb.io" denied the request: .*lose single packets/)
  })

  it('refuses to change a spec', async () => {
    await create('PodChaos', 'fixed', {
      action: 'pod-failure',
      mode: 'all',
      selector: { labelSelectors: { app: 'x' } },
    })
    const change = bare.cluster.merge(pathOf('PodChaos', 'fixed'), { spec: { duration: '9s' } })
    await expect(change).rejects.toThrow(
      'admission webhook "vpodchaos.kb.io" denied the request: Cannot update chaos spec',
    )
    await remove('PodChaos', 'fixed')
  })
})

it('leaves nothing behind, neither in the cluster nor at the pod network', async () => {
  await eventually('an empty cluster', 5000, async () => {
    const lists = await Promise.all([pathOf('PodChaos'), pathOf('NetworkChaos')].map((path) => bare.cluster.get(path)))
    return lists.every(({ items }) => listOf(items).length === 0) || undefined
  })
  expect(agent.sources.size).toBe(0)
})
