// The lab: a Kubernetes cluster on this machine, for rehearsals and tests. Control plane and kubelets are Kubernetes' own programs. The
// parts that Kubernetes lets anyone plug in (container runtime, pod network, metrics, ingress, cloud provider) are made here, one folder
// each. This file is the front door: it starts the owner process, sends it requests, and stops it.
import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { closeSync, mkdirSync, openSync } from 'node:fs'
import { createInterface } from 'node:readline'
import { LabError } from './machine/lab-error.ts'
import { ownFile } from './machine/own-file.ts'
import { claimRoot, type LabPaths, labPaths } from './machine/paths.ts'
import { componentsSeenHere } from './machine/pid-namespace.ts'
import { isAlive, type ProcessId, signalProcess, startTicksOf } from './machine/processes.ts'
import { hasOwnProcesses, type LabState, readState } from './machine/state.ts'
import { alreadyUp, CLAIM_PORT, claimAddress, claimHolder } from './owner/claim.ts'
import { askOwner } from './owner/client.ts'
import type { OwnerStatus } from './owner/controls.ts'
import { doorAddresses } from './owner/doors.ts'
import { removeTransient } from './owner/folders.ts'
import { cleanedUp, killLeftovers } from './owner/leftovers.ts'
import { requireFree } from './owner/listening.ts'
import { chooseNetwork, type NetworkChoice, networkChoice } from './owner/network-choice.ts'
import { KEEP, type LabTools, type OwnerEvent, type OwnerSpec } from './owner/spec.ts'
import type { Stage } from './owner/stages.ts'
import { API_IP, DNS_IP, GATEWAY_IP, INGRESS_IP, nodeAddress, POD_RANGE, SERVICE_RANGE } from './topology/addresses.ts'
import { labNodes, NODE_COUNT_MAX, spareNumbers } from './topology/node-table.ts'
import { FIRST_PLACE, hostOf, type Place } from './topology/place.ts'
import { REAL_ADDRESSES_VARIABLE } from './topology/real-addresses.ts'

export { LabError } from './machine/lab-error.ts'
export { defaultLabRoot, type LabPaths, labPaths } from './machine/paths.ts'
export type { ComponentState, LabNetwork, LabPhase, LabProcesses, LabState, NodeState } from './machine/state.ts'
export type { OwnerStatus } from './owner/controls.ts'
export { NETWORK_CHOICES, type NetworkChoice, networkChoice } from './owner/network-choice.ts'
export type { LabTools, OwnerEvent } from './owner/spec.ts'
export type { Stage } from './owner/stages.ts'
export type { Place } from './topology/place.ts'

export type LabUpOptions = {
  readonly root?: string
  readonly tools: LabTools
  /** 1 to 6. */
  readonly nodes?: number
  /** Only for labs side by side. */
  readonly place?: Place
  readonly ingressPort?: number
  /** The kind of pod network. Default: MATCHDAY_LAB_NETWORK, else auto. */
  readonly network?: NetworkChoice
  readonly onProgress?: (event: OwnerEvent) => void
  /** Called as soon as the API server accepts objects, seconds before the nodes are ready. */
  readonly onApi?: (state: LabState) => void
  /** Aborts the boot: the lab is taken down. */
  readonly signal?: AbortSignal
}

export type LabHandle = {
  readonly state: LabState
  readonly kubeconfig: string
  readonly stages: readonly Stage[]
  /** Lets the lab outlive this process. Without it, the lab stops when this process ends. */
  keep(): void
  /** Stops the lab and waits until nothing is left. */
  down(): Promise<void>
}

const DEFAULT_INGRESS_PORT = 8080
const DOWN_WITHIN_MS = 45_000

