/** Waits until what manifests ask for is Ready, telling what is still missing. */
import { setTimeout as sleep } from 'node:timers/promises'
import { AppsV1Api, CoreV1Api, KubeConfig, type V1Deployment, type V1StatefulSet } from '@kubernetes/client-node'
import { LabError } from '../machine/lab-error.ts'
import type { Manifest } from './render.ts'

const READY_BUDGET_MS = 120_000
const LOOK_EVERY_MS = 250

export const clientOf = (kubeconfig: string): KubeConfig => {
  const config = new KubeConfig()
  config.loadFromFile(kubeconfig)
  return config
}

export const namespacesOf = (manifests: readonly Manifest[]): readonly string[] => [
  ...new Set(manifests.map((each) => each.metadata.namespace).filter((each) => each !== undefined)),
]

/** Resolves with the number of Ready pods. @throws LabError naming each workload that is not Ready in time, with its pods' reasons. */
export async function untilReady(
  config: KubeConfig,
  namespaces: readonly string[],
  onProgress: (text: string) => void,
  signal?: AbortSignal,
): Promise<number> {
  const apps = config.makeApiClient(AppsV1Api)
  const deadline = Date.now() + READY_BUDGET_MS
  for (;;) {
    signal?.throwIfAborted()
    const states = (await Promise.all(namespaces.map((namespace) => readiness(apps, namespace)))).flat()
    const missing = states.filter((each) => !each.isDone)
    const ready = states.reduce((sum, each) => sum + each.ready, 0)
    onProgress(`${ready} of ${states.reduce((sum, each) => sum + each.wanted, 0)} pods ready`)
    if (missing.length === 0 && states.length > 0) return ready
    if (Date.now() > deadline) throw await notReady(config, missing)
    await sleep(LOOK_EVERY_MS, undefined, signal ? { signal } : {})
  }
}

type Readiness = {
  readonly namespace: string
  readonly name: string
  readonly isDone: boolean
  readonly wanted: number
  /** Of the template that was applied last. */
  readonly ready: number
  /** Of templates before it. */
  readonly old: number
}

async function readiness(apps: AppsV1Api, namespace: string): Promise<readonly Readiness[]> {
  const lists = await Promise.all([
    apps.listNamespacedDeployment({ namespace }),
    apps.listNamespacedStatefulSet({ namespace }),
  ])
  return lists.flatMap((list) => [...list.items]).map((item) => ({ namespace, ...progressOf(item) }))
}

/**
 * How far a workload is with what was applied last, by what `kubectl rollout status` goes by, as `rolloutOpen` of the Kubernetes adapter
 * does: in a rolling update enough pods are ready all the time, for those of before serve until others take their place.
 */
export function progressOf({ metadata, spec, status }: V1Deployment | V1StatefulSet): Omit<Readiness, 'namespace'> {
  const { replicas = 0, updatedReplicas = 0, readyReplicas = 0, observedGeneration = 0 } = status ?? {}
  const wanted = spec?.replicas ?? 1
  const ready = Math.min(readyReplicas, updatedReplicas)
  const old = Math.max(0, replicas - updatedReplicas)
  // A status of an older generation says nothing about what was just applied.
  const isSeen = observedGeneration >= (metadata?.generation ?? 0)
  return { name: metadata?.name ?? '', isDone: isSeen && ready >= wanted && old === 0, wanted, ready, old }
}

const told = ({ namespace, name, ready, wanted, old }: Readiness): string =>
  `${namespace}/${name} ${ready}/${wanted}${old > 0 ? ` (and ${old} of before)` : ''}`

async function notReady(config: KubeConfig, missing: readonly Readiness[]): Promise<LabError> {
  const core = config.makeApiClient(CoreV1Api)
  const reasons = await Promise.all(
    [...new Set(missing.map((each) => each.namespace))].map(async (namespace) => {
      const { items } = await core.listNamespacedPod({ namespace })
      return items
        .filter((pod) => !pod.status?.conditions?.some((each) => each.type === 'Ready' && each.status === 'True'))
        .map((pod) => {
          const waiting = pod.status?.containerStatuses
            ?.map((each) => each.state?.waiting?.reason ?? each.state?.terminated?.reason)
            .filter(Boolean)
          return `${namespace}/${pod.metadata?.name}: ${[pod.status?.phase, ...(waiting ?? [])].join(', ')}`
        })
    }),
  )
  return new LabError({
    code: 'workload-not-ready',
    problem: `${missing.map(told).join(', ')} not ready after ${READY_BUDGET_MS / 1000} s:\n  ${reasons.flat().join('\n  ')}`,
    next: 'look at them: kubectl describe pod, kubectl logs (the kubeconfig is printed by matchday lab status).',
  })
}
