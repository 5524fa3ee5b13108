/** A real cluster on this machine: nodes with a kubelet as Kubernetes ships it, containerd and runc. It has its own namespaces and no way out of them. */
import { type ChildProcess, type ChildProcessByStdio, execFile, spawn } from 'node:child_process'
import { once } from 'node:events'
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import type { Readable } from 'node:stream'
import { promisify } from 'node:util'
import { findTools } from '../../src/cli/tools.ts'
import { asOperator, CGROUP, CPU_GROUP, makeCgroups, removeCgroups } from './control-groups.ts'
import type { NodePrograms } from './programs.ts'

export type RealCluster = {
  /** Of an administrator. */
  readonly kubeconfig: string
  /** A program in the network of the control plane, where its API server and the nodes can be reached, with processor time of its own. */
  run(...command: readonly string[]): Promise<Ended>
  kubectl(...words: readonly string[]): Promise<string>
  /** kubectl that is not waited for; its output can be read as it comes. */
  watch(...words: readonly string[]): ChildProcessByStdio<null, Readable, null>
  /** Kills everything on a node at once. Its peers see it fall silent, because its network goes with it. It stays off until `powerOn`. */
  powerOff(node: string): Promise<void>
  powerOn(node: string): void
  /** Requests of service accounts to the API server: one JSON object a line. */
  auditLog(): string
  stop(): Promise<void>
}

type Ended = { readonly stdout: string; readonly stderr: string; readonly code: number }

/** Its number in the list is the last digit of its address: the first is 10.250.0.11. */
export type RealNode = { readonly name: string; readonly zone: string }

const NAMESPACES = ['--mount', '--net', '--uts', '--pid', '--fork', '--kill-child=SIGKILL']
const TOOLS = ['etcd', 'kube-apiserver', 'kube-controller-manager', 'kube-scheduler', 'kubectl'] as const
const call = promisify(execFile)

/** @throws Error with the last lines of each program's log */
export async function startCluster(
  programs: NodePrograms,
  nodes: readonly RealNode[],
  archives: readonly string[],
): Promise<RealCluster> {
  const folder = mkdtempSync(join(tmpdir(), 'md-real-'))
  const tools = await findTools(TOOLS, new AbortController().signal)
  makeCgroups(nodes.map(({ name }) => name))
  const env = {
    ...process.env,
    FOLDER: folder,
    PROGRAMS: programs.folder,
    NETFILTER: programs.netfilter,
    NETWORK: programs.network ?? '',
    CGROUP,
    CPU_GROUP: CPU_GROUP ?? '',
    NODES: String(nodes.length),
    ARCHIVES: archives.join(' '),
    ETCD: tools.etcd.path,
    APISERVER: tools['kube-apiserver'].path,
    CONTROLLERS: tools['kube-controller-manager'].path,
    SCHEDULER: tools['kube-scheduler'].path,
    KUBECTL: tools.kubectl.path,
  }
  const words = [join(import.meta.dirname, 'cluster.sh'), ...nodes.map(({ name, zone }) => `${name}=${zone}`)]
  const child = spawn('unshare', [...NAMESPACES, 'bash', ...words], { env, stdio: ['pipe', 'pipe', 'inherit'] })
  try {
    await untilReady(child)
  } catch (error) {
    const logs = logsIn(join(folder, 'log'))
    await end(child, folder)
    throw new Error(`the cluster did not become ready\n${logs}`, { cause: error })
  }
  return clusterOf(child, folder, tools.kubectl.path)
}

async function end(child: ChildProcess, folder: string): Promise<void> {
  if (child.exitCode === null && child.signalCode === null) {
    child.kill('SIGKILL')
    await once(child, 'exit')
  }
  await removeCgroups()
  rmSync(folder, { recursive: true, force: true })
}

function clusterOf(child: ChildProcess, folder: string, program: string): RealCluster {
  const kubeconfig = join(folder, 'pki', 'admin.kubeconfig')
  const inside = ['--target', initOf(child), '--mount', '--net', '--uts', '--pid', '--']
  const run: RealCluster['run'] = (...command) =>
    call('nsenter', [...inside, ...asOperator(command)], { maxBuffer: 16 << 20 }).then(
      (done) => ({ ...done, code: 0 }),
      (error: Ended) => error,
    )
  const fileOf = (node: string, what: 'off' | 'pid') => join(folder, 'nodes', `${node}.${what}`)
  return {
    kubeconfig,
    run,
    kubectl: async (...words) => {
      const { stdout, stderr, code } = await run(program, '--kubeconfig', kubeconfig, ...words)
      if (code !== 0) throw new Error(`kubectl ${words.join(' ')}: ${stderr}`)
      return stdout
    },
    watch: (...words) =>
      spawn('nsenter', [...inside, program, '--kubeconfig', kubeconfig, ...words], {
        stdio: ['ignore', 'pipe', 'ignore'],
      }),
    powerOff: async (node) => {
      writeFileSync(fileOf(node, 'off'), '')
      await run('kill', '-KILL', readFileSync(fileOf(node, 'pid'), 'utf8').trim())
    },
    powerOn: (node) => rmSync(fileOf(node, 'off'), { force: true }),
    auditLog: () => readFileSync(join(folder, 'log', 'audit.log'), 'utf8'),
    stop: () => end(child, folder),
  }
}

async function untilReady(child: ChildProcess): Promise<void> {
  if (child.stdout === null) throw new Error('its output was not asked for')
  for await (const line of createInterface({ input: child.stdout })) if (line === 'ready') return
  throw new Error('it ended')
}

/** unshare's only child is the init of the new namespace of processes. */
const initOf = ({ pid }: ChildProcess): string =>
  readFileSync(`/proc/${pid}/task/${pid}/children`, 'utf8').trim().split(' ')[0] ?? ''

const logsIn = (folder: string): string =>
  existsSync(folder)
    ? readdirSync(folder)
        .map((name) => `== ${name}\n${readFileSync(join(folder, name), 'utf8').split('\n').slice(-8).join('\n')}`)
        .join('\n')
    : ''
