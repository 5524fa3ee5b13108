/**
 * Kubernetes without nodes: etcd, the API server and, on request, the controller manager, with the lab's own credentials and flags. Enough
 * for tests of the API, in a third of a lab's boot time.
 */
import { type ChildProcess, spawn } from 'node:child_process'
import { mkdtempSync, openSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import type { ClusterClient } from '../../../src/lab/cluster-access/cluster.ts'
import { connect } from '../../../src/lab/cluster-access/connect.ts'
import {
  apiServerArguments,
  controllerManagerArguments,
  controlPlaneFiles,
  egressConfiguration,
  etcdArguments,
} from '../../../src/lab/control-plane/commands.ts'
import { writeCredentials } from '../../../src/lab/control-plane/credentials.ts'
import { startEgressProxy } from '../../../src/lab/control-plane/egress-proxy.ts'
import { type LabPaths, labPaths } from '../../../src/lab/machine/paths.ts'
import { resolveAll } from '../../../src/toolchain/toolchain.ts'
import { freePort } from '../../support/ports.ts'

export type BareCluster = {
  readonly root: string
  readonly paths: LabPaths
  readonly cluster: ClusterClient
  /** Starts one of the lab's own daemons, a file below src/lab, with a lifeline. */
  daemon(name: string, ...parameters: readonly string[]): BareDaemon
  kubectl(...parameters: readonly string[]): Promise<{ code: number; out: string }>
  log(name: string): string
  stop(): Promise<void>
}
export type BareDaemon = { readonly pid: number; kill(signal: NodeJS.Signals): Promise<void> }

const READY_WITHIN_MS = 60_000

export async function startBareCluster(options: { readonly controllers?: boolean } = {}): Promise<BareCluster> {
  const tools = await resolveAll(['etcd', 'kube-apiserver', 'kube-controller-manager', 'kubectl'])
  const root = mkdtempSync(join(tmpdir(), 'md-'))
  const paths = labPaths(root)
  const files = controlPlaneFiles(paths)
  const port = await freePort()
  const { files: credentials } = await writeCredentials(paths, [], `https://127.0.0.1:${port}`)
  writeFileSync(files.egressConfig, egressConfiguration(files))
  const egress = await startEgressProxy(files.egressSocket)
  const children: ChildProcess[] = []
  const run = (name: string, program: string, parameters: readonly string[], lifeline = false): ChildProcess => {
    const log = openSync(join(root, `${name}.log`), 'a')
    const child = spawn(program, parameters, { cwd: root, stdio: [lifeline ? 'pipe' : 'ignore', log, log] })
    children.push(child)
    return child
  }
  run('etcd', tools.etcd.path, etcdArguments(files))
  run('kube-apiserver', tools['kube-apiserver'].path, apiServerArguments(files, credentials, paths, port))
  if (options.controllers)
    run('kube-controller-manager', tools['kube-controller-manager'].path, controllerManagerArguments(credentials))
  const cluster = connect(root)
  await ready(cluster, root)
  return {
    root,
    paths,
    cluster,
    daemon: (name, ...parameters) => {
      const main = new URL(`../../../src/lab/${name}/main.ts`, import.meta.url).pathname
      const child = run(name, process.execPath, [main, '--lab', root, ...parameters], true)
      return { pid: child.pid ?? 0, kill: (signal) => ended(child, signal) }
    },
    kubectl: (...parameters) => output(tools.kubectl.path, ['--kubeconfig', paths.kubeconfig, ...parameters]),
    log: (name) => readFileSync(join(root, `${name}.log`), 'utf8'),
    stop: async () => {
      cluster.close()
      await Promise.all(children.reverse().map((child) => ended(child, 'SIGTERM')))
      egress.close()
      rmSync(root, { recursive: true, force: true })
    },
  }
}

async function ready(cluster: ClusterClient, root: string): Promise<void> {
  const deadline = performance.now() + READY_WITHIN_MS
  for (;;) {
    const answer = await cluster.get('/api/v1/namespaces/default').catch(() => undefined)
    if (answer !== undefined) return
    if (performance.now() > deadline)
      throw new Error(`no API server:\n${readFileSync(join(root, 'kube-apiserver.log'), 'utf8').slice(-2000)}`)
    await sleep(100)
  }
}

async function ended(child: ChildProcess, signal: NodeJS.Signals): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return
  const { promise, resolve } = Promise.withResolvers<void>()
  child.once('exit', () => resolve())
  child.kill(signal)
  const insist = setTimeout(() => child.kill('SIGKILL'), 10_000)
  await promise
  clearTimeout(insist)
}

function output(program: string, parameters: readonly string[]): Promise<{ code: number; out: string }> {
  const { promise, resolve, reject } = Promise.withResolvers<{ code: number; out: string }>()
  const child = spawn(program, parameters, { stdio: ['ignore', 'pipe', 'pipe'] }).once('error', reject)
  let out = ''
  const take = (chunk: Buffer) => {
    out += chunk.toString('utf8')
  }
  child.stdout.on('data', take)
  child.stderr.on('data', take)
  child.once('close', (code) => resolve({ code: code ?? -1, out }))
  return promise
}

/** Polls `look` until it returns a value. @throws naming `what` after the time limit */
export async function eventually<T>(what: string, withinMs: number, look: () => Promise<T | undefined>): Promise<T> {
  const deadline = performance.now() + withinMs
  for (;;) {
    const found = await look()
    if (found !== undefined) return found
    if (performance.now() > deadline) throw new Error(`${what} did not happen within ${withinMs} ms`)
    await sleep(25)
  }
}
