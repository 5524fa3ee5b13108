// A cluster for the contract suite without an API server: the agent's core is fed literal Kubernetes objects, pods are real processes
// that run with the preload, and everything between them goes through real sockets.
import { type ChildProcess, spawn } from 'node:child_process'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { fileURLToPath } from 'node:url'
import { type AgentCore, startAgentCore } from '../../../src/lab/pod-network/agent-core.ts'
import type { SandboxIdentity } from '../../../src/lab/pod-network/network-plugin.ts'
import type {
  ClusterObjects,
  EndpointSlice,
  KubeService,
  NetworkPolicy,
  Pod,
} from '../../../src/lab/pod-network/objects.ts'
import type { FaultRule, NetworkEffect, NetworkRule } from '../../../src/lab/pod-network/rules.ts'
import { identityOf } from './sandbox-identity.ts'

const APP = fileURLToPath(new URL('./pod-app.cjs', import.meta.url))

export class PodError extends Error {
  readonly code: string | undefined
  readonly address: string | undefined
  readonly port: number | undefined
  constructor(failure: { message: string; code?: string; address?: string; port?: number }) {
    super(failure.message)
    this.code = failure.code
    this.address = failure.address
    this.port = failure.port
  }
}

export type TestPod = {
  readonly uid: string
  readonly name: string
  readonly namespace: string
  readonly ip: string
  readonly env: Readonly<Record<string, string>>
  readonly labels: Readonly<Record<string, string>>
  // biome-ignore lint/suspicious/noExplicitAny: answers of the test application are looked at, not computed with
  run(command: string, args?: Record<string, unknown>): Promise<any>
  /** Another process in the same pod. */
  another(): Promise<TestPod>
  kill(signal: NodeJS.Signals): Promise<void>
  readonly process: ChildProcess
}

export type PodOptions = { namespace?: string; labels?: Record<string, string>; portNames?: Record<string, number> }

export type SmallCluster = {
  readonly root: string
  readonly core: AgentCore
  pod(name: string, options?: PodOptions): Promise<TestPod>
  remove(pod: TestPod): Promise<void>
  service(
    name: string,
    pods: readonly TestPod[],
    ports: Record<number, number>,
    spec?: KubeService['spec'],
  ): Promise<void>
  policies(policies: readonly NetworkPolicy[]): Promise<void>
  /** The API's view of a pod that has no process of the suite. */
  annotate(pod: SandboxIdentity, annotations: Record<string, string>): Promise<void>
  fault(source: string, ...rules: FaultRule[]): Promise<Record<string, unknown>>
  restartAgent(): Promise<void>
  stop(): Promise<void>
}

