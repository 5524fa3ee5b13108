import { readFileSync, renameSync, writeFileSync } from 'node:fs'
import { dirname } from 'node:path'
import type { Place } from '../topology/place.ts'
import { requireOwn } from './paths.ts'
import { componentsSeenHere } from './pid-namespace.ts'
import { isErrno, type ProcessId } from './processes.ts'

/**
 * lab.json: the state of a lab. Only the owner writes it, atomically. The cli, the lab's own components, and the next owner (who cleans up
 * after a dead one) read it. It holds no secrets, only the names of the files that do.
 */
export type LabState = {
  readonly version: 1
  readonly root: string
  /** The process that whoever booted the lab started. In a lab with a PID namespace of its own, that is labnet. */
  readonly owner: ProcessId
  /** The PID namespace of the components' process ids. Absent in the state of an older lab, which had the machine's. */
  readonly pidNamespace?: string
  readonly place: Place
  readonly startedAt: string
  readonly phase: LabPhase
  readonly context: string
  readonly kubeconfig: string
  readonly apiServer: { readonly url: string; readonly port: number }
  readonly ingress: { readonly host: string; readonly port: number }
  readonly metricsApi: MetricsApiIdentity
  readonly nodes: readonly NodeState[]
  readonly components: readonly ComponentState[]
  readonly kubectl: string
  /** Absent in the state of an older lab, which had the preload only. */
  readonly network?: LabNetwork
  /** The folder with the definitions of the Gateway API; absent where they could not be had. */
  readonly gatewayDefinitions?: string
}

/** The kind of pod network, and why: network namespaces of the kernel, or their emulation in each Node process (preload). */
export type LabNetwork =
  | { readonly kind: 'namespaces'; readonly labnet: string; readonly processes?: LabProcesses }
  | { readonly kind: 'preload'; readonly why: string }

/**
 * Whether a lab with namespaces has a PID namespace too: then it ends whole with its first process, and its pods see no process of the machine.
 * `why`: what the kernel refused.
 */
export type LabProcesses = { readonly kind: 'own' } | { readonly kind: 'shared'; readonly why: string }

export const hasOwnProcesses = (network: LabNetwork | undefined): boolean =>
  network?.kind === 'namespaces' && network.processes?.kind === 'own'

/** Where pods reach the API server: by its Service, or in a lab on the machine's network directly. */
export const apiServerForPods = ({ network, apiServer }: LabState): string =>
  network?.kind === 'namespaces' ? 'https://kubernetes.default.svc' : apiServer.url

export type LabPhase = 'booting' | 'up' | 'degraded' | 'stopping'

/**
 * What the aggregated metrics API needs: its serving certificate, the authority that signed it, and the authority of the front proxy, which
 * tells who the caller is.
 */
export type MetricsApiIdentity = {
  readonly host: string
  readonly certificate: string
  readonly key: string
  readonly authority: string
  readonly frontProxyAuthority: string
}

export type NodeState = {
  readonly name: string
  readonly index: number
  readonly zone: string
  readonly pool: string
  readonly address: string
  readonly podCidr: string
}

export type ComponentState = {
  readonly name: string
  readonly state: 'starting' | 'running' | 'waiting' | 'stopped'
  /** The running process; absent while there is none. */
  readonly process?: ProcessId
  /** How often it was restarted after an exit that was not asked for. */
  readonly restarts: number
  /** How it last ended, if it ever did. */
  readonly lastExit?: string
}

/**
 * The state on disk, with process ids as this process sees them; undefined when there is no file, or not one that a lab wrote. @throws LabError when another
 * user may have written it
 */
export function readState(path: string): LabState | undefined {
  // It names programs to run, processes to end and a cluster to trust.
  requireOwn(dirname(path))
  let text: string
  try {
    text = readFileSync(path, 'utf8')
  } catch (error) {
    if (isErrno(error, 'ENOENT')) return undefined
    throw error
  }
  const state = parseState(text)
  return state && { ...state, components: componentsSeenHere(state.components, state) }
}

/** Writes are atomic. A broken file means a full disk or another writer. */
export function parseState(text: string): LabState | undefined {
  try {
    const found: unknown = JSON.parse(text)
    return isState(found) ? found : undefined
  } catch {
    return undefined
  }
}

function isState(found: unknown): found is LabState {
  return (
    hasFields(found, 'version', 'root', 'owner', 'phase', 'kubeconfig', 'nodes', 'components') &&
    found.version === 1 &&
    typeof found.root === 'string' &&
    isProcessId(found.owner) &&
    Array.isArray(found.nodes) &&
    Array.isArray(found.components) &&
    found.components.every(isComponentState)
  )
}

const isComponentState = (found: unknown): boolean =>
  hasFields(found, 'name', 'state') && (!('process' in found) || isProcessId(found.process))

const isProcessId = (found: unknown): found is ProcessId =>
  hasFields(found, 'pid', 'startTicks') && Number.isInteger(found.pid) && Number.isInteger(found.startTicks)

function hasFields<K extends string>(found: unknown, ...fields: K[]): found is Record<K, unknown> {
  return typeof found === 'object' && found !== null && fields.every((field) => field in found)
}

export function writeState(path: string, state: LabState): void {
  const aside = `${path}.${process.pid}`
  writeFileSync(aside, `${JSON.stringify(state, undefined, 2)}\n`, { mode: 0o644 })
  renameSync(aside, path)
}
