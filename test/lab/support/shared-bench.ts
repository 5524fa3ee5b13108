/** The lab that lab tests share, empty except for its nodes. Each file leaves it as it found it, and fails otherwise. */
import { execFile } from 'node:child_process'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { type LabPaths, type LabState, labPaths, labStatus } from '../../../src/lab/lab.ts'
import { callSocket } from '../../../src/lab/machine/socket-client.ts'
import { askHost } from '../../support/lab-host.ts'
import { eventually } from './bare-cluster.ts'
import type { Json } from './lab-bench.ts'

export type SharedBench = {
  readonly root: string
  readonly paths: LabPaths
  readonly state: LabState
  kubectl(...parameters: readonly string[]): Promise<string>
  /** kubectl get -o json */
  get(...parameters: readonly string[]): Promise<Json>
  /** kubectl apply, into namespace `default` unless an object says otherwise */
  apply(...objects: readonly object[]): Promise<void>
  /** Deletes what the file made in `default`. @throws Error when something is left, or the lab has changed */
  leave(): Promise<void>
}

const run = promisify(execFile)

// Everything that tests create. The API server itself owns the Service `kubernetes` and the ConfigMap of the cluster's authority.
const KINDS = 'deployments,statefulsets,jobs,pods,pdb,hpa,pvc,secrets,networkpolicies,podchaos,networkchaos'

export async function sharedBench(): Promise<SharedBench> {
  const { root } = await askHost('empty')
  const status = await labStatus(root)
  if (status.kind !== 'up') throw new Error(`the shared lab is ${status.kind}`)
  const { state } = status
  const kubectl = async (...parameters: readonly string[]) =>
    (await run(state.kubectl, ['--kubeconfig', state.kubeconfig, ...parameters])).stdout
  const get = async (...parameters: readonly string[]) => JSON.parse(await kubectl('get', ...parameters, '-o', 'json'))
  const paths = labPaths(root)
  const apply = async (...items: readonly object[]) => {
    const file = join(paths.logs, 'objects.json')
    writeFileSync(file, JSON.stringify({ apiVersion: 'v1', kind: 'List', items }))
    await kubectl('apply', '-f', file)
  }
  const leave = async () => {
    await kubectl('delete', KINDS, '--all', '-n', 'default', '--timeout=60s')
    await kubectl('delete', 'services', '-l', 'component!=apiserver', '-n', 'default')
    await kubectl('delete', 'configmaps', '--field-selector', 'metadata.name!=kube-root-ca.crt', '-n', 'default')
    await untilAsFound({ root, get, paths })
  }
  return { root, paths, state, kubectl, get, apply, leave }
}

const SETTLED_WITHIN_MS = 60_000

/** All programs run, all nodes are Ready and schedulable, and no pod or rule is left. */
async function untilAsFound({ root, get, paths }: Pick<SharedBench, 'root' | 'get' | 'paths'>): Promise<void> {
  let left = ''
  const look = async () => {
    left = (await leftovers(root, get, paths)).join('; ')
    return left === '' || undefined
  }
  await eventually('a clean lab', SETTLED_WITHIN_MS, look).catch(() => {
    throw new Error(`this file leaves the shared lab with ${left}`)
  })
}

async function leftovers(root: string, get: SharedBench['get'], paths: LabPaths): Promise<string[]> {
  const status = await labStatus(root)
  if (status.kind !== 'up' || status.status.phase !== 'up') return ['a program that does not run']
  const rules: Json = await callSocket(join(paths.net, 'agent.sock'), { method: 'GET', path: '/rules' }, 2_000)
  const nodes: Json[] = (await get('nodes')).items
  const closed = nodes.filter((node) => node.spec.unschedulable || (node.spec.taints ?? []).length > 0)
  const pods: Json[] = (await get('pods', '-A')).items
  return [
    ...(nodes.length === status.state.nodes.length ? [] : [`${nodes.length} nodes`]),
    ...closed.map((node) => `node ${node.metadata.name} closed`),
    ...pods.map((pod) => `pod ${pod.metadata.namespace}/${pod.metadata.name}`),
    ...Object.keys(rules.sources).map((source) => `rules of ${source}`),
  ]
}