/** @param nodeIndex no lab uses more than a few nodes; each test file takes its own, so that files may run side by side */
export async function startSmallCluster(nodeIndex: number, node: string = process.execPath): Promise<SmallCluster> {
  const root = mkdtempSync(join(tmpdir(), 'md-net-'))
  const options = { root, log: () => {}, node }
  let core = await startAgentCore(options)
  const pods = new Map<string, TestPod>()
  const processes = new Set<ChildProcess>()
  const objects: { -readonly [K in keyof ClusterObjects]: ClusterObjects[K][number][] } = {
    services: [],
    slices: [],
    pods: [],
    namespaces: [],
    policies: [],
  }
  let clusterIps = 10

  // Pods follow the agent within its gathering time; waiting for a file they have all been told of would only move the wait.
  const publish = async () => {
    core.setObjects({ ...objects })
    await new Promise((resolve) => setTimeout(resolve, 60))
  }

  async function pod(name: string, { namespace = 'casino', labels = { app: name }, portNames = {} }: PodOptions = {}) {
    const uid = `uid-${namespace}-${name}`
    const { ip, env } = await core.add(identityOf(nodeIndex, name, { namespace, uid, labels }))
    const ports = Object.entries(portNames).map(([portName, containerPort]) => ({ name: portName, containerPort }))
    const object: Pod = { metadata: { name, namespace, uid, labels }, spec: { containers: [{ ports }] } }
    objects.pods.push(object)
    await publish()
    const start = async (): Promise<TestPod> => {
      const process = startApp(node, env)
      processes.add(process.child)
      await process.run('hostname')
      return {
        uid,
        name,
        namespace,
        ip,
        env,
        labels,
        run: process.run,
        kill: process.kill,
        process: process.child,
        another: start,
      }
    }
    const started = await start()
    pods.set(uid, started)
    return started
  }

  return {
    root,
    get core() {
      return core
    },
    pod,
    async remove(gone) {
      await gone.kill('SIGKILL')
      await core.del({ id: `sandbox-${gone.uid}` })
      objects.pods = objects.pods.filter((one) => one.metadata.uid !== gone.uid)
      await publish()
    },
    async service(name, backends, ports, spec = {}) {
      const metadata = { name, namespace: 'casino' }
      const kept = objects.services.find((one) => one.metadata.name === name)
      const clusterIP = kept?.spec?.clusterIP ?? spec?.clusterIP ?? `10.96.0.${clusterIps++}`
      const list = Object.entries(ports).map(([port, targetPort]) => ({
        name: `p${port}`,
        port: Number(port),
        targetPort,
      }))
      const service: KubeService = { metadata, spec: { clusterIP, ports: list, ...spec } }
      objects.services = [...objects.services.filter((one) => one.metadata.name !== name), service]
      objects.slices = [...objects.slices.filter((one) => one.metadata.name !== name), sliceOf(service, backends, list)]
      await publish()
    },
    async policies(policies) {
      objects.policies = [...policies]
      await publish()
    },
    async annotate({ name, namespace, uid, labels }, annotations) {
      objects.pods = objects.pods.filter((one) => one.metadata.uid !== uid)
      objects.pods.push({ metadata: { name, namespace, uid, labels, annotations } })
      await publish()
    },
    fault: (source, ...rules) => core.putRules(source, rules),
    async restartAgent() {
      await core.stop()
      core = await startAgentCore(options)
      await publish()
    },
    async stop() {
      for (const child of processes) child.kill('SIGKILL')
      await core.stop()
      rmSync(root, { recursive: true, force: true })
    },
  }
}

function sliceOf(
  service: KubeService,
  backends: readonly TestPod[],
  ports: readonly { name: string; targetPort: number }[],
): EndpointSlice {
  const { name, namespace } = service.metadata
  return {
    metadata: { name, namespace: namespace ?? '', labels: { 'kubernetes.io/service-name': name } },
    addressType: 'IPv4',
    endpoints: backends.map((pod) => ({ addresses: [pod.ip], hostname: pod.name, conditions: { ready: true } })),
    ports: ports.map((port) => ({ name: port.name, port: port.targetPort, protocol: 'TCP' })),
  }
}

export function startApp(node: string, env: Readonly<Record<string, string>>) {
  const child = spawn(node, [APP], { env: { ...process.env, ...env }, stdio: ['pipe', 'pipe', 'inherit'] })
  const waiting = new Map<number, { resolve(value: unknown): void; reject(error: Error): void }>()
  let lastId = 0
  createInterface({ input: child.stdout }).on('line', (line) => {
    const { id, value, error } = JSON.parse(line)
    if (error) waiting.get(id)?.reject(new PodError(error))
    else waiting.get(id)?.resolve(value)
    waiting.delete(id)
  })
  const ended = new Promise<void>((resolve) => child.once('exit', () => resolve()))
  void ended.then(() => {
    for (const { reject } of waiting.values()) reject(new Error('the pod process ended'))
  })
  return {
    child,
    run(command: string, args: Record<string, unknown> = {}): Promise<unknown> {
      lastId += 1
      const id = lastId
      child.stdin.write(`${JSON.stringify({ id, command, args })}\n`)
      return new Promise((resolve, reject) => waiting.set(id, { resolve, reject }))
    },
    async kill(signal: NodeJS.Signals) {
      child.kill(signal)
      await ended
    },
  }
}

/** The rule that cuts, slows or narrows everything between two pods. */
export function between(
  one: TestPod,
  other: TestPod,
  effect: NetworkEffect,
  direction: NetworkRule['direction'] = 'both',
): NetworkRule {
  return { podUid: one.uid, direction, peers: [`${other.ip}/32`], effect }
}

/** What a promise gave within the time, or `silent`. */
export function within<T>(waitMs: number, promise: Promise<T>): Promise<T | 'silent'> {
  promise.catch(() => {})
  return Promise.race([promise, new Promise<'silent'>((resolve) => setTimeout(resolve, waitMs, 'silent'))])
}
