/** Waits until all workloads are Ready, and reports what is still missing. */
import type { Fields } from '../../protocols/fields.ts'
import type { ClusterClient } from '../cluster-access/cluster.ts'
import { withCluster } from '../cluster-access/connect.ts'
import { type KeptList, keepList } from '../cluster-access/kept-list.ts'
import type { ApiObject } from '../cluster-access/kube-object.ts'
import { fieldsOf, listOf, numberOf, textOf } from '../machine/json.ts'
import { LabError } from '../machine/lab-error.ts'
import { labPaths } from '../machine/paths.ts'
import type { Manifest } from './render.ts'

const READY_BUDGET_MS = 120_000

export const namespacesOf = (manifests: readonly Manifest[]): readonly string[] => [
  ...new Set(manifests.map((each) => each.metadata.namespace).filter((each) => each !== undefined)),
]

/** Resolves with the number of Ready pods. @throws LabError naming each workload that is not Ready in time, with the reasons of its pods */
export async function untilReady(
  root: string,
  namespaces: readonly string[],
  onProgress: (text: string) => void,
  signal?: AbortSignal,
): Promise<number> {
  signal?.throwIfAborted()
  const { promise, resolve, reject } = Promise.withResolvers<number>()
  const states = (): readonly Readiness[] =>
    lists
      .flatMap((list) => list.items())
      .filter(({ metadata }) => namespaces.includes(metadata.namespace ?? ''))
      .map(progressOf)
  const look = (): void => {
    if (!lists.every((list) => list.isSynced())) return
    const all = states()
    const ready = all.reduce((sum, each) => sum + each.ready, 0)
    onProgress(`${ready} of ${all.reduce((sum, each) => sum + each.wanted, 0)} pods ready`)
    // A workload without pods, such as definitions and policies only, is ready at once.
    if (all.every((each) => each.isDone)) resolve(ready)
  }
  // A watch instead of polling: each list costs the API server CPU time that the starting pods need.
  const lists: readonly KeptList<ApiObject & Fields>[] = ['deployments', 'statefulsets'].map((plural) =>
    keepList({
      kubeconfig: labPaths(root).kubeconfig,
      path: `/apis/apps/v1/${plural}`,
      onChange: look,
      log: (line) => reject(cutOff(line)),
    }),
  )
  const late = setTimeout(async () => {
    const missing = states().filter((each) => !each.isDone)
    reject(
      await withCluster(root, (cluster) => notReady(cluster, namespaces, missing)).catch((error: unknown) => error),
    )
  }, READY_BUDGET_MS)
  const abort = () => reject(signal?.reason)
  signal?.addEventListener('abort', abort)
  try {
    return await promise
  } finally {
    clearTimeout(late)
    signal?.removeEventListener('abort', abort)
    for (const list of lists) list.stop()
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

/**
 * How far the rollout of the newest template is, by the criteria of `kubectl rollout status` (as `rolloutOpen` of the Kubernetes adapter).
 * During a rolling update enough pods are always ready, because the old ones serve until new ones replace them.
 */
export function progressOf(object: Fields): Readiness {
  const [metadata, spec, status] = [object.metadata, object.spec, object.status].map(fieldsOf)
  const count = (name: string): number => numberOf(status?.[name])
  const wanted = numberOf(spec?.replicas ?? 1)
  const ready = Math.min(count('readyReplicas'), count('updatedReplicas'))
  const old = Math.max(0, count('replicas') - count('updatedReplicas'))
  // A status of an older generation does not describe what was just applied.
  const isSeen = count('observedGeneration') >= numberOf(metadata?.generation)
  const [namespace, name] = [textOf(metadata?.namespace), textOf(metadata?.name)]
  return { namespace, name, isDone: isSeen && ready >= wanted && old === 0, wanted, ready, old }
}

const told = ({ namespace, name, ready, wanted, old }: Readiness): string =>
  `${namespace}/${name} ${ready}/${wanted}${old > 0 ? ` (and ${old} old)` : ''}`

const cutOff = (problem: string): LabError =>
  new LabError({
    code: 'workload-not-ready',
    problem: `the API server went away while pods started: ${problem}`,
    next: 'see whether the lab still runs: matchday lab status.',
  })

/** @throws Error when the API server does not answer */
async function notReady(
  cluster: ClusterClient,
  namespaces: readonly string[],
  missing: readonly Readiness[],
): Promise<LabError> {
  const reasons = await Promise.all(
    namespaces.map(async (namespace) => {
      const { items } = await cluster.get(`/api/v1/namespaces/${namespace}/pods`)
      return listOf(items).map(fieldsOf).flatMap(reasonsOf)
    }),
  )
  return new LabError({
    code: 'workload-not-ready',
    problem: `${missing.map(told).join(', ') || 'the workload'} not ready after ${READY_BUDGET_MS / 1000} s:\n  ${reasons.flat().join('\n  ')}`,
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
