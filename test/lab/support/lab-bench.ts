/** A whole lab for a test: programs from the toolchain, the images that every lab has, its own folder, and kubectl. */
import { execFile, spawn } from 'node:child_process'
import { once } from 'node:events'
import { chmodSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { promisify } from 'node:util'
import { labTools } from '../../../src/cli/tools.ts'
import { buildImages } from '../../../src/lab/images/build.ts'
import {
  type LabHandle,
  type LabPaths,
  type LabTools,
  type LabUpOptions,
  labPaths,
  labUp,
  type Place,
} from '../../../src/lab/lab.ts'
import { isAlive, type ProcessId, processFamilies, startTicksOf } from '../../../src/lab/machine/processes.ts'
import { FIRST_PLACE } from '../../../src/lab/topology/place.ts'
import { askHost, hasHost } from '../../support/lab-host.ts'

export type LabBench = {
  readonly root: string
  readonly paths: LabPaths
  readonly tools: LabTools
  /** The place of its labs. */
  readonly place: Place
  up(options?: Partial<LabUpOptions>): Promise<LabHandle>
  /**
   * Boots a lab with one node from another process, which can then be killed. With `keep`, the lab outlives that process, which ends at
   * once.
   */
  upFromAnotherProcess(options?: { keep: boolean }): Promise<Booter>
  kubectl(...parameters: readonly string[]): Promise<string>
  /** kubectl get -o json */
  get(...parameters: readonly string[]): Promise<Json>
  remove(): void
}

export type Booter = { readonly pid: number; readonly exited: Promise<void>; kill(): Promise<void> }

// biome-ignore lint/suspicious/noExplicitAny: tests read kubectl's output freely
export type Json = any

const run = promisify(execFile)

/** For files that boot their own labs. Others use the shared one (shared-bench.ts). */
export async function labBench(): Promise<LabBench> {
  const place = hasHost() ? (await askHost('none')).place : FIRST_PLACE
  const tools = await labTools(new AbortController().signal)
  const root = mkdtempSync(join(tmpdir(), 'md-'))
  chmodSync(root, 0o755) // if root runs the lab, pods run as another user
  const paths = labPaths(root)
  await buildImages({ folder: paths.images, sources: [] })
  const kubectl = async (...parameters: readonly string[]) => {
    const { stdout } = await run(tools.kubectl, ['--kubeconfig', paths.kubeconfig, ...parameters])
    return stdout
  }
  return {
    root,
    paths,
    tools,
    place,
    up: (options) => labUp({ root, tools, place, ...options }),
    upFromAnotherProcess: (options) => bootElsewhere({ root, tools, place, nodes: 1 }, options?.keep ?? false),
    kubectl,
    get: async (...parameters) => JSON.parse(await kubectl('get', ...parameters, '-o', 'json')),
    remove: () => rmSync(root, { recursive: true, force: true }),
  }
}

async function bootElsewhere(lab: LabUpOptions, keep: boolean): Promise<Booter> {
  const source = new URL('../../../src/lab/lab.ts', import.meta.url)
  const script = `const { labUp } = await import('${source}')
    const lab = await labUp(JSON.parse(process.argv[1]))
    console.log('up')
    if (!${keep}) setInterval(() => {}, 1000)
    else {
      lab.keep()
      process.exit()
    }`
  const parameters = ['--input-type=module', '-e', script, JSON.stringify(lab)]
  const child = spawn(process.execPath, parameters, { stdio: ['ignore', 'pipe', 'inherit'] })
  const exited = once(child, 'exit')
  await once(createInterface({ input: child.stdout }), 'line')
  return {
    pid: child.pid ?? 0,
    exited: exited.then(() => undefined),
    kill: async () => {
      child.kill('SIGKILL')
      await exited
    },
  }
}

/** All processes with the mark of a lab, and their descendants. */
export const processesOf = (root: string): ProcessId[] =>
  processFamilies((entry) => entry === `MATCHDAY_LAB_PROCESS=${root}` || entry.startsWith(`MATCHDAY_ROOT=${root}/`))

/** Identifies a process, to check later whether it is still the same. */
export const identify = (pid: number): ProcessId => ({ pid, startTicks: startTicksOf(pid) ?? 0 })

export const areGone = (ids: readonly ProcessId[]): boolean => !ids.some(isAlive)
