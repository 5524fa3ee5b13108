/** The pods of a run's load, as far as the load generator needs to know them. */
import { RUN_LABEL } from '../../../domain/labels.ts'
import { isFields } from '../../../protocols/fields.ts'
import { demand, itemsOf, type KubeObject, type KubernetesApi, paths } from '../../../protocols/kubernetes/api.ts'
import { PART_LABEL } from './manifests.ts'

export type LoadPod = {
  readonly name: string
  readonly node: string
  readonly ip?: string
  readonly phase: string
  /** Present if the container has ended. `code` is null if the pod failed without an exit code, as after an eviction. */
  readonly ended?: { readonly code: number | null; readonly reason: string }
  /** Why it does not run yet, as Kubernetes says it. */
  readonly waiting?: string
}

/** By part: `relay`, `steward`, `runner-0`, … */
export async function loadPods(
  api: KubernetesApi,
  namespace: string,
  run: string,
): Promise<ReadonlyMap<string, LoadPod>> {
  const list = await demand(api, {
    method: 'GET',
    path: paths.pods(namespace, { [RUN_LABEL]: run }),
    timeoutMs: 10_000,
  })
  return new Map(itemsOf(list).map((pod) => [pod.metadata.labels?.[PART_LABEL] ?? '', loadPod(pod)]))
}

const objectAt = (value: unknown, key: string): Readonly<Record<string, unknown>> => {
  const found = isFields(value) ? value[key] : undefined
  return isFields(found) ? found : {}
}
const firstOf = (value: unknown): unknown => (Array.isArray(value) ? value[0] : undefined)
const said = (...words: readonly unknown[]): string =>
  words.filter((each) => typeof each === 'string' && each !== '').join(': ')

function loadPod(pod: KubeObject): LoadPod {
  const status = objectAt(pod, 'status')
  const state = objectAt(firstOf(status.containerStatuses), 'state')
  const { exitCode, reason, message } = objectAt(state, 'terminated')
  const phase = String(status.phase ?? 'Pending')
  const gone = phase === 'Failed' || phase === 'Succeeded'
  const conditions = Array.isArray(status.conditions) ? status.conditions.filter(isFields) : []
  const blocked = conditions.find((each) => each.status === 'False' && each.type === 'PodScheduled')
  const waiting = said(
    objectAt(state, 'waiting').reason,
    objectAt(state, 'waiting').message,
    blocked?.reason,
    blocked?.message,
  )
  return {
    name: pod.metadata.name,
    node: String(objectAt(pod, 'spec').nodeName ?? ''),
    phase,
    ...(typeof status.podIP === 'string' ? { ip: status.podIP } : {}),
    ...(waiting === '' ? {} : { waiting }),
    ...(typeof exitCode === 'number' && isFields(state.terminated)
      ? { ended: { code: exitCode, reason: said(reason, message) } }
      : gone
        ? { ended: { code: null, reason: said(status.reason, status.message) || phase } }
        : {}),
  }
}
