/** Waits until all workloads are Ready, and reports what is still missing. */
import { setTimeout as sleep } from 'node:timers/promises'
import type { Fields } from '../../protocols/fields.ts'
import type { ClusterClient } from '../cluster-access/cluster.ts'
import { withCluster } from '../cluster-access/connect.ts'
import { fieldsOf, listOf, numberOf, textOf } from '../machine/json.ts'
import { LabError } from '../machine/lab-error.ts'
import type { Manifest } from './render.ts'

const READY_BUDGET_MS = 120_000
const LOOK_EVERY_MS = 250

export const namespacesOf = (manifests: readonly Manifest[]): readonly string[] => [
  ...new Set(manifests.map((each) => each.metadata.namespace).filter((each) => each !== undefined)),
]

/** Resolves with the number of Ready pods. @throws LabError naming each workload that is not Ready in time, with the reasons of its pods */
export const untilReady = (
  root: string,
  namespaces: readonly string[],
  onProgress: (text: string) => void,
  signal?: AbortSignal,
): Promise<number> => withCluster(root, (cluster) => readyIn(cluster, namespaces, onProgress, signal))

async function readyIn(
  cluster: ClusterClient,
  namespaces: readonly string[],
  onProgress: (text: string) => void,
  signal?: AbortSignal,
): Promise<number> {
  const deadline = Date.now() + READY_BUDGET_MS
  for (;;) {
    signal?.throwIfAborted()
    const states = (await Promise.all(namespaces.map((namespace) => readiness(cluster, namespace)))).flat()
    const missing = states.filter((each) => !each.isDone)
    const ready = states.reduce((sum, each) => sum + each.ready, 0)
    onProgress(`${ready} of ${states.reduce((sum, each) => sum + each.wanted, 0)} pods ready`)
    // A workload without pods, such as definitions and policies only, is ready at once.
    if (missing.length === 0) return ready
    if (Date.now() > deadline) throw await notReady(cluster, missing)
    await sleep(LOOK_EVERY_MS, undefined, signal ? { signal } : {})
  }
}

type Readiness = {
  readonly namespace: string
  readonly name: string
  readonly isDone: boolean
  readonly wanted: number
  /** Ready pods of the newest template. */
  readonly ready: number
  /** Pods of older templates. */
  readonly old: number
}

async function readiness(cluster: ClusterClient, namespace: string): Promise<readonly Readiness[]> {
  const lists = await Promise.all(
    ['deployments', 'statefulsets'].map((plural) => cluster.get(`/apis/apps/v1/namespaces/${namespace}/${plural}`)),
  )
  return lists.flatMap((list) => listOf(list.items)).map((item) => ({ namespace, ...progressOf(fieldsOf(item)) }))
}

/**
 * How far the rollout of the newest template is, by the criteria of `kubectl rollout status` (as `rolloutOpen` of the Kubernetes adapter).
 * During a rolling update enough pods are always ready, because the old ones serve until new ones replace them.
 */
export function progressOf(object: Fields): Omit<Readiness, 'namespace'> {
  const [metadata, spec, status] = [object.metadata, object.spec, object.status].map(fieldsOf)
  const count = (name: string): number => numberOf(status?.[name])
  const wanted = numberOf(spec?.replicas ?? 1)
  const ready = Math.min(count('readyReplicas'), count('updatedReplicas'))
  const old = Math.max(0, count('replicas') - count('updatedReplicas'))
  // A status of an older generation does not describe what was just applied.
  const isSeen = count('observedGeneration') >= numberOf(metadata?.generation)
  return { name: textOf(metadata?.name), isDone: isSeen && ready >= wanted && old === 0, wanted, ready, old }
}

const told = ({ namespace, name, ready, wanted, old }: Readiness): string =>
  `${namespace}/${name} ${ready}/${wanted}${old > 0 ? ` (and ${old} old)` : ''}`

async function notReady(cluster: ClusterClient, missing: readonly Readiness[]): Promise<LabError> {
  const namespaces = [...new Set(missing.map((each) => each.namespace))]
  const reasons = await Promise.all(
    namespaces.map(async (namespace) => {
      const { items } = await cluster.get(`/api/v1/namespaces/${namespace}/pods`)
      return listOf(items).map(fieldsOf).flatMap(reasonsOf)
    }),
  )
  return new LabError({
    code: 'workload-not-ready',
    problem: `${missing.map(told).join(', ')} not ready after ${READY_BUDGET_MS / 1000} s:\n  ${reasons.flat().join('\n  ')}`,
    next: 'look at them: kubectl describe pod, kubectl logs (the kubeconfig is printed by matchday lab status).',
  })
}

/** `shop/wallet-0: Pending, ImagePullBackOff`; nothing for a pod that is Ready. */
function reasonsOf({ metadata, status }: Fields): string[] {
  const { phase, conditions, containerStatuses } = fieldsOf(status)
  if (
    listOf(conditions)
      .map(fieldsOf)
      .some((each) => each.type === 'Ready' && each.status === 'True')
  )
    return []
  const waiting = listOf(containerStatuses).map((each) => {
    const state = fieldsOf(fieldsOf(each).state)
    return textOf(fieldsOf(state.waiting).reason) || textOf(fieldsOf(state.terminated).reason)
  })
  const { namespace, name } = fieldsOf(metadata)
  return [`${namespace}/${name}: ${[textOf(phase), ...waiting].filter(Boolean).join(', ')}`]
}
