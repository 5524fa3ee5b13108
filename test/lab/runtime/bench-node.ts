import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { chmodSync, constants, copyFileSync, mkdirSync, mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { homedir, tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { vi } from 'vitest'
import { type ImageIndex, nodeBinary, writeIndex } from '../../../src/lab/images/image-index.ts'
import { labPaths } from '../../../src/lab/machine/paths.ts'
import { type LabNode, labNodes } from '../../../src/lab/topology/node-table.ts'
import { type CriClient, criClient } from './cri-client.ts'

// Real processes on a busy machine: the wait must be longer than any delay of the machine.
vi.setConfig({ testTimeout: 30_000, hookTimeout: 30_000 })

/** One node's runtime in its own process, with real containers and a pod network that only counts addresses. */
export type BenchNode = {
  root: string
  node: LabNode
  /** what the runtime wrote to its standard error */
  told(): string
  address(sandbox: string): string | undefined
  /** Of this node, or of one that joined. */
  cri(name?: string): CriClient
  containerFolder(id: string): string
  killRuntime(): Promise<void>
  startRuntime(): Promise<void>
  close(): Promise<void>
}

export const DIGEST = `sha256:${'a'.repeat(64)}`

const index: ImageIndex = {
  images: {
    'bench/sh': {
      digest: DIGEST,
      kind: 'node',
      folder: 'sh',
      entrypoint: ['/bin/sh', '-c', 'echo from the entrypoint'],
      sizeBytes: 1,
    },
    'bench/native': {
      digest: `sha256:${'b'.repeat(64)}`,
      kind: 'native',
      folder: 'sh',
      entrypoint: ['sleep', '1000'],
      sizeBytes: 1,
    },
    'bench/native-with-node': {
      digest: `sha256:${'c'.repeat(64)}`,
      kind: 'native',
      folder: 'native-with-node',
      entrypoint: ['$NODE', '-p', '1'],
      sizeBytes: 1,
    },
  },
}

export async function openBenchNode(): Promise<BenchNode> {
  const root = mkdtempSync(join(tmpdir(), 'mdrt-'))
  chmodSync(root, 0o755)
  const images = labPaths(root).images
  mkdirSync(join(images, 'bin'), { recursive: true })
  for (const image of ['sh', 'native-with-node']) mkdirSync(join(images, image))
  // A copy, as in a lab: containers run as a user that may not enter the folder of the checkout.
  copyFileSync(process.execPath, nodeBinary(images), constants.COPYFILE_FICLONE)
  writeIndex(images, index)
  const [node] = labNodes(1)
  if (!node) throw new Error('the node table is empty')
  const folder = labPaths(root).node(node.name).root
  const clients: CriClient[] = []
  let runtime: ChildProcess | undefined
  let told = ''
  const bench: BenchNode = {
    root,
    node,
    told: () => told,
    address: (sandbox) => JSON.parse(readFileSync(join(root, 'addresses.json'), 'utf8'))[sandbox],
    containerFolder: (id) => join(folder, 'containers', id),
    cri(name = node.name) {
      const client = criClient(labPaths(root).node(name).criSocket)
      clients.push(client)
      return client
    },
    async killRuntime() {
      runtime?.kill('SIGKILL')
      if (runtime) await once(runtime, 'exit')
    },
    async startRuntime() {
      const env = { ...process.env, NODE_COMPILE_CACHE: join(homedir(), '.cache', 'matchday', 'compile-cache') }
      runtime = spawn(process.execPath, [join(import.meta.dirname, 'bench-main.ts'), root], { stdio: 'pipe', env })
      runtime.stderr?.on('data', (text) => {
        told += text
      })
      if (runtime.stdout) await once(runtime.stdout, 'data')
    },
    async close() {
      for (const client of clients) client.close()
      runtime?.stdin?.end()
      if (runtime && runtime.exitCode === null) await once(runtime, 'exit')
      rmSync(root, { recursive: true, force: true })
    },
  }
  await bench.startRuntime()
  return bench
}

export type Pod = { sandbox: string; logDirectory: string; sandboxConfig: object }

export async function runPod(bench: BenchNode, cri: CriClient, name = 'pod', extra: object = {}): Promise<Pod> {
  const logDirectory = join(bench.root, 'pod-logs', name)
  const metadata = { name, uid: `uid-${name}`, namespace: 'test', attempt: 0 }
  const sandboxConfig = { metadata, hostname: name, logDirectory, labels: { app: name }, ...extra }
  const { podSandboxId } = await cri.call<{ podSandboxId: string }>('RunPodSandbox', { config: sandboxConfig })
  return { sandbox: podSandboxId, logDirectory, sandboxConfig }
}

export async function createContainer(cri: CriClient, pod: Pod, config: object): Promise<string> {
  const { containerId } = await cri.call<{ containerId: string }>('CreateContainer', {
    podSandboxId: pod.sandbox,
    sandboxConfig: pod.sandboxConfig,
    config: { metadata: { name: 'main', attempt: 0 }, image: { image: 'bench/sh' }, logPath: 'main.log', ...config },
  })
  return containerId
}

export async function runContainer(cri: CriClient, pod: Pod, config: object): Promise<string> {
  const containerId = await createContainer(cri, pod, config)
  await cri.call('StartContainer', { containerId })
  return containerId
}

export const shell = (script: string) => ({ command: ['/bin/sh', '-c', script] })

export type Status = {
  state: string
  exitCode: number
  reason: string
  message: string
  startedAt: number
  finishedAt: number
  imageRef: string
  user: { linux: { uid: number } } | null
}

export async function statusOf(cri: CriClient, containerId: string): Promise<Status> {
  return (await cri.call<{ status: Status }>('ContainerStatus', { containerId })).status
}

export async function untilExited(cri: CriClient, containerId: string): Promise<Status> {
  return until(async () => {
    const status = await statusOf(cri, containerId)
    return status.state === 'CONTAINER_EXITED' ? status : undefined
  })
}

/** Polls until there is a value. Containers change within tens of milliseconds. */
export async function until<T>(look: () => T | undefined | Promise<T | undefined>, budgetMs = 20_000): Promise<T> {
  const deadline = Date.now() + budgetMs
  for (;;) {
    const value = await look()
    if (value !== undefined) return value
    if (Date.now() > deadline) throw new Error(`not seen within ${budgetMs} ms`)
    await sleep(20)
  }
}

export const logOf = (pod: Pod, file = 'main.log'): string => readFileSync(join(pod.logDirectory, file), 'utf8')

/** The texts of a log, without time, stream and tag. */
export const textsOf = (log: string): string[] =>
  log
    .trimEnd()
    .split('\n')
    .map((line) => line.split(' ').slice(3).join(' '))