/** Boots a lab. @throws LabError when one is already up at its place, or when this machine cannot run one; nothing is left behind then */
export async function labUp(options: LabUpOptions): Promise<LabHandle> {
  requireLinux()
  const paths = labPaths(options.root)
  const place = options.place ?? FIRST_PLACE
  await requireFreePlace(place)
  options.signal?.throwIfAborted()
  claimRoot(paths.root)
  const spec: Unowned = {
    root: paths.root,
    nodes: options.nodes ?? NODE_COUNT_MAX,
    place,
    ingressPort: options.ingressPort ?? DEFAULT_INGRESS_PORT,
    tools: options.tools,
    network: await chooseNetwork(options.network ?? networkChoice(), options.tools.labnet),
  }
  if (hasOwnProcesses(spec.network)) await killOutside(paths, place, options.onProgress)
  const owner = await spawnOwner(paths, spec)
  const told: OwnerSpec = { ...spec, self: idOf(owner) }
  owner.stdin?.write(`${JSON.stringify(told)}\n`)
  const abort = () => owner.stdin?.end()
  options.signal?.addEventListener('abort', abort, { once: true })
  const stages: Stage[] = []
  try {
    await bootEvents(owner, paths, options, stages)
  } catch (error) {
    // The owner reports its error before it exits, and keeps its addresses until then.
    await exitOf(owner)
    throw error
  } finally {
    options.signal?.removeEventListener('abort', abort)
  }
  return handleOf(owner, paths, stages)
}

/** Callers that build images first ask here before. @throws LabError when a lab is up at this place */
export async function requireFreePlace(place: Place = FIRST_PLACE): Promise<void> {
  const holder = await claimHolder(claimAddress(place))
  if (holder) throw alreadyUp(holder)
}

/** `none`: no lab in this folder. `dead`: its owner is gone, processes may be left. `up`: the owner answered. */
export type LabStatus =
  | { readonly kind: 'none' }
  | { readonly kind: 'dead'; readonly state: LabState }
  | { readonly kind: 'up'; readonly state: LabState; readonly status: OwnerStatus }

export async function labStatus(root?: string): Promise<LabStatus> {
  const paths = labPaths(root)
  const state = readState(paths.state)
  if (!state) return { kind: 'none' }
  if (!isAlive(state.owner)) return { kind: 'dead', state }
  const status = (await askOwner(paths.ownerSocket, 'GET', '/status')) as OwnerStatus
  return { kind: 'up', state, status: { ...status, components: componentsSeenHere(status.components, state) } }
}

/** Stops the lab of this folder, or cleans up after a dead one. Returns what was done. */
export async function labDown(root?: string): Promise<'stopped' | 'cleaned' | 'nothing'> {
  const paths = labPaths(root)
  const state = readState(paths.state)
  if (state && isAlive(state.owner)) {
    await stopOwner(paths, state)
    return 'stopped'
  }
  const killed = await killLeftovers(paths.root, paths.state)
  if (state) removeTransient(paths)
  return state || killed > 0 ? 'cleaned' : 'nothing'
}

/** Kills, stops or starts the kubelet of a node. @throws LabError when the lab or the node does not exist */
export async function controlKubelet(root: string, node: string, action: 'kill' | 'stop' | 'start'): Promise<void> {
  await askOwner(labPaths(root).ownerSocket, 'POST', `/nodes/${node}/kubelet`, { action })
}

/** Kills, stops, starts or restarts a program of the lab, by its name in the status. */
export async function controlComponent(
  root: string,
  name: string,
  action: 'kill' | 'restart' | 'stop' | 'start',
): Promise<void> {
  await askOwner(labPaths(root).ownerSocket, 'POST', `/components/${name}`, { action })
}

function requireLinux(): void {
  if (process.platform === 'linux') return
  throw new LabError({
    code: 'lab-needs-linux',
    problem: `the lab runs on Linux only (this is ${process.platform}): it needs /proc and all of 127.0.0.0/8.`,
    next: 'run it in a Linux virtual machine, or rehearse against another cluster.',
  })
}

type Unowned = Omit<OwnerSpec, 'self'>

/**
 * The processes of a dead lab, which an owner with a PID namespace of its own cannot see. They belong to a dead lab if the place is still free after they were found: a
 * lab claims its place before it starts a process.
 */
async function killOutside(paths: LabPaths, place: Place, onProgress: LabUpOptions['onProgress']): Promise<void> {
  const killed = await killLeftovers(paths.root, paths.state, () => requireFreePlace(place))
  if (killed > 0) onProgress?.({ kind: 'note', text: cleanedUp(killed) })
}

const idOf = ({ pid = 0 }: ChildProcess): ProcessId => ({ pid, startTicks: startTicksOf(pid) ?? 0 })

