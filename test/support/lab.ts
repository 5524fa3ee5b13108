/** The lab with the reference platform, for tests and benches that rehearse. */
import { execFile, spawn } from 'node:child_process'
import {
  chmodSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  watch,
  writeFileSync,
} from 'node:fs'
import { homedir, tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { promisify } from 'node:util'
import { CoreV1Api, KubeConfig, KubernetesObjectApi } from '@kubernetes/client-node'
import { connectKubernetes } from '../../src/adapters/kubernetes/connect.ts'
import { addKeda, bootLab } from '../../src/cli/lab-boot.ts'
import { REFERENCE_WORKLOAD } from '../../src/cli/reference-workload.ts'
import type { Evidence } from '../../src/domain/evidence.ts'
import type { Judgment } from '../../src/domain/verdict.ts'
import { readJournal } from '../../src/journal/read.ts'
import { readIndex } from '../../src/lab/images/image-index.ts'
import { renderImages } from '../../src/lab/images/render.ts'
import { needsKeda } from '../../src/lab/keda/install.ts'
import { type LabHandle, type LabState, labPaths, labStatus } from '../../src/lab/lab.ts'
import { applyManifests } from '../../src/lab/workload/apply.ts'
import { namespacesOf, untilReady } from '../../src/lab/workload/deploy.ts'
import { type Manifest, renderManifests } from '../../src/lab/workload/render.ts'
import { readWorkload } from '../../src/lab/workload/workload.ts'
import type { KubernetesApi } from '../../src/protocols/kubernetes/api.ts'
import { commandFlags } from './command-flags.ts'
import { askHost, hasHost } from './lab-host.ts'

export type TestLab = {
  readonly handle: Pick<LabHandle, 'state' | 'kubeconfig' | 'stages'>
  readonly root: string
  /** The stock target, with the address of this lab's front door. */
  readonly target: string
  readonly api: KubernetesApi
  readonly reports: string
  /** Makes the platform what it is with these overlays, and no others. */
  become(overlays: readonly string[]): Promise<void>
  kubectl(...args: string[]): Promise<string>
  down(): Promise<void>
}

/** The lab that test files share, where there is one; a lab of the caller's own elsewhere. `alone`: no other lab is up meanwhile. */
export const testLab = ({ alone = false } = {}): Promise<TestLab> => (hasHost() ? sharedLab(alone) : ownLab())

async function sharedLab(alone: boolean): Promise<TestLab> {
  const { root } = await askHost('platform', alone)
  const status = await labStatus(root)
  if (status.kind !== 'up') throw new Error(`the shared lab is ${status.kind}`)
  const { state } = status
  const scratch = mkdtempSync(join(tmpdir(), 'md-'))
  return labAt({ state, kubeconfig: state.kubeconfig, stages: [] }, scratch, async (overlays) => {
    if (overlays.length > 0) await become(state, [], overlays)
    rmSync(scratch, { recursive: true, force: true })
  })
}

/** What a lab begins with: kustomize components, and the target file that describes them. */
export type LabPlatform = { readonly overlays: readonly string[]; readonly target: string }
const STOCK: LabPlatform = { overlays: [], target: 'scenarios/targets/lab.yaml' }

/** Boots a lab below a new folder, or in the one of an earlier lab. The folder's name is short: unix sockets lie below it. */
export async function ownLab(kept?: string, { overlays, target }: LabPlatform = STOCK): Promise<TestLab> {
  const scratch = kept ?? mkdtempSync(join(tmpdir(), 'md-'))
  // Pods of a root caller run as somebody else, who must get to their images.
  chmodSync(scratch, 0o755)
  const handle = await bootLab({
    workload: REFERENCE_WORKLOAD,
    overlays,
    root: join(scratch, 'l'),
    signal: new AbortController().signal,
  })
  const down = async () => {
    await handle.down()
    if (kept === undefined) rmSync(scratch, { recursive: true, force: true })
  }
  return labAt(handle, scratch, down, target)
}

async function labAt(
  handle: TestLab['handle'],
  scratch: string,
  down: (overlays: readonly string[]) => Promise<void>,
  targetFile = STOCK.target,
): Promise<TestLab> {
  const { state, kubeconfig } = handle
  process.env.MATCHDAY_LAB_DIR = state.root
  const reports = join(scratch, 'reports')
  mkdirSync(reports, { recursive: true })
  const target = join(scratch, 'target.yaml')
  writeFileSync(target, targetAt(targetFile, state.ingress))
  let current: readonly string[] = []
  return {
    handle,
    root: state.root,
    target,
    reports,
    api: await connectKubernetes({ kubeconfig }),
    kubectl: async (...args) =>
      (await promisify(execFile)(state.kubectl, ['--kubeconfig', kubeconfig, ...args])).stdout,
    become: async (overlays) => {
      const before = current
      current = overlays
      await become(state, overlays, before)
    },
    down: () => down(current),
  }
}

const STOCK_ENTRY = 'http://127.99.0.1:8080'

/** The stock target is of the machine's first place. */
const targetAt = (file: string, { host, port }: LabState['ingress']): string =>
  readFileSync(file, 'utf8').replace(STOCK_ENTRY, `http://${host}:${port}`)

/** `before`: what may still be there and is to go. */
async function become(state: LabState, overlays: readonly string[], before: readonly string[]): Promise<void> {
  const render = (with_: readonly string[]) =>
    renderManifests(state.kubectl, readWorkload(REFERENCE_WORKLOAD).manifests, with_)
  const [healthy, former, manifests] = await Promise.all([render([]), render(before), render(overlays)])
  const rendered = renderImages(manifests, readIndex(labPaths(state.root).images))
  const client = new KubeConfig()
  client.loadFromFile(state.kubeconfig)
  if (needsKeda(manifests)) await addKeda(state, AbortSignal.timeout(120_000))
  await removeAll(client, missingFrom(rendered, [...former, ...healthy]))
  await applyManifests(state.root, rendered)
  const namespaces = namespacesOf(rendered)
  await untilReady(state.root, namespaces, () => undefined)
  await untilNobodyEnds(client.makeApiClient(CoreV1Api), namespaces)
}

/** Pods of a platform before serve and are counted until they are gone: what they show is no part of the platform after it. */
async function untilNobodyEnds(core: CoreV1Api, namespaces: readonly string[]): Promise<void> {
  const deadline = performance.now() + END_WITHIN_MS
  for (;;) {
    const lists = await Promise.all(namespaces.map((namespace) => core.listNamespacedPod({ namespace })))
    const ending = lists.flatMap(({ items }) => items.filter(({ metadata }) => metadata?.deletionTimestamp))
    if (ending.length === 0) return
    if (performance.now() > deadline) throw new Error(`${ending.map(({ metadata }) => metadata?.name)} do not end`)
    await sleep(LOOK_EVERY_MS)
  }
}

// The longest grace of the platform's pods is a minute, and the kubelet clears a pod away within a second: half as much again on a busy machine.
const END_WITHIN_MS = 90_000
const LOOK_EVERY_MS = 500

const identityOf = ({ kind, metadata }: Manifest): string => `${kind}/${metadata.namespace ?? ''}/${metadata.name}`

/** What an overlay takes away (`$patch: delete`): applying never deletes. */
function missingFrom(rendered: readonly Manifest[], healthy: readonly Manifest[]): readonly Manifest[] {
  const there = new Set(rendered.map(identityOf))
  return healthy.filter((each) => !there.has(identityOf(each)))
}

async function removeAll(config: KubeConfig, manifests: readonly Manifest[]): Promise<void> {
  const api = KubernetesObjectApi.makeApiClient(config)
  for (const { apiVersion, kind, metadata } of manifests)
    await api.delete({ apiVersion, kind, metadata }).catch((error: unknown) => {
      if ((error as { code?: number }).code !== 404) throw error
    })
}

export type Run = {
  readonly pid: number
  /** Resolves with the first record that fits, as soon as it is in the journal; rejects when the run ends without one. */
  until(fits: (record: Evidence) => boolean): Promise<Evidence>
  signal(name: NodeJS.Signals): void
  readonly ended: Promise<{ readonly code: number | null; readonly stdout: string; readonly stderr: string }>
  folder(): string
}

/** Code is compiled once for all commands, as bin.mjs has it done for users. */
const environmentOf = (root: string): NodeJS.ProcessEnv => ({
  ...process.env,
  MATCHDAY_LAB_DIR: root,
  NODE_COMPILE_CACHE: join(homedir(), '.cache', 'matchday', 'compile-cache'),
  NO_COLOR: '1',
})

/** Starts `matchday run` as a user would: a process of its own, results on stdout, progress on stderr. */
export const startRun = (lab: TestLab, rehearsal: string, ...flags: string[]): Run =>
  startRunOn(lab, rehearsal, '--lab', '--target', lab.target, ...flags)

/** The same on whatever cluster the flags choose. */
export function startRunOn(
  { reports: parent, root }: Pick<TestLab, 'reports' | 'root'>,
  rehearsal: string,
  ...flags: string[]
): Run {
  const reports = mkdtempSync(join(parent, 'r-'))
  const args = [...commandFlags, 'src/cli/main.ts', 'run', rehearsal, '--reports', reports, ...flags]
  const child = spawn(process.execPath, args, {
    stdio: ['ignore', 'pipe', 'pipe'],
    env: environmentOf(root),
  })
  let [stdout, stderr] = ['', '']
  child.stdout.on('data', (data) => {
    stdout += data
  })
  child.stderr.on('data', (data) => {
    stderr += data
  })
  const ended = new Promise<{ code: number | null; stdout: string; stderr: string }>((resolve) =>
    child.on('close', (code) => resolve({ code, stdout, stderr })),
  )
  const folder = () =>
    readdirSync(reports)
      .filter((name) => name !== 'latest')
      .map((name) => join(reports, name))[0] ?? ''
  return {
    pid: child.pid ?? 0,
    ended,
    folder,
    signal: (name) => void child.kill(name),
    until: (fits) =>
      untilRecord(
        reports,
        folder,
        fits,
        ended.then(({ stderr: said }) => Promise.reject(new Error(`the run ended first:\n${said}`))),
      ),
  }
}

/** Tails the journal by its changes, so that a test acts on what is written and not after a time. */
async function untilRecord(
  reports: string,
  folder: () => string,
  fits: (record: Evidence) => boolean,
  ended: Promise<never>,
): Promise<Evidence> {
  let watcher: ReturnType<typeof watch> | undefined
  let poll: NodeJS.Timeout | undefined
  let read = 0
  const found = new Promise<Evidence>((resolve) => {
    const look = () => {
      const path = folder() === '' ? '' : join(folder(), 'journal.ndjson')
      if (path === '' || !existsSync(path) || statSync(path).size === read) return
      const text = readFileSync(path, 'utf8')
      read = text.length
      const record = text
        .split('\n')
        .slice(0, -1)
        .map((line) => JSON.parse(line) as Evidence)
        .find(fits)
      if (record) resolve(record)
    }
    watcher = watch(reports, { recursive: true }, look)
    poll = setInterval(look, 20)
  })
  try {
    return await Promise.race([found, ended])
  } finally {
    watcher?.close()
    clearInterval(poll)
  }
}

export const verdictOf = (run: Run): Judgment =>
  JSON.parse(readFileSync(join(run.folder(), 'verdict.json'), 'utf8')) as Judgment
export const causesOf = (judgment: Judgment): readonly string[] => [
  ...new Set(judgment.findings.map((each) => each.cause)),
]

export async function recordsOf(run: Run): Promise<readonly Evidence[]> {
  const records: Evidence[] = []
  for await (const { record } of readJournal(join(run.folder(), 'journal.ndjson'))) records.push(record)
  return records
}

/** Runs any other command to its end. */
export async function matchday(
  lab: Pick<TestLab, 'root'>,
  ...args: string[]
): Promise<{ readonly code: number | null; readonly stdout: string; readonly stderr: string }> {
  const child = spawn(process.execPath, ['src/cli/main.ts', ...args], {
    stdio: ['ignore', 'pipe', 'pipe'],
    env: environmentOf(lab.root),
  })
  let [stdout, stderr] = ['', '']
  child.stdout.on('data', (data) => {
    stdout += data
  })
  child.stderr.on('data', (data) => {
    stderr += data
  })
  return new Promise((resolve) => child.on('close', (code) => resolve({ code, stdout, stderr })))
}
