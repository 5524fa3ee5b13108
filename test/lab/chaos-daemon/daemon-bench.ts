/**
 * The chaos daemon on a bare cluster: a real API server, pods that are objects only, and an agent that keeps what it is given. The
 * protocol is under test here; that faults bite is shown where pods run.
 */
import { mkdirSync } from 'node:fs'
import { join } from 'node:path'
import { fieldsOf } from '../../../src/lab/machine/json.ts'
import { type FaultState, faultState, type SeenVersion } from '../../../src/protocols/chaos-mesh/fault-state.ts'
import type { ChaosObject } from '../../../src/protocols/chaos-mesh/objects.ts'
import { type BareCluster, eventually, startBareCluster } from '../support/bare-cluster.ts'
import { type AgentDouble, startAgentDouble } from './agent-double.ts'

export const PODS = '/api/v1/namespaces/default/pods'
export type Kind = 'PodChaos' | 'NetworkChaos' | 'HTTPChaos' | 'DNSChaos'
export const pathOf = (kind: Kind, name = ''): string =>
  `/apis/chaos-mesh.org/v1alpha1/namespaces/default/${kind.toLowerCase()}/${name}`.replace(/\/$/, '')

/** All versions of one object from a moment on until it is gone. */
export type Watched = {
  readonly versions: readonly SeenVersion[]
  readonly ended: Promise<void>
  state(): FaultState
  last(): ChaosObject
  until(kind: FaultState['kind'], withinMs?: number): Promise<void>
  /** Until the conditions say so as well: the daemon writes them in the pass after that of its records. */
  settled(condition: 'AllInjected' | 'AllRecovered'): Promise<void>
  stop(): void
}

export type DaemonBench = {
  readonly bare: BareCluster
  readonly agent: AgentDouble
  pod(name: string, podIP: string, spec?: object): Promise<void>
  create(kind: Kind, name: string, spec: object): Promise<unknown>
  remove(kind: Kind, name: string): Promise<unknown>
  annotate(kind: Kind, name: string, annotation: string, value: string | null): Promise<unknown>
  watch(kind: Kind, name: string): Promise<Watched>
  /** kill -9. */
  kill(): Promise<void>
  /** Starts a daemon and waits until it admits objects. */
  start(): Promise<void>
  stop(): Promise<void>
}

/** Four pods labelled `app: api` are there: api-1 to api-4, at 10.244.0.21 to .24. */
export async function daemonBench(): Promise<DaemonBench> {
  const bare = await startBareCluster()
  mkdirSync(bare.paths.net, { recursive: true })
  const agent = await startAgentDouble(join(bare.paths.net, 'agent.sock'))
  let daemon = { kill: async (_signal: NodeJS.Signals) => {} }
  const starts = () => bare.log('chaos-daemon').split('admission at').length - 1
  let started = 0
  const bench: DaemonBench = {
    bare,
    agent,
    pod: (name, podIP, spec) => makePod(bare, name, podIP, spec),
    create: (kind, name, spec) =>
      bare.cluster.create(pathOf(kind), { apiVersion: 'chaos-mesh.org/v1alpha1', kind, metadata: { name }, spec }),
    remove: (kind, name) => bare.cluster.remove(pathOf(kind, name)),
    annotate: (kind, name, annotation, value) =>
      bare.cluster.merge(pathOf(kind, name), { metadata: { annotations: { [annotation]: value } } }),
    watch: (kind, name) => watch(bare, kind, name),
    kill: () => daemon.kill('SIGKILL'),
    start: async () => {
      started += 1
      daemon = bare.daemon('chaos-daemon')
      await eventually('admission', 20_000, async () => starts() >= started || undefined)
    },
    stop: async () => {
      await bare.stop()
      await agent.close()
    },
  }
  await bench.start()
  await bare.cluster
    .create('/api/v1/namespaces/default/serviceaccounts', { metadata: { name: 'default' } })
    .catch(() => {})
  for (const n of [1, 2, 3, 4]) await bench.pod(`api-${n}`, `10.244.0.2${n}`)
  return bench
}

async function makePod(bare: BareCluster, name: string, podIP: string, spec: object = {}): Promise<void> {
  const containers = [
    { name: 'main', image: 'shop/api:1' },
    { name: 'side', image: 'shop/side:1' },
  ]
  await bare.cluster.create(PODS, {
    metadata: { name, labels: { app: 'api' } },
    spec: { nodeName: 'n1', automountServiceAccountToken: false, containers, ...spec },
  })
  const status = { phase: 'Running', podIP, podIPs: [{ ip: podIP }] }
  await bare.cluster.merge(`${PODS}/${name}/status`, { status })
}

async function watch(bare: BareCluster, kind: Kind, name: string): Promise<Watched> {
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
  const state = () => faultState(versions, { nowMs: performance.now(), selectionWithinMs: 2000 })
  const holds = (condition: string) =>
    versions.at(-1)?.object.status?.conditions?.some(({ type, status }) => type === condition && status === 'True')
  return {
    versions,
    ended,
    state,
    last: () => {
      const object = versions.at(-1)?.object
      if (object === undefined) throw new Error('nothing was seen')
      return object
    },
    settled: async (condition) => {
      await eventually(`${kind} ${name} ${condition}`, 10_000, async () => holds(condition) || undefined)
    },
    until: async (wanted, withinMs = 10_000) => {
      await eventually(`${kind} ${name} ${wanted}`, withinMs, async () => state().kind === wanted || undefined).catch(
        (error: Error) => {
          throw new Error(`${error.message}; it is ${JSON.stringify(state())}`)
        },
      )
    },
    stop: () => abort.abort(),
  }
}
