/** A cluster with one real node on this machine: kubelet as Kubernetes ships it, containerd, runc. It has its own namespaces and no way out of them. */
import { type ChildProcess, execFile, spawn } from 'node:child_process'
import { once } from 'node:events'
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmdirSync,
  rmSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { promisify } from 'node:util'
import { findTools } from '../../src/cli/tools.ts'

export type RealNode = {
  readonly kubeconfig: string
  /** A program in the node's namespaces, where its API server can be reached. */
  run(
    ...command: readonly string[]
  ): Promise<{ readonly stdout: string; readonly stderr: string; readonly code: number }>
  kubectl(...words: readonly string[]): Promise<string>
  stop(): Promise<void>
}

const NAMESPACES = ['--mount', '--net', '--uts', '--pid', '--fork', '--kill-child=SIGKILL']
const call = promisify(execFile)

/** @throws Error with the last lines of each program's log */
export async function startNode(programs: string, archives: readonly string[]): Promise<RealNode> {
  const folder = mkdtempSync(join(tmpdir(), 'md-real-'))
  const names = ['etcd', 'kube-apiserver', 'kube-controller-manager', 'kube-scheduler', 'kubectl'] as const
  const tools = await findTools(names, new AbortController().signal)
  makeCgroups(CGROUP)
  const script = join(import.meta.dirname, 'node.sh')
  const words = [script, folder, programs, ...names.map((name) => tools[name].path), CGROUP, ...archives]
  const child = spawn('unshare', [...NAMESPACES, 'bash', ...words], { stdio: ['pipe', 'pipe', 'inherit'] })
  const stop = async () => {
    if (child.exitCode === null && child.signalCode === null) {
      child.kill('SIGKILL')
      await once(child, 'exit')
    }
    await removeCgroups()
    rmSync(folder, { recursive: true, force: true })
  }
  try {
    await untilReady(child)
  } catch (error) {
    const logs = logsIn(join(folder, 'log'))
    await stop()
    throw new Error(`the node did not become ready\n${logs}`, { cause: error })
  }
  const inside = ['--target', initOf(child), '--mount', '--net', '--uts', '--pid', '--']
  const kubeconfig = join(folder, 'pki', 'admin.kubeconfig')
  const run: RealNode['run'] = (...command) =>
    call('nsenter', [...inside, ...command], { maxBuffer: 16 << 20 }).then(
      (done) => ({ ...done, code: 0 }),
      (error: { stdout: string; stderr: string; code: number }) => error,
    )
  const kubectl = async (...words: readonly string[]) => {
    const { stdout, stderr, code } = await run(tools.kubectl.path, '--kubeconfig', kubeconfig, ...words)
    if (code !== 0) throw new Error(`kubectl ${words.join(' ')}: ${stderr}`)
    return stdout
  }
  return { kubeconfig, run, kubectl, stop }
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

/** The cgroups of this process's nodes that are left. */
export const leftCgroups = (): readonly string[] =>
  hierarchies()
    .map((each) => join(each, CGROUP))
    .filter((each) => existsSync(each))

const CGROUP = `matchday-real-${process.pid}`
const CGROUPS = '/sys/fs/cgroup'
/** The hierarchies of version 1; with version 2 there is one, and the kubelet makes its own folder. */
const hierarchies = (): readonly string[] =>
  existsSync(join(CGROUPS, 'cgroup.controllers'))
    ? [CGROUPS]
    : readdirSync(CGROUPS)
        .map((name) => join(CGROUPS, name))
        .filter((each) => existsSync(join(each, 'cgroup.procs')))

function makeCgroups(name: string): void {
  for (const each of hierarchies()) {
    mkdirSync(join(each, name), { recursive: true })
    for (const file of ['cpuset.cpus', 'cpuset.mems'])
      if (each.endsWith('/cpuset')) writeFileSync(join(each, name, file), readFileSync(join(each, file)))
  }
}

/** Processes that were killed may hold theirs for a moment. */
async function removeCgroups(): Promise<void> {
  for (let left = 50; left > 0; left -= 1) {
    const folders = leftCgroups()
    if (folders.length === 0) return
    for (const each of folders) removeBelow(each)
    await new Promise((resolve) => setTimeout(resolve, 100))
  }
  throw new Error(`the cgroup ${CGROUP} cannot be removed`)
}

function removeBelow(folder: string): void {
  for (const entry of readdirSync(folder, { withFileTypes: true }))
    if (entry.isDirectory()) removeBelow(join(folder, entry.name))
  try {
    rmdirSync(folder)
  } catch {
    // Tried again.
  }
}