async function spawnOwner(paths: LabPaths, spec: Unowned): Promise<ChildProcess> {
  mkdirSync(paths.root, { recursive: true })
  const own = [process.execPath, ownFile('./owner/main.ts', import.meta.url)]
  const [program = '', ...words] = await inNetwork(spec, own)
  const real = spec.network.kind === 'namespaces' ? { [REAL_ADDRESSES_VARIABLE]: '1' } : {}
  const log = openSync(`${paths.root}/owner.log`, 'w', 0o600)
  try {
    return spawn(program, words, {
      cwd: '/',
      detached: true,
      stdio: ['pipe', 'pipe', log],
      env: { ...process.env, NODE_COMPILE_CACHE: paths.compileCache, ...real },
    })
  } finally {
    closeSync(log)
  }
}

async function exitOf(child: ChildProcess): Promise<void> {
  if (child.exitCode === null && child.signalCode === null) await once(child, 'exit')
}

/** With namespaces, the owner and all that it starts live in a network of the lab's own. */
async function inNetwork({ network, place, nodes, ingressPort }: Unowned, own: string[]): Promise<string[]> {
  if (network.kind === 'preload') return own
  const host = hostOf(place)
  // labnet listens there before the owner runs, so the owner could only say that labnet failed.
  await requireFree(host, ingressPort)
  const plan = {
    listen: doorAddresses(host, CLAIM_PORT, ingressPort),
    addresses: [GATEWAY_IP, INGRESS_IP, DNS_IP, API_IP, ...nodeAddresses(nodes, place)],
    routes: [POD_RANGE, SERVICE_RANGE],
    caller: GATEWAY_IP,
    ownProcesses: hasOwnProcesses(network),
  }
  return [network.labnet, 'lab', JSON.stringify(plan), '--', ...own]
}

/** Also of the nodes that may join later: labnet adds the addresses only once. */
const nodeAddresses = (nodes: number, place: Place): readonly string[] => [
  ...labNodes(nodes, place).map((node) => node.address),
  ...spareNumbers(place).map(nodeAddress),
]

/** Passes events on until the lab is up. @throws LabError when the boot fails */
async function bootEvents(owner: ChildProcess, paths: LabPaths, options: LabUpOptions, stages: Stage[]): Promise<void> {
  if (!owner.stdout) throw new Error('the owner was spawned with a pipe')
  owner.stdin?.on('error', () => {}) // it may end before it reads; then its output ends
  for await (const line of createInterface({ input: owner.stdout })) {
    const event: OwnerEvent = JSON.parse(line)
    options.onProgress?.(event)
    switch (event.kind) {
      case 'refused':
        throw new LabError(event)
      case 'stage':
        stages.push({ name: event.name, startMs: event.startMs, ms: event.ms })
        break
      case 'api':
        options.onApi?.(stateOf(paths))
        break
      case 'up':
        return
      case 'note':
        break
    }
  }
  options.signal?.throwIfAborted()
  throw new LabError({
    code: 'lab-owner-died',
    problem: 'the process that owns the lab ended before the lab was up.',
    next: `read ${paths.root}/owner.log; if it names labnet, this machine refuses a part of network namespaces: use --network preload`,
  })
}

function handleOf(owner: ChildProcess, paths: LabPaths, stages: readonly Stage[]): LabHandle {
  const state = stateOf(paths)
  // The handle must not keep this process alive. The lifeline stays open as long as the process lives.
  owner.unref()
  unrefStream(owner.stdin)
  unrefStream(owner.stdout)
  owner.stdout?.resume()
  return {
    state,
    kubeconfig: state.kubeconfig,
    stages,
    keep: () => void owner.stdin?.write(`${KEEP}\n`),
    down: () => stopOwner(paths, state),
  }
}

function unrefStream(stream: unknown): void {
  if (typeof stream === 'object' && stream !== null && 'unref' in stream && typeof stream.unref === 'function')
    stream.unref()
}

function stateOf(paths: LabPaths): LabState {
  const state = readState(paths.state)
  if (!state) throw new Error(`${paths.state} is written before the lab is up`)
  return state
}

async function stopOwner(paths: LabPaths, state: LabState): Promise<void> {
  await askOwner(paths.ownerSocket, 'POST', '/stop').catch(() => signalProcess(state.owner, 'SIGTERM'))
  const deadlineMs = performance.now() + DOWN_WITHIN_MS
  while (isAlive(state.owner) && performance.now() < deadlineMs) await new Promise((resolve) => setTimeout(resolve, 50))
  if (!isAlive(state.owner)) return
  // The owner hangs. Its state file and the lab's mark are enough to clean up without it.
  signalProcess(state.owner, 'SIGKILL')
  await killLeftovers(paths.root, paths.state)
  removeTransient(paths)
}
